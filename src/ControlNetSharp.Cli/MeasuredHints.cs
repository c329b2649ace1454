using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Cli;

/// <summary>Hints from files that hold what an annotator would have to guess: key points of persons, depth, numbers of classes.</summary>
internal static class MeasuredHints
{
    /// <summary>The rows for files that are no pictures to look at, beside those of the catalogue.</summary>
    public static IReadOnlyList<AnnotatorInfo> Infos { get; } = [MeasuredPose.Info, MeasuredDepth.Info, ClassNumbers.Info];

    /// <summary>Which of <see cref="Infos"/> a file of a kind is for, by what is in it; null where it is a picture, or missing.</summary>
    public static AnnotatorInfo? Find(string kind, string path)
    {
        if (IsKind(MeasuredPose.Info, kind))
        {
            return Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase) ? MeasuredPose.Info : null;
        }

        var isDepth = IsKind(MeasuredDepth.Info, kind);
        if ((!isDepth && !IsKind(ClassNumbers.Info, kind)) || !File.Exists(path))
        {
            return null;
        }

        try
        {
            return isDepth ? DepthMapReader.IsDepthMap(StartOf(path)) ? MeasuredDepth.Info : null
                : ClassNumbers.AreIn(Bytes(path), allowsPalette: false) ? ClassNumbers.Info : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PictureException)
        {
            // The reader of pictures says what is wrong with it.
            return null;
        }
    }

    /// <summary>The hint of a file for one of <see cref="Infos"/>.</summary>
    /// <param name="info">The row.</param>
    /// <param name="path">The file.</param>
    /// <param name="values">Values for its options.</param>
    /// <exception cref="PictureException">The file is damaged or of another kind.</exception>
    public static MeasuredHint Read(AnnotatorInfo info, string path, IReadOnlyDictionary<string, string> values)
    {
        var options = AnnotatorOptions.Parse(info, values);
        if (info == MeasuredPose.Info)
        {
            var pose = MeasuredPose.Read(path, options);
            return new MeasuredHint(PoseDrawing.Draw(pose), Pose: pose);
        }

        var hint = info == MeasuredDepth.Info
            ? MeasuredDepth.Hint(DepthMapReader.Read(path), options, out var reading)
            : ClassNumbers.Hint(Bytes(path), options, path, out reading);
        return new MeasuredHint(hint, reading);
    }

    /// <summary>The hint of a unit whose file is no picture to look at; null where it is one, or missing.</summary>
    /// <exception cref="PictureException">The file is damaged.</exception>
    public static MeasuredHint? Of(UnitSpecification unit) =>
        unit.Annotator is { } info && Infos.Contains(info) && File.Exists(unit.Picture) ? Read(info, unit.Picture, unit.AnnotatorValues) : null;

    /// <summary>
    /// A finished segmentation: numbers of classes become colours, and the palette gets its own colours back, which rounding, resizing or JPEG has mixed. Anything else stays as it is.
    /// </summary>
    public static MeasuredHint Segmentation(string path, Picture picture)
    {
        var recovered = Ade20kPalette.Recovered(picture);
        // Entries of a palette are colours first: they are numbers only where the colours are none of ADE20K's.
        return ClassNumbers.AreIn(Bytes(path), allowsPalette: recovered is null)
            ? Read(ClassNumbers.Info, path, new Dictionary<string, string>())
            : new MeasuredHint(recovered ?? picture);
    }

    private static bool IsKind(AnnotatorInfo info, string name) => ConditionKind.Find(info.Kind).IsCalled(name);

    private static byte[] StartOf(string path)
    {
        using var stream = File.OpenRead(path);
        var start = new byte[DepthMapReader.StartBytes];
        return start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
    }

    private static byte[] Bytes(string path) => File.ReadAllBytes(path);
}
