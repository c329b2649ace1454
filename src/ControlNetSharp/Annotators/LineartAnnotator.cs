using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Lines as a person would draw them, fine or coarse by the weights. Source: annotator/lineart and lineart_realistic,
/// lineart_coarse, Mikubill/sd-webui-controlnet@56cec5b.
/// </summary>
public sealed class LineartAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Realistic = new(
        "lineart",
        ["lineart_realistic"],
        [],
        "fine lines by the line-drawing network"
    )
    {
        Weights = new(["sk_model.pth", "sk_model.safetensors"], "lllyasviel/Annotators", "MIT"),
    };

    internal static readonly AnnotatorInfo Coarse = new(
        "lineart",
        ["lineart_coarse"],
        [],
        "few, rough lines by the line-drawing network"
    )
    {
        Weights = new(["sk_model2.pth", "sk_model2.safetensors"], "lllyasviel/Annotators", "MIT"),
    };

    /// <summary>
    /// The network wants multiples of 4; A1111 fills pictures up to multiples of 64, and the norms see the whole
    /// picture.
    /// </summary>
    private const int Step = 64;

    private readonly NetworkLease<LineartNetwork> _network;

    /// <summary>Rents the network.</summary>
    /// <param name="info">One of the two descriptions.</param>
    /// <param name="networks">Where it comes from.</param>
    internal LineartAnnotator(AnnotatorInfo info, AnnotatorNetworks networks)
    {
        Info = info;
        _network = networks.Rent(
            networks.Files.Find(info),
            $"weights of {info.Name}",
            (shapes, placement) => new LineartNetwork(new(shapes), placement)
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
        cancellationToken.ThrowIfCancellationRequested();
        return PicturePadding.Cut(
            Detect(_network.Value, PicturePadding.ToMultipleOf(picture, Step)),
            picture.Width,
            picture.Height
        );
    }

    /// <summary>The network.</summary>
    public void Dispose() => _network.Dispose();

    /// <summary>Bright lines on black, as large as the network's result.</summary>
    internal static Picture Detect(LineartNetwork network, Picture picture)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var lines = network.call(PictureTensors.ToHint(picture).ToDeviceOf(network)).cpu().Times(255);
        var grey = Greyscale.FromLevels(lines.contiguous().data<float>().ToArray());
        return Greyscale.ToPicture(
            [.. grey.Select(value => (byte)(255 - value))],
            (int)lines.shape[3],
            (int)lines.shape[2]
        );
    }
}
