using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// Key points from a file, with the options that an annotator has: the row of the catalogue for files that are no
/// pictures.
/// </summary>
internal static class MeasuredPose
{
    private const int MaxSide = 100_000;
    private const string Lie = "of the picture that the points lie in; 0 for what the file says";

    /// <summary>Name, options and their ranges.</summary>
    public static AnnotatorInfo Info { get; } =
        new(
            "pose",
            ["openpose_keypoints"],
            [
                new(PoseJson.CanvasWidth, 0, MaxSide, 0, Whole: true, $"pixels a row {Lie}"),
                new(PoseJson.CanvasHeight, 0, MaxSide, 0, Whole: true, $"rows {Lie}"),
                PoseStyles.Option,
            ],
            "key points of persons or animals: JSON in OpenPose's format"
        );

    /// <summary>Reads the key points, which <see cref="PoseDrawing.Draw"/> makes the hint of.</summary>
    /// <param name="json">The JSON text in UTF-8.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">Options made for <see cref="Info"/>.</param>
    /// <exception cref="PictureException">As of <see cref="PoseJson.Parse"/>.</exception>
    public static PoseKeypoints Read(ReadOnlyMemory<byte> json, string name, AnnotatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int? Given(string name) => options[name] is > 0 and var value ? (int)value : null;
        return PoseJson.Parse(json, name, Given(PoseJson.CanvasWidth), Given(PoseJson.CanvasHeight));
    }
}
