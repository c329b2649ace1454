using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>
/// Depth as a file has it: measured by a sensor or a renderer, or relative as depth programs write it. In measured
/// depth a value that is 0, negative, not finite or 1e10 and more was not measured.
/// </summary>
public sealed class DepthMap
{
    /// <summary>Wraps values without copying them.</summary>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="values">width · height values, row by row from the top; owned by the map from now on.</param>
    /// <param name="isWhole">
    /// Whether they were whole numbers, which are taken for millimetres unless options say otherwise.
    /// </param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="ArgumentException">A size below 1, or another number of values.</exception>
    public DepthMap(int width, int height, float[] values, bool isWhole = false, string name = "depth")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(values);
        if (values.LongLength != (long)width * height)
        {
            throw new ArgumentException(
                $"A map of {width} x {height} has {(long)width * height} values, not {values.LongLength}.",
                nameof(values)
            );
        }

        (Width, Height, Values, IsWhole, Name) = (width, height, values, isWhole, name);
    }

    /// <summary>Pixels a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Depth in the units of the file, row by row.</summary>
    public float[] Values { get; }

    /// <summary>Whether the file holds whole numbers.</summary>
    public bool IsWhole { get; }

    /// <summary>What error messages call it.</summary>
    public string Name { get; }

    /// <summary>
    /// Makes the hint that a depth ControlNet expects: near is bright, and what was not measured is black.
    /// </summary>
    /// <param name="options">What large values mean, unit and range; all defaults where null.</param>
    /// <returns>A grey picture of the same size, owned by the caller.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or does not go with another.</exception>
    /// <exception cref="PictureException">
    /// Nothing was measured, or the measured depth is all nearer than a given near or farther than a given far.
    /// </exception>
    public Picture ToHint(DepthMapOptions? options = null) => ToHint(options, out _);

    /// <summary>Makes the hint and says how the map was read.</summary>
    /// <param name="options">What large values mean, unit and range; all defaults where null.</param>
    /// <param name="reading">
    /// One sentence for people: what large values were taken for and why, where the hint is white and black, and the
    /// option that changes it.
    /// </param>
    /// <returns>A grey picture of the same size, owned by the caller.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or does not go with another.</exception>
    /// <exception cref="PictureException">
    /// Nothing was measured, or the measured depth is all nearer than a given near or farther than a given far.
    /// </exception>
    public Picture ToHint(DepthMapOptions? options, out string reading)
    {
        var scale = DepthScale.Of(this, (options ?? new DepthMapOptions()).Checked());
        reading = scale.Reading;
        var rgb = new byte[3 * Values.Length];
        for (var i = 0; i < Values.Length; i++)
        {
            rgb.AsSpan(3 * i, 3).Fill((byte)Math.Round(255 * scale.Brightness(Values[i]), MidpointRounding.ToEven));
        }

        return Picture.Owning(Width, Height, rgb);
    }
}
