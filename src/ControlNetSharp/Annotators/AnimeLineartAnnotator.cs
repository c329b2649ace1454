using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Lines of anime. Source: annotator/lineart_anime and lineart_anime, Mikubill/sd-webui-controlnet@56cec5b.
/// </summary>
public sealed class AnimeLineartAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "lineart",
        ["lineart_anime"],
        [],
        "lines of anime by a U-Net"
    )
    {
        Weights = new(["netG.pth", "netG.safetensors"], "lllyasviel/Annotators", "MIT"),
    };

    /// <summary>A1111 fills pictures up to multiples of this before anything else.</summary>
    private const int Step = 64;

    private readonly NetworkLease<AnimeLineartNetwork> _network;

    /// <summary>Rents the network.</summary>
    /// <param name="networks">Where it comes from.</param>
    internal AnimeLineartAnnotator(AnnotatorNetworks networks)
    {
        _network = networks.Rent(
            networks.Files.Find(Description),
            $"weights of {Description.Name}",
            (shapes, placement) => new AnimeLineartNetwork(new(shapes), placement)
        );
    }

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var padded = PicturePadding.ToMultipleOf(picture, Step);
        return PicturePadding.Cut(Detect(_network.Value, padded), picture.Width, picture.Height);
    }

    /// <summary>The network.</summary>
    public void Dispose() => _network.Dispose();

    /// <summary>
    /// Bright lines on black, of the picture's size; the network sees it stretched to the next multiples of its step.
    /// </summary>
    internal static Picture Detect(AnimeLineartNetwork network, Picture picture)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (width, height) = (RoundedUp(picture.Width, network.Step), RoundedUp(picture.Height, network.Step));
        var seen = PictureTensors.ToPicture(PictureResizing.Resize(picture, width, height, Interpolation.Cubic));
        var lines = network.call(seen.ToDeviceOf(network)).cpu().Times(127.5).Plus(127.5);
        var values = lines.contiguous().data<float>().ToArray();
        var resized =
            (width, height) == (picture.Width, picture.Height)
                ? values
                : Resampling.Resize(values, width, height, 1, picture.Width, picture.Height, Interpolation.Cubic);
        return Greyscale.ToPicture(
            [.. Greyscale.FromLevels(resized).Select(value => (byte)(255 - value))],
            picture.Width,
            picture.Height
        );
    }

    private static int RoundedUp(int side, int step) => (side + step - 1) / step * step;
}
