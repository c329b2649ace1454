using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>
/// Hints of depth maps with the options that an annotator has: the row of the catalogue for files that are no pictures.
/// </summary>
internal static class MeasuredDepth
{
    /// <summary>Name, options and their ranges.</summary>
    public static AnnotatorInfo Info { get; } =
        new(
            "depth",
            ["depth_measured"],
            [
                new(
                    "large",
                    0,
                    2,
                    0,
                    Whole: true,
                    "what large values mean: auto, near for a relative map or disparity, far for depth"
                )
                {
                    Words = ["auto", "near", "far"],
                },
                new(
                    "near",
                    0,
                    100_000,
                    0,
                    Whole: false,
                    "metres at which the hint is white; 0 for the smallest measured depth without outliers"
                ),
                new(
                    "far",
                    0,
                    100_000,
                    0,
                    Whole: false,
                    "metres at which the hint is black; 0 for the largest measured depth without outliers"
                ),
                new(
                    "unit",
                    0,
                    1000,
                    0,
                    Whole: false,
                    "metres for one unit of the file; 0 for 0.001 in files of whole numbers and 1 in others"
                ),
                new("inverse", 0, 1, 1, Whole: true, "1 for grey that follows 1 / depth, 0 for depth itself"),
            ],
            "a depth map of a sensor, a renderer or a depth program: 16-bit PNG, TIFF, NPY, NPZ, PFM or EXR"
        );

    /// <summary>Makes the hint.</summary>
    /// <param name="map">The depth map.</param>
    /// <param name="options">Options made for <see cref="Info"/>.</param>
    /// <param name="reading">
    /// One sentence for people that says how the map was read, with the option that changes it.
    /// </param>
    /// <exception cref="ArgumentException">
    /// Far is not above near, or metres are given for a map in which large is near.
    /// </exception>
    /// <exception cref="PictureException">Nothing was measured within the range.</exception>
    public static Picture Hint(DepthMap map, AnnotatorOptions options, out string reading)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(options);
        return map.ToHint(Settings(options), out reading);
    }

    /// <summary>Which option does not go with another, and why; null where they fit.</summary>
    internal static (string Option, string Problem)? Conflict(AnnotatorOptions options) =>
        Settings(options).Conflict is { } conflict ? (conflict.Option.ToLowerInvariant(), conflict.Problem) : null;

    private static DepthMapOptions Settings(AnnotatorOptions options)
    {
        double? Given(string name) => options[name] is > 0 and var value ? value : null;
        return new DepthMapOptions
        {
            Large = (DepthEnd)options["large"],
            Near = Given("near"),
            Far = Given("far"),
            Unit = Given("unit"),
            Inverse = options["inverse"] == 1,
        };
    }
}
