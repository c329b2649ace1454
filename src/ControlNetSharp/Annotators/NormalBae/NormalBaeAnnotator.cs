using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.NormalBae;

/// <summary>
/// Surface directions by NormalBAE (A1111: normal_bae), which the normal ControlNet of ControlNet 1.1 was trained
/// with. Source: normalbae, NormalBaeDetector, controlnet_aux@b1aac31.
/// </summary>
internal sealed class NormalBaeAnnotator : IAnnotator
{
    /// <summary>Its row of the catalogue.</summary>
    internal static readonly AnnotatorInfo Description = new(
        "normal",
        ["normal_bae"],
        [],
        "surface directions by NormalBAE, as ControlNet 1.1 was trained with"
    )
    {
        Weights = new(["scannet.pt", "scannet.safetensors"], "lllyasviel/Annotators", "MIT"),
    };

    /// <summary>A1111 fills pictures up to multiples of this.</summary>
    private const int Step = 64;

    private readonly NetworkLease<NormalBaeNetwork> _network;

    internal NormalBaeAnnotator(NetworkLease<NormalBaeNetwork> network) => _network = network;

    internal NormalBaeAnnotator(AnnotatorNetworks networks) =>
        _network = networks.Rent(
            networks.Files.Find(Description),
            "a NormalBAE network",
            (shapes, placement) => new NormalBaeNetwork(NormalBaeParams.Infer(shapes), placement)
        );

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var network = _network.Value;
        var input = PillowResizing.Normalised(PicturePadding.ToMultipleOf(picture, Step));
        var hint = Painted(network.Run(input.ToDeviceOf(network)).cpu());
        return PicturePadding.Cut(hint, picture.Width, picture.Height);
    }

    /// <summary>The network.</summary>
    public void Dispose() => _network.Dispose();

    /// <summary>
    /// Directions as colours: red is x, green y, blue z, from 0 for -1 to 255 for 1, cut and not rounded.
    /// </summary>
    /// <param name="directions">[1, 4, H, W]. Borrowed.</param>
    internal static Picture Painted(Tensor directions)
    {
        using var scope = NewDisposeScope();
        var (height, width) = ((int)directions.shape[2], (int)directions.shape[3]);
        var values = directions[0].permute(1, 2, 0).contiguous().data<float>().ToArray();
        var channels = values.Length / (width * height);
        var rgb = new byte[3 * width * height];
        for (var i = 0; i < rgb.Length; i++)
        {
            rgb[i] = (byte)Math.Clamp((values[i / 3 * channels + i % 3] + 1) * 0.5f * 255, 0, 255);
        }

        return Picture.Owning(width, height, rgb);
    }
}
