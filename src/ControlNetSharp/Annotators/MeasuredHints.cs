using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Hints from files that hold what an annotator would have to guess: key points of persons, depth, numbers of classes.
/// </summary>
internal static class MeasuredHints
{
    /// <summary>The rows for files that are no pictures to look at, beside those of the catalogue.</summary>
    public static IReadOnlyList<AnnotatorInfo> Infos { get; } =
    [MeasuredPose.Info, MeasuredDepth.Info, ClassNumbers.Info];

    /// <summary>
    /// Which of <see cref="Infos"/> a file of a kind is for, by what is in it; null where it is a picture.
    /// </summary>
    public static AnnotatorInfo? Find(ConditionKind kind, PictureSource source)
    {
        try
        {
            return kind.Name == MeasuredPose.Info.Kind
                ? IsJson(source)
                    ? MeasuredPose.Info
                    : null
                : kind.Name == MeasuredDepth.Info.Kind
                    ? DepthMapReader.IsDepthMap(source.ReadBytes())
                        ? MeasuredDepth.Info
                        : null
                    : kind.Name == ClassNumbers.Info.Kind
                        ? ClassNumbers.AreIn(source.ReadBytes(), allowsPalette: false)
                            ? ClassNumbers.Info
                            : null
                        : null;
        }
        catch (PictureException)
        {
            // The reader of pictures says what is wrong with it.
            return null;
        }
    }

    /// <summary>The hint of a file for one of <see cref="Infos"/>.</summary>
    /// <param name="kind">The condition kind.</param>
    /// <param name="info">The row.</param>
    /// <param name="source">The file.</param>
    /// <param name="values">Values for its options.</param>
    /// <exception cref="PictureException">The file is damaged or of another kind.</exception>
    public static HintInput Read(
        ConditionKind kind,
        AnnotatorInfo info,
        PictureSource source,
        IReadOnlyDictionary<string, double> values
    )
    {
        var options = new AnnotatorOptions(info, values);
        if (info == MeasuredPose.Info)
        {
            var pose = MeasuredPose.Read(source.ReadBytes().ToArray(), source.Name, options);
            var drawn = PoseDrawing.Draw(pose, PoseStyles.Of(options));
            return new HintInput(kind, drawn, info, IsHint: true, Reading: null) { Pose = pose };
        }

        var hint =
            info == MeasuredDepth.Info
                ? MeasuredDepth.Hint(DepthMapReader.Read(source.ReadBytes(), source.Name), options, out var reading)
                : ClassNumbers.Hint(source.ReadBytes(), options, source.Name, out reading);
        return new HintInput(kind, hint, info, IsHint: true, reading);
    }

    /// <summary>
    /// A finished segmentation: numbers of classes become colours, and the palette gets its own colours back, which
    /// rounding, resizing or
    /// JPEG has mixed. Anything else stays as it is.
    /// </summary>
    public static HintInput Segmentation(ConditionKind kind, PictureSource source, Picture picture)
    {
        var recovered = Ade20kPalette.Recovered(picture);
        // Entries of a palette are colours first: they are numbers only where the colours are none of ADE20K's.
        return ClassNumbers.AreIn(source.ReadBytes(), allowsPalette: recovered is null)
            ? Read(kind, ClassNumbers.Info, source, new Dictionary<string, double>()) with
            {
                Annotator = null,
            }
            : new HintInput(kind, recovered ?? picture, null, IsHint: true, Reading: null);
    }

    private static bool IsJson(PictureSource source) =>
        source.Path is { } path
            ? Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase)
            : source.ReadBytes().TrimStart(" \t\r\n\uFEFF"u8) is [(byte)'{' or (byte)'[', ..];
}
