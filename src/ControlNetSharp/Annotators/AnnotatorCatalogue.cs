using ControlNetSharp.Annotators.DepthAnything;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Annotators.Midas;
using ControlNetSharp.Annotators.MoveNet;
using ControlNetSharp.Annotators.NormalBae;
using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Annotators.OpenPose;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Annotators.RtmPose;
using ControlNetSharp.Annotators.SegFormer;
using ControlNetSharp.Models;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Annotators;

/// <summary>
/// The annotators there are. Adding one is its file and one row here; of a kind, the first row is the one that its name
/// alone means. A program adds its own by <see cref="Register"/>.
/// </summary>
public static class AnnotatorCatalogue
{
    private static readonly (AnnotatorInfo Info, Func<AnnotatorNetworks, IAnnotator> Create)[] Rows =
    [
        (CannyAnnotator.Description, _ => new CannyAnnotator()),
        (HoughAnnotator.Description, _ => new HoughAnnotator()),
        (
            EmbeddedEdgesAnnotator.Straight,
            networks => new EmbeddedEdgesAnnotator(EmbeddedEdgesAnnotator.Straight, networks)
        ),
        (MlsdAnnotator.Description, networks => new MlsdAnnotator(networks)),
        (EmbeddedEdgesAnnotator.Soft, networks => new EmbeddedEdgesAnnotator(EmbeddedEdgesAnnotator.Soft, networks)),
        (HedAnnotator.Description, networks => new HedAnnotator(HedAnnotator.Description, networks)),
        (HedAnnotator.SafeDescription, networks => new HedAnnotator(HedAnnotator.SafeDescription, networks)),
        (ScribbleXdogAnnotator.Description, _ => new ScribbleXdogAnnotator()),
        (
            EmbeddedEdgesAnnotator.Strokes,
            networks => new EmbeddedEdgesAnnotator(EmbeddedEdgesAnnotator.Strokes, networks)
        ),
        (ScribbleHedAnnotator.Description, networks => new ScribbleHedAnnotator(networks)),
        (ScribbleDrawingAnnotator.Description, _ => new ScribbleDrawingAnnotator()),
        (LineartStandardAnnotator.Description, _ => new LineartStandardAnnotator()),
        (EmbeddedEdgesAnnotator.Lines, networks => new EmbeddedEdgesAnnotator(EmbeddedEdgesAnnotator.Lines, networks)),
        (LineartAnnotator.Realistic, networks => new LineartAnnotator(LineartAnnotator.Realistic, networks)),
        (LineartAnnotator.Coarse, networks => new LineartAnnotator(LineartAnnotator.Coarse, networks)),
        (AnimeLineartAnnotator.Description, networks => new AnimeLineartAnnotator(networks)),
        (InvertAnnotator.Description, _ => new InvertAnnotator()),
        (MoveNetAnnotator.Description, MoveNetAnnotator.Rent),
        (EmbeddedPoseAnnotator.Description, networks => new EmbeddedPoseAnnotator(networks)),
        .. OpenPoseAnnotator.Descriptions.Select(info =>
            (info, (Func<AnnotatorNetworks, IAnnotator>)(networks => OpenPoseAnnotator.Rent(info, networks)))
        ),
        (RtmPoseAnnotator.DwPose, networks => Persons(RtmPoseAnnotator.DwPose, networks)),
        (RtmPoseAnnotator.RtmPose, networks => Persons(RtmPoseAnnotator.RtmPose, networks)),
        (
            AnimalPoseAnnotator.Description,
            networks => new AnimalPoseAnnotator(TopDownPoses.Rent(AnimalPoseAnnotator.Description, networks))
        ),
        (EmbeddedDepthAnnotator.Description, networks => new EmbeddedDepthAnnotator(networks)),
        (MidasDepthAnnotator.Description, networks => new MidasDepthAnnotator(networks)),
        (DepthAnythingAnnotator.Description, networks => new DepthAnythingAnnotator(networks)),
        (EmbeddedNormalAnnotator.Description, networks => new EmbeddedNormalAnnotator(networks)),
        (MidasNormalAnnotator.Description, networks => new MidasNormalAnnotator(networks)),
        (NormalBaeAnnotator.Description, networks => new NormalBaeAnnotator(networks)),
        (EmbeddedSegmentationAnnotator.Description, networks => new EmbeddedSegmentationAnnotator(networks)),
        (SegFormerAnnotator.Description, networks => new SegFormerAnnotator(networks)),
        .. PictureHints.All.Select(hint =>
            (hint.Info, (Func<AnnotatorNetworks, IAnnotator>)(_ => new PictureAnnotator(hint.Info, hint.Make)))
        ),
    ];

    private static readonly OpenTable<Row> Table = new(
        [.. Rows.Select(row => new Row(row.Info, row.Create))],
        row => row.Info.ModuleNames
    );

    /// <summary>What is known about each annotator.</summary>
    public static IReadOnlyList<AnnotatorInfo> All => [.. Table.Rows.Select(row => row.Info)];

    /// <summary>
    /// Adds an annotator to those that requests, lists and web APIs of this process know, usually when a program
    /// starts. Those of the library stay what a kind alone means; a kind of one's own means the first one added for it.
    /// </summary>
    /// <param name="info">What is known about it. Its kind must be there: <see cref="ConditionKind.Register"/>.</param>
    /// <param name="create">
    /// Makes one, which is used by one caller at a time and disposed; networks of its own it loads itself.
    /// </param>
    /// <returns>Takes it out again when it is disposed.</returns>
    /// <exception cref="ArgumentException">
    /// The kind is not known or its hints are pictures as they are, or a name is that of another annotator or kind.
    /// </exception>
    public static IDisposable Register(AnnotatorInfo info, Func<IAnnotator> create)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(create);
        var kind = ConditionKind.Find(info.Kind);
        if (kind.IsPicture || kind.Name != info.Kind)
        {
            throw new ArgumentException(
                $"The kind '{info.Kind}' of {nameof(info)} must be the name of one that is made of pictures.",
                nameof(info)
            );
        }

        var others = ConditionKind.All.Where(other => other.Name != kind.Name);
        if (info.ModuleNames.FirstOrDefault(name => others.Any(other => other.IsCalled(name))) is { } taken)
        {
            throw new ArgumentException($"'{taken}' is the name of another condition kind.", nameof(info));
        }

        return Table.Add(new Row(info, _ => create()));
    }

    /// <summary>Finds an annotator by condition kind, alias or A1111 module name, in any case.</summary>
    /// <param name="name">Such as <c>canny</c>.</param>
    /// <exception cref="ArgumentException">
    /// Unknown, or a kind that has no annotator: the message lists what there is.
    /// </exception>
    public static AnnotatorInfo Find(string name) => RowOf(name).Info;

    /// <summary>
    /// The annotator of a condition kind where none is named: the first one that is listed for it, which works with
    /// nothing downloaded.
    /// </summary>
    /// <exception cref="ArgumentException">The kind has no annotator: the message lists what there is.</exception>
    public static AnnotatorInfo DefaultOf(ConditionKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return All.FirstOrDefault(info => info.Kind == kind.Name)
            ?? throw new UnknownNameException(
                kind.Name,
                $"there is no annotator for \"{kind.Name}\", only for "
                    + $"{string.Join(", ", All.Select(info => info.Kind).Distinct())}; give a finished hint instead "
                    + "(annotator=none)."
            );
    }

    /// <summary>The annotators of a condition kind, the default first.</summary>
    public static IEnumerable<AnnotatorInfo> Of(ConditionKind kind) => All.Where(info => info.Kind == kind.Name);

    /// <summary>
    /// Makes an annotator, which the caller disposes. That of the kind pose comes with one for drawn people, which
    /// answers where it sees nobody; asked for by its own name it comes alone.
    /// </summary>
    /// <param name="name">A condition kind, alias or A1111 module name, in any case.</param>
    /// <param name="files">Where weights are looked for; nowhere when null.</param>
    /// <param name="device">Where networks compute: cpu (the default) or cuda:N.</param>
    /// <exception cref="ArgumentException">
    /// Unknown, or a kind that has no annotator: the message lists what there is; or a device is not known.
    /// </exception>
    /// <exception cref="FileNotFoundException">Its weights are in none of the folders.</exception>
    /// <exception cref="Checkpoints.CheckpointException">Its weights cannot be used.</exception>
    /// <exception cref="RuntimeUnavailableException">The device is not there.</exception>
    public static IAnnotator Create(string name, AnnotatorFiles? files = null, string device = PlacementPolicy.Cpu)
    {
        // A shelf that is disposed while a network is on loan frees it when it is given back.
        using var own = new NetworkShelf();
        return Create(name, files ?? AnnotatorFiles.None, own, device);
    }

    /// <summary>
    /// Makes an annotator whose networks stand on a shelf, where others find them, too. Borrowed. It may be one that is
    /// no row, but an ONNX file of the user's: <see cref="OnnxHints"/>.
    /// </summary>
    /// <inheritdoc cref="Create(string, AnnotatorFiles?, string)"/>
    internal static IAnnotator Create(
        HintInput source,
        AnnotatorFiles files,
        NetworkShelf shelf,
        string device = PlacementPolicy.Cpu
    ) =>
        !source.IsNamed ? Create(source.Kind.Name, files, shelf, device)
        : OnnxHints.IsName(source.Annotator!.Name)
            ? OnnxHints.Create(source.Annotator, new AnnotatorNetworks(files, shelf, device))
        : Create(source.Annotator.Name, files, shelf, device);

    /// <summary>Makes an annotator whose networks stand on a shelf, where others find them, too. Borrowed.</summary>
    /// <inheritdoc cref="Create(string, AnnotatorFiles?, string)"/>
    internal static IAnnotator Create(string name, AnnotatorFiles files, NetworkShelf shelf, string device)
    {
        PlacementPolicy.CheckDevice(device);
        var networks = new AnnotatorNetworks(files, shelf, device);
        var (info, create) = RowOf(name);
        var annotator = create(networks);
        if (info.Fallback is not { } other || IsCalled(info, name))
        {
            return annotator;
        }

        try
        {
            return new PoseFallback((PoseAnnotator)annotator, (PoseAnnotator)RowOf(other.Name).Create(networks));
        }
        catch
        {
            annotator.Dispose();
            throw;
        }
    }

    private static RtmPoseAnnotator Persons(AnnotatorInfo info, AnnotatorNetworks networks) =>
        new(info, TopDownPoses.Rent(info, networks));

    private static bool IsCalled(AnnotatorInfo info, string name) =>
        info.ModuleNames.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static Row RowOf(string name)
    {
        var rows = Table.Rows;
        if (rows.FirstOrDefault(row => IsCalled(row.Info, name)) is { } named)
        {
            return named;
        }

        var info = DefaultOf(ConditionKind.Find(name));
        return rows.First(row => row.Info == info);
    }

    private sealed record Row(AnnotatorInfo Info, Func<AnnotatorNetworks, IAnnotator> Create);
}
