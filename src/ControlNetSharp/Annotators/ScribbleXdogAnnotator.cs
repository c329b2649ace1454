using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Scribbles from a difference of Gaussians, for dark lines and the dark sides of edges. Source: Winnemöller et al.
/// 2012, "XDoG: an eXtended difference-of-Gaussians compendium";
/// numbers of scribble_xdog, Mikubill/sd-webui-controlnet@56cec5b, but for its doubling in 8 bits, which makes holes in
/// the strongest lines.
/// </summary>
public sealed class ScribbleXdogAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "scribble",
        ["scribble_xdog"],
        [
            new(
                "threshold",
                1,
                64,
                32,
                Whole: true,
                "twice the darkness against the surroundings from which on there is a stroke: less gives more strokes"
            ),
        ],
        "strokes along dark lines and edges, no network"
    );

    /// <summary>Standard deviations of the lines and of their surroundings, in pixels.</summary>
    private const double Fine = 0.5,
        Coarse = 5;

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
        options ??= new AnnotatorOptions(Info);
        var threshold = options["threshold"];
        var values = Array.ConvertAll(picture.Rgb.ToArray(), value => (float)value);
        var fine = GaussianBlur.Blur(values, picture.Width, picture.Height, 3, Fine);
        var coarse = GaussianBlur.Blur(values, picture.Width, picture.Height, 3, Coarse);
        var strokes = new byte[picture.Width * picture.Height];
        for (int i = 0, from = 0; i < strokes.Length; i++, from += 3)
        {
            var darker = Math.Min(
                coarse[from] - fine[from],
                Math.Min(coarse[from + 1] - fine[from + 1], coarse[from + 2] - fine[from + 2])
            );
            // The original keeps 255 - darker as a byte.
            var darkness = 255 - (byte)Math.Clamp(255 - darker, 0, 255);
            strokes[i] = 2 * darkness > threshold ? byte.MaxValue : byte.MinValue;
        }

        return Greyscale.ToPicture(strokes, picture.Width, picture.Height);
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose() { }
}
