using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>
/// Looks at pictures with the network that comes with the embedded model. It sees every picture at about 256 x 256
/// pixels, the size of the scenes that it was trained on.
/// </summary>
internal sealed class EmbeddedVision : IDisposable
{
    /// <summary>Side of a square picture as the network sees it.</summary>
    private const int Side = 256;

    internal static readonly AnnotatorWeights Weights = new(["annotators.safetensors"], "ControlNetSharp.Pocket", "MIT")
    {
        IsEmbedded = true,
    };

    /// <summary>One of those that look with the network, which errors name where no other is meant.</summary>
    internal static AnnotatorInfo AnyAnnotator => EmbeddedDepthAnnotator.Description;

    private readonly NetworkLease<EmbeddedNetwork> _network;

    /// <summary>Uses a network, which it then owns.</summary>
    public EmbeddedVision(EmbeddedNetwork network) => _network = NetworkLease<EmbeddedNetwork>.Owned(network);

    private EmbeddedVision(NetworkLease<EmbeddedNetwork> network) => _network = network;

    /// <summary>Loads the embedded network.</summary>
    /// <param name="files">Folders that are searched before the one beside the program; none when null.</param>
    /// <param name="device">cpu or cuda:N.</param>
    /// <exception cref="FileNotFoundException">It is in none of the folders.</exception>
    /// <exception cref="CheckpointException">The file is not what its name says.</exception>
    public static EmbeddedVision Load(AnnotatorFiles? files = null, string device = PlacementPolicy.Cpu)
    {
        // A shelf that is disposed while a network is on loan frees it when it is given back.
        using var own = new NetworkShelf();
        return Rent(new AnnotatorNetworks(files ?? AnnotatorFiles.None, own, device), AnyAnnotator);
    }

    /// <summary>Rents the network for one of the embedded annotators, which errors name.</summary>
    internal static EmbeddedVision Rent(AnnotatorNetworks networks, AnnotatorInfo info) =>
        new(
            networks.Rent(
                networks.Files.Find(info),
                "the network of the embedded annotators",
                (_, placement) => new EmbeddedNetwork(placement)
            )
        );

    /// <summary>Looks at a picture.</summary>
    /// <param name="picture">Any size of at least 1 x 1. Borrowed.</param>
    /// <param name="cancellationToken">Looked at before and after the network.</param>
    /// <returns>What it sees, at the picture's size.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public EmbeddedView Look(Picture picture, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(picture);
        cancellationToken.ThrowIfCancellationRequested();
        var (width, height) = SizeFor(picture.Width, picture.Height);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var seen = PictureResizing.Resize(
            picture,
            width,
            height,
            width < picture.Width ? Interpolation.Area : Interpolation.Cubic
        );
        var network = _network.Value;
        var maps = network.Forward(PictureTensors.ToPicture(seen).ToDeviceOf(network)).OnCpu();
        cancellationToken.ThrowIfCancellationRequested();
        // The whole step is taken while classes are few and small: the most probable class at each pixel that was seen.
        var labels = interpolate(
                maps.Classes,
                size: [height, width],
                mode: InterpolationMode.Bilinear,
                align_corners: false
            )
            .argmax(1)
            .to(ScalarType.Byte);
        return new EmbeddedView(
            (picture.Width, picture.Height),
            Resized(maps.Edges.sigmoid(), picture),
            Resized(maps.Depth, picture),
            Resized(maps.Normals, picture),
            Nearest(labels.flatten().data<byte>().ToArray(), width, height, picture),
            new EmbeddedPose(maps.Parts, maps.Limbs, picture.Width, picture.Height).Find()
        );
    }

    /// <summary>Looks at pictures in tensors, with gradients to them; those of the network are not asked for.</summary>
    /// <param name="pictures">[B, 3, H, W] of any type, −1..1, on the network's device. Borrowed.</param>
    /// <returns>Maps for the size at which they were seen, float32; of the dispose scope.</returns>
    internal EmbeddedMaps Look(Tensor pictures)
    {
        var (width, height) = SizeFor((int)pictures.shape[3], (int)pictures.shape[2]);
        var seen = pictures.to(ScalarType.Float32);
        if (width != pictures.shape[3] || height != pictures.shape[2])
        {
            seen =
                width < pictures.shape[3]
                    ? adaptive_avg_pool2d(seen, [height, width])
                    : interpolate(seen, size: [height, width], mode: InterpolationMode.Bicubic, align_corners: false);
        }

        return _network.Value.Forward(seen);
    }

    /// <summary>The network.</summary>
    public void Dispose() => _network.Dispose();

    /// <summary>
    /// About the area of a square of <see cref="Side"/> in the picture's shape; strips of extreme shapes get no
    /// narrower than a step.
    /// </summary>
    private static (int Width, int Height) SizeFor(int width, int height)
    {
        const int Step = EmbeddedNetwork.SizeStep;
        const int Longest = Side * Side / Step;
        var aspect = Math.Sqrt((double)width / height);
        return (Rounded(Side * aspect), Rounded(Side / aspect));

        static int Rounded(double side) => Math.Clamp((int)Math.Round(side / Step) * Step, Step, Longest);
    }

    /// <summary>Each channel at the picture's size, channel after channel.</summary>
    private static float[][] Resized(Tensor map, Picture picture)
    {
        var (width, height) = ((int)map.shape[3], (int)map.shape[2]);
        var values = map.contiguous().data<float>().ToArray();
        return
        [
            .. values
                .Chunk(width * height)
                .Select(channel =>
                    Resampling.Resize(channel, width, height, 1, picture.Width, picture.Height, Interpolation.Linear)
                ),
        ];
    }

    private static byte[] Nearest(byte[] outputs, int width, int height, Picture picture)
    {
        var labels = new byte[picture.Width * picture.Height];
        for (int y = 0, i = 0; y < picture.Height; y++)
        {
            var row = (int)((y + 0.5) * height / picture.Height) * width;
            for (var x = 0; x < picture.Width; x++, i++)
            {
                labels[i] = EmbeddedClasses.All[outputs[row + (int)((x + 0.5) * width / picture.Width)]];
            }
        }

        return labels;
    }
}
