using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>Hints of measured depth with the options that an annotator has: the row of the catalogue for files that are no pictures.</summary>
public static class MeasuredDepth
{
    /// <summary>Name, options and their ranges.</summary>
    public static AnnotatorInfo Info { get; } = new(
        "depth",
        ["depth_measured"],
        [
            new("near", 0, 100_000, 0, Whole: false, "metres at which the hint is white; 0 for the smallest measured depth"),
            new("far", 0, 100_000, 0, Whole: false, "metres at which the hint is black; 0 for the largest measured depth"),
            new("unit", 0, 1000, 0, Whole: false, "metres for one unit of the file; 0 for 0.001 in files of whole numbers and 1 in others"),
            new("inverse", 0, 1, 1, Whole: true, "1 for grey that follows 1 / depth, 0 for depth itself"),
        ],
        "depth from a sensor or a renderer: 16-bit PNG, TIFF or NPY");

    /// <summary>Makes the hint.</summary>
    /// <param name="map">The measured depth.</param>
    /// <param name="options">Options made for <see cref="Info"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">Far is not above near.</exception>
    /// <exception cref="PictureException">Nothing was measured within the range.</exception>
    public static Picture Hint(DepthMap map, AnnotatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(options);
        double? Given(string name) => options[name] is > 0 and var value ? value : null;
        return map.ToHint(new DepthMapOptions { Near = Given("near"), Far = Given("far"), Unit = Given("unit"), Inverse = options["inverse"] == 1 });
    }
}
