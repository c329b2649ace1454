using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Cli;

/// <summary>Hints from files that hold what an annotator would have to guess: key points of persons, depth from a sensor.</summary>
internal static class MeasuredHints
{
    /// <summary>Whether a file is depth from a sensor, which comes in files that are no pictures.</summary>
    public static bool IsDepth(string kind, string path)
    {
        if (!kind.Equals("depth", StringComparison.OrdinalIgnoreCase) || !File.Exists(path))
        {
            return false;
        }

        using var stream = File.OpenRead(path);
        var start = new byte[32];
        return DepthMapReader.IsDepthMap(start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)));
    }

    /// <summary>Whether a file is named as one of key points.</summary>
    public static bool IsKeyPoints(string kind, string path) =>
        ConditionKind.Find("pose").IsCalled(kind)
        && Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The hint of a unit whose file is no picture; null where it is one.</summary>
    /// <exception cref="PictureException">The file is damaged.</exception>
    public static Picture? Of(UnitSpecification unit)
    {
        return unit.Annotator == MeasuredPose.Info && File.Exists(unit.Picture)
            ? PoseDrawing.Draw(MeasuredPose.Read(
                unit.Picture, AnnotatorOptions.Parse(MeasuredPose.Info, unit.AnnotatorValues)))
            : !unit.IsHint && IsDepth(unit.Kind.Name, unit.Picture) ? MeasuredDepth.Hint(DepthMapReader.Read(unit.Picture), new AnnotatorOptions(MeasuredDepth.Info))
            : null;
    }
}
