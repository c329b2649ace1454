using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Each channel's complement: a drawing of dark lines on white becomes bright lines on black, shades and all. Source:
/// invert, Mikubill/sd-webui-controlnet@56cec5b.
/// </summary>
public sealed class InvertAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "lineart",
        ["invert", "invert (from white bg & black line)"],
        [],
        "a finished drawing of dark lines on white, inverted; no network"
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
        cancellationToken.ThrowIfCancellationRequested();
        var rgb = Array.ConvertAll(picture.Rgb.ToArray(), value => (byte)(255 - value));
        return Picture.Owning(picture.Width, picture.Height, rgb);
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose() { }
}
