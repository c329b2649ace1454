using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>Depth as a sensor or a renderer measured it: far is large. A value that is 0, negative or not finite was not measured.</summary>
public sealed class DepthMap
{
    /// <summary>Wraps values without copying them.</summary>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="values">width · height values, row by row from the top; owned by the map from now on.</param>
    /// <param name="isWhole">Whether they were whole numbers, which are taken for millimetres unless options say otherwise.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="ArgumentException">A size below 1, or another number of values.</exception>
    public DepthMap(int width, int height, float[] values, bool isWhole = false, string name = "depth")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(values);
        if (values.LongLength != (long)width * height)
        {
            throw new ArgumentException($"A map of {width} x {height} has {(long)width * height} values, not {values.LongLength}.", nameof(values));
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

    /// <summary>Makes the hint that a depth ControlNet expects: near is bright, and what was not measured is black.</summary>
    /// <param name="options">Unit and range; all defaults where null.</param>
    /// <returns>A grey picture of the same size, owned by the caller.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="PictureException">Nothing was measured, or the measured depth is all nearer than a given near or farther than a given far.</exception>
    public Picture ToHint(DepthMapOptions? options = null)
    {
        options = (options ?? new DepthMapOptions()).Checked();
        var unit = options.Unit ?? (IsWhole ? 0.001 : 1);
        var (least, most) = MeasuredRange();
        var (near, far) = (options.Near ?? least * unit, options.Far ?? most * unit);
        if (near > far)
        {
            throw new PictureException(Name, $"the measured depth goes from {least * unit:g4} to {most * unit:g4} m (one unit is {unit:g4} m), near is {near:g4} m and far {far:g4} m; near must be below far. Is the unit right?");
        }

        var rgb = new byte[3 * Values.Length];
        for (var i = 0; i < Values.Length; i++)
        {
            if (IsMeasured(Values[i]))
            {
                rgb.AsSpan(3 * i, 3).Fill((byte)Math.Round(255 * Brightness(Math.Clamp(Values[i] * unit, near, far)), MidpointRounding.ToEven));
            }
        }

        return new Picture(Width, Height, rgb);

        double Brightness(double depth) =>
            near == far ? 1 : options.Inverse ? (1 / depth - 1 / far) / (1 / near - 1 / far) : (far - depth) / (far - near);
    }

    private static bool IsMeasured(float value) => value > 0 && float.IsFinite(value);

    private (double Least, double Most) MeasuredRange()
    {
        var (least, most) = (double.PositiveInfinity, 0.0);
        foreach (var value in Values)
        {
            if (IsMeasured(value))
            {
                (least, most) = (Math.Min(least, value), Math.Max(most, value));
            }
        }

        return most > 0 ? (least, most) : throw new PictureException(Name, "no depth was measured: no value is a number above 0.");
    }
}
