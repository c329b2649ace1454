using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Soft edges by HED, bright on black. Source: annotator/hed, lllyasviel/ControlNet@ed85cd1; the safe mode is that of
/// Mikubill/sd-webui-controlnet@56cec5b.
/// </summary>
public sealed class HedAnnotator : IAnnotator
{
    internal static readonly AnnotatorWeights Weights = new(
        ["ControlNetHED.pth", "ControlNetHED.safetensors"],
        "lllyasviel/Annotators",
        "Apache-2.0"
    );

    internal static readonly AnnotatorInfo Description = new(
        "hed",
        ["softedge_hed"],
        [],
        "soft edges by the HED network"
    )
    {
        Weights = Weights,
    };

    internal static readonly AnnotatorInfo SafeDescription = new(
        "hed",
        ["softedge_hedsafe", "hed_safe"],
        [],
        "soft edges by the HED network in three levels, which hide what lies in their shades"
    )
    {
        Weights = Weights,
    };

    /// <summary>
    /// The network wants multiples of 16; A1111 fills pictures up to multiples of 64, and the edges near the border
    /// depend on it.
    /// </summary>
    private const int Step = 64;

    private readonly bool _safe;
    private readonly NetworkLease<HedNetwork> _network;

    /// <summary>Rents the network.</summary>
    /// <param name="info">The annotator that the edges are for; that of the safe mode turns it on.</param>
    /// <param name="networks">Where it comes from.</param>
    internal HedAnnotator(AnnotatorInfo info, AnnotatorNetworks networks)
    {
        (Info, _safe) = (info, info == SafeDescription);
        _network = networks.Rent(
            networks.Files.Find(info),
            $"weights of {info.Name}",
            (shapes, placement) => new HedNetwork(new(shapes), placement)
        );
    }

    /// <inheritdoc/>
    public AnnotatorInfo Info { get; }

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var padded = PicturePadding.ToMultipleOf(picture, Step);
        var edges = Detect(_network.Value, padded, cancellationToken);
        return PicturePadding.Cut(
            Greyscale.ToPicture(_safe ? Levels(ThreeLevels(edges)) : Levels(edges), padded.Width, padded.Height),
            picture.Width,
            picture.Height
        );
    }

    /// <summary>The network.</summary>
    public void Dispose() => _network.Dispose();

    /// <summary>
    /// The probability of an edge at each pixel: the five maps, brought to the picture's size, averaged, through a
    /// sigmoid.
    /// </summary>
    internal static double[] Detect(HedNetwork network, Picture picture, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (width, height) = (picture.Width, picture.Height);
        var sums = new float[width * height];
        var maps = network.Forward(PictureTensors.ToLevels(picture).ToDeviceOf(network));
        foreach (var map in maps)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var values = map.cpu().contiguous().data<float>().ToArray();
            var (mapHeight, mapWidth) = ((int)map.shape[2], (int)map.shape[3]);
            var resized =
                (mapWidth, mapHeight) == (width, height)
                    ? values
                    : Resampling.Resize(values, mapWidth, mapHeight, 1, width, height, Interpolation.Linear);
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += resized[i];
            }
        }

        return [.. sums.Select(sum => 1 / (1 + Math.Exp(-(double)(sum / maps.Count))))];
    }

    /// <summary>
    /// 0, 1/2 or 1 of each probability, from 1/3 and 2/3 on; hints of three levels carry less of the picture.
    /// </summary>
    internal static double[] ThreeLevels(double[] edges) =>
        [.. edges.Select(edge => Math.Truncate((float)edge * 3f) / 2)];

    /// <summary>Bytes of probabilities: x · 255, clamped to 0..255, fractions dropped.</summary>
    internal static byte[] Levels(double[] edges) =>
        Greyscale.FromLevels([.. edges.Select(edge => (float)Math.Floor(edge * 255))]);
}
