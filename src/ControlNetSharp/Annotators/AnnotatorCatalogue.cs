using ControlNetSharp.Annotators.DepthAnything;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Annotators.Midas;
using ControlNetSharp.Annotators.OpenPose;
using ControlNetSharp.Annotators.SegFormer;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Annotators;

/// <summary>The annotators there are. Adding one is its file and one row here; of a kind, the first row is the one that its name alone means.</summary>
public static class AnnotatorCatalogue
{
    private static readonly (AnnotatorInfo Info, Func<AnnotatorFiles, IAnnotator> Create)[] Rows =
    [
        (CannyAnnotator.Description, _ => new CannyAnnotator()),
        (HoughAnnotator.Description, _ => new HoughAnnotator()),
        (EmbeddedEdgesAnnotator.Straight, files => new EmbeddedEdgesAnnotator(EmbeddedEdgesAnnotator.Straight, files)),
        (MlsdAnnotator.Description, files => new MlsdAnnotator(files)),
        (EmbeddedEdgesAnnotator.Soft, files => new EmbeddedEdgesAnnotator(EmbeddedEdgesAnnotator.Soft, files)),
        (HedAnnotator.Description, files => new HedAnnotator(HedAnnotator.Description, files)),
        (HedAnnotator.SafeDescription, files => new HedAnnotator(HedAnnotator.SafeDescription, files)),
        (ScribbleXdogAnnotator.Description, _ => new ScribbleXdogAnnotator()),
        (EmbeddedEdgesAnnotator.Strokes, files => new EmbeddedEdgesAnnotator(EmbeddedEdgesAnnotator.Strokes, files)),
        (ScribbleHedAnnotator.Description, files => new ScribbleHedAnnotator(files)),
        (ScribbleDrawingAnnotator.Description, _ => new ScribbleDrawingAnnotator()),
        (LineartStandardAnnotator.Description, _ => new LineartStandardAnnotator()),
        (EmbeddedEdgesAnnotator.Lines, files => new EmbeddedEdgesAnnotator(EmbeddedEdgesAnnotator.Lines, files)),
        (LineartAnnotator.Realistic, files => new LineartAnnotator(LineartAnnotator.Realistic, files)),
        (LineartAnnotator.Coarse, files => new LineartAnnotator(LineartAnnotator.Coarse, files)),
        (AnimeLineartAnnotator.Description, files => new AnimeLineartAnnotator(files)),
        (InvertAnnotator.Description, _ => new InvertAnnotator()),
        (EmbeddedPoseAnnotator.Description, files => new EmbeddedPoseAnnotator(files)),
        (OpenPoseAnnotator.BodyDescription, files => OpenPoseAnnotator.Load(files)),
        (OpenPoseAnnotator.HandDescription, files => OpenPoseAnnotator.Load(files, withHands: true)),
        (EmbeddedDepthAnnotator.Description, files => new EmbeddedDepthAnnotator(files)),
        (MidasDepthAnnotator.Description, MidasDepthAnnotator.Load),
        (DepthAnythingAnnotator.Description, DepthAnythingAnnotator.Load),
        (EmbeddedNormalAnnotator.Description, files => new EmbeddedNormalAnnotator(files)),
        (MidasNormalAnnotator.Description, MidasNormalAnnotator.Load),
        (EmbeddedSegmentationAnnotator.Description, files => new EmbeddedSegmentationAnnotator(files)),
        (SegFormerAnnotator.Description, SegFormerAnnotator.Load),
    ];

    /// <summary>What is known about each annotator.</summary>
    public static IReadOnlyList<AnnotatorInfo> All { get; } = [.. Rows.Select(row => row.Info)];

    /// <summary>Finds an annotator by condition kind, alias or A1111 module name, in any case.</summary>
    /// <param name="name">Such as <c>canny</c>.</param>
    /// <exception cref="ArgumentException">Unknown, or a kind that has no annotator: the message lists what there is.</exception>
    public static AnnotatorInfo Find(string name) => RowOf(name).Info;

    /// <summary>The annotator of a condition kind where none is named: the first one that is listed for it, which works with nothing downloaded.</summary>
    /// <exception cref="ArgumentException">The kind has no annotator: the message lists what there is.</exception>
    public static AnnotatorInfo DefaultOf(ConditionKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return All.FirstOrDefault(info => info.Kind == kind.Name) ?? throw new UnknownNameException(
            kind.Name, $"there is no annotator for \"{kind.Name}\", only for {string.Join(", ", All.Select(info => info.Kind).Distinct())}; give a finished hint instead (annotator=none).");
    }

    /// <summary>The annotators of a condition kind, the default first.</summary>
    public static IEnumerable<AnnotatorInfo> Of(ConditionKind kind) => All.Where(info => info.Kind == kind.Name);

    /// <summary>Makes an annotator, which the caller disposes.</summary>
    /// <param name="name">A condition kind, alias or A1111 module name, in any case.</param>
    /// <param name="files">Where weights are looked for; nowhere when null.</param>
    /// <exception cref="ArgumentException">Unknown, or a kind that has no annotator: the message lists what there is.</exception>
    /// <exception cref="FileNotFoundException">Its weights are in none of the folders.</exception>
    /// <exception cref="Checkpoints.CheckpointException">Its weights cannot be used.</exception>
    public static IAnnotator Create(string name, AnnotatorFiles? files = null) => RowOf(name).Create(files ?? AnnotatorFiles.None);

    private static (AnnotatorInfo Info, Func<AnnotatorFiles, IAnnotator> Create) RowOf(string name)
    {
        foreach (var row in Rows)
        {
            if (row.Info.ModuleNames.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return row;
            }
        }

        var info = DefaultOf(ConditionKind.Find(name));
        return Rows.First(row => row.Info == info);
    }
}
