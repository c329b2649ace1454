using System.Globalization;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>How the values of one map become grey, and how that is said.</summary>
/// <param name="Brightness">The brightness of a value, 0 to 1; 0 where nothing was measured.</param>
/// <param name="Reading">How the map was read, in words, with the option that changes it.</param>
internal sealed record DepthScale(Func<float, double> Brightness, string Reading)
{
    /// <summary>Renderers write this (Blender: 1e10) where nothing was hit.</summary>
    private const float Nothing = 1e10f;

    /// <summary>
    /// A stretched map reaches to within this share of its type's range on both sides: a level of 8 bits, of which many
    /// are made.
    /// </summary>
    private const double Margin = 1.0 / 250;

    private const double WholeTop = ushort.MaxValue,
        FloatTop = 1;

    /// <summary>Fewer different numbers can all be multiples of 256 or 257 by chance.</summary>
    private const int FewNumbers = 16;

    /// <summary>Decides what the options leave open.</summary>
    /// <exception cref="PictureException">Nothing was measured, or all of it beyond a given near or far.</exception>
    public static DepthScale Of(DepthMap map, DepthMapOptions options)
    {
        var reason =
            options.Large == DepthEnd.Near ? "as large=near says"
            : options.Large == DepthEnd.Far || options.IsInMetres ? null
            : WhyRelative(map);
        return reason is null ? Measured(map, options) : Relative(map, reason);
    }

    private static DepthScale Measured(DepthMap map, DepthMapOptions options)
    {
        var unit = options.Unit ?? (map.IsWhole ? 0.001 : 1);
        var range =
            DepthRange.Of(map.Values, IsMeasured, options.Inverse ? depth => 1 / depth : depth => depth)
            ?? throw new PictureException(map.Name, "no depth was measured: no value is a number above 0.");
        var (near, far) = (options.Near ?? range.Low * unit, options.Far ?? range.High * unit);
        if (near > far)
        {
            throw new PictureException(
                map.Name,
                $"the measured depth goes from {range.Least * unit:g4} to {range.Most * unit:g4} m (one unit is "
                    + $"{unit:g4} m), "
                    + $"near is {near:g4} m and far {far:g4} m; near must be below far. Is the unit right?"
            );
        }

        var nearer =
            options.Near is null && range.Least < range.Low
                ? $", what is nearer (from {Text(range.Least * unit)} m) too"
                : "";
        var farther =
            options.Far is null && range.Most > range.High
                ? $", what is farther (up to {Text(range.Most * unit)} m) too"
                : "";
        return new DepthScale(
            value => !IsMeasured(value) ? 0 : Brightness(Math.Clamp(value * unit, near, far)),
            $"read as measured depth, far is large and one unit is {Text(unit)} m: white at {Text(near)} m{nearer}, "
                + $"black at {Text(far)} m{farther}. Where near is large, say large=near"
                + (map.IsWhole ? "; a PNG that already is the hint goes with annotator=none." : ".")
        );

        double Brightness(double depth) =>
            near == far ? 1
            : options.Inverse ? (1 / depth - 1 / far) / (1 / near - 1 / far)
            : (far - depth) / (far - near);
    }

    private static DepthScale Relative(DepthMap map, string reason)
    {
        // 0 is the farthest or nothing at all: black in both cases, and no end of the range.
        var range =
            DepthRange.Of(map.Values, value => IsThere(value) && value != 0, value => value)
            ?? throw new PictureException(map.Name, "no value is a number other than 0.");
        var (black, white) = (range.Low, range.High);
        return new DepthScale(
            value =>
                !IsThere(value) || value == 0 && black >= 0 ? 0
                : black == white ? 1
                : (Math.Clamp(value, black, white) - black) / (white - black),
            $"read as a relative map, near is large, {reason}: white from {Text(white)}, black to {Text(black)}. "
                + "Where far is large, say large=far."
        );
    }

    /// <summary>
    /// Depth programs stretch their maps over the whole range of the type, which a sensor's millimetres do not fill;
    /// and a picture of 8 bits that was saved with 16 comes from no sensor. Null where neither is so.
    /// </summary>
    private static string? WhyRelative(DepthMap map)
    {
        if (
            DepthRange.Of(map.Values, IsThere, value => value) is not { } range
            || range.Least < 0
            || range.Least == range.Most
        )
        {
            return null;
        }

        var top = map.IsWhole ? WholeTop : FloatTop;
        // Nothing measured is 0, and too far is the largest number: neither tells how far down or up the values go.
        var inner = DepthRange.Of(map.Values, value => value > 0 && value < top, value => value);
        var isStretched =
            range.Most <= top
            && range.Most >= top * (1 - Margin)
            && inner is { } within
            && within.Least <= top * Margin
            && within.High - within.Low > top / 2;
        return isStretched ? $"because its values fill the range from 0 to {Text(top)}"
            : map.IsWhole && range.Most <= top && (AreMultiples(256) || AreMultiples(257))
                ? "because it holds 8 bits in 16"
            : null;

        bool AreMultiples(int step) =>
            Array.TrueForAll(map.Values, value => value % step == 0) && map.Values.Distinct().Skip(FewNumbers).Any();
    }

    private static bool IsThere(float value) => float.IsFinite(value) && value < Nothing;

    private static bool IsMeasured(float value) => value > 0 && IsThere(value);

    private static string Text(double value) =>
        value.ToString(Math.Abs(value) < 1 ? "g3" : "0.##", CultureInfo.InvariantCulture);
}
