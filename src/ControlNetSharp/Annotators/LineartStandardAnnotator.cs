using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Lines where a picture is darker than its surroundings, brought to the strength of the picture's usual line. Source:
/// lineart_standard, Mikubill/sd-webui-controlnet@56cec5b.
/// </summary>
public sealed class LineartStandardAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "lineart",
        ["lineart_standard", "lineart_standard (from white bg & black line)"],
        [],
        "lines where the picture is darker than its surroundings, no network"
    );

    /// <summary>Standard deviation of the surroundings, in pixels.</summary>
    private const double Sigma = 6;

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
        var darkness = Darkness(picture);
        var usual = MathF.Max(16, Median(darkness.Where(value => value > 8)));
        return Greyscale.ToPicture(
            Greyscale.FromLevels([.. darkness.Select(value => value / usual * 127)]),
            picture.Width,
            picture.Height
        );
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose() { }

    /// <summary>The surroundings' values, three a pixel.</summary>
    internal static float[] Surroundings(Picture picture)
    {
        var values = Array.ConvertAll(picture.Rgb.ToArray(), value => (float)value);
        return GaussianBlur.Blur(values, picture.Width, picture.Height, 3, Sigma);
    }

    /// <summary>
    /// How much darker each pixel is than its surroundings, by the channel where that is least; 0..255.
    /// </summary>
    private static float[] Darkness(Picture picture)
    {
        var surroundings = Surroundings(picture);
        var darkness = new float[picture.Width * picture.Height];
        for (int i = 0, from = 0; i < darkness.Length; i++, from += 3)
        {
            var (red, green, blue) = (
                surroundings[from] - picture.Rgb[from],
                surroundings[from + 1] - picture.Rgb[from + 1],
                surroundings[from + 2] - picture.Rgb[from + 2]
            );
            darkness[i] = Math.Clamp(MathF.Min(red, MathF.Min(green, blue)), 0, 255);
        }

        return darkness;
    }

    /// <summary>The middle value, or the mean of the two in the middle; 0 where there is none.</summary>
    private static float Median(IEnumerable<float> values)
    {
        float[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
