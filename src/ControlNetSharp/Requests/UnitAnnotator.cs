using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>Which annotator a unit means, and whether it takes the options that the unit has for it.</summary>
internal static class UnitAnnotator
{
    private const int MostTypingErrors = 3;

    /// <summary>Separators of any system, and what stands for other names.</summary>
    private static readonly char[] NotInNames = ['/', '\\', ':', '*', '?'];

    /// <summary>
    /// The annotators that a unit can mean, whatever its picture holds; none where that already is the hint.
    /// </summary>
    /// <param name="unit">The unit.</param>
    /// <param name="kind">Its condition kind.</param>
    /// <param name="path">Where it stands in its request.</param>
    /// <exception cref="RequestException">The kind has no such annotator.</exception>
    public static IReadOnlyList<AnnotatorInfo> Candidates(ControlUnit unit, ConditionKind kind, string path)
    {
        var measured = MeasuredHints.Infos.Where(info => info.Kind == kind.Name).ToList();
        if (unit.Annotator is not { } name)
        {
            return kind.IsPicture ? [] : [AnnotatorCatalogue.DefaultOf(kind), .. measured];
        }

        // A file of key points is never the hint itself.
        var keypoints = measured.Where(info => info == MeasuredPose.Info);
        return name.Equals(ControlUnit.NoAnnotator, StringComparison.OrdinalIgnoreCase)
            ? [.. keypoints]
            : [Named(name, kind, measured, path), .. keypoints];
    }

    /// <summary>
    /// The annotator that a unit names, or the usual one of its kind; null where its picture is the hint.
    /// </summary>
    /// <inheritdoc cref="Candidates"/>
    public static AnnotatorInfo? Usual(ControlUnit unit, ConditionKind kind, string path) =>
        unit.Annotator is { } name && name.Equals(ControlUnit.NoAnnotator, StringComparison.OrdinalIgnoreCase) ? null
        : Candidates(unit, kind, path) is [var first, ..] ? first
        : null;

    /// <summary>Compares the options of a unit with those that its annotators have.</summary>
    /// <exception cref="RequestException">There is no such option, or its value is out of range.</exception>
    public static void CheckOptions(ControlUnit unit, IReadOnlyList<AnnotatorInfo> annotators, string path)
    {
        var known = annotators.SelectMany(annotator => annotator.Options).ToList();
        var names = known.Select(option => option.Name).Distinct(StringComparer.Ordinal).ToList();
        foreach (var (name, value) in unit.Options)
        {
            var option =
                known.Find(option => option.Name == name)
                ?? throw new RequestException(
                    $"{path}.options.{name}",
                    RequestRules.Text(value),
                    $"there is no option '{name}'{Nearest(name, names)} Known are "
                        + $"{(names.Count == 0 ? "none" : string.Join(", ", names))}."
                );
            RequestRules.Require(option.Allows(value), $"{path}.options.{name}", value, $"must be {option.Allowed}.");
        }
    }

    /// <summary>Reads the picture of a unit and says what its hint is made of and by what.</summary>
    /// <exception cref="RequestException">An option is not for the annotator that the picture asks for.</exception>
    /// <exception cref="PictureException">It is no picture, or damaged.</exception>
    public static HintInput Open(ControlUnit unit, string path)
    {
        var kind = unit.ConditionKind;
        var candidates = Candidates(unit, kind, path);
        var annotator =
            MeasuredHints.Find(kind, unit.Picture) is { } measured
            && candidates.Contains(measured)
            && (unit.Annotator is null || measured == MeasuredPose.Info)
                ? measured
            : unit.Annotator is { } none && none.Equals(ControlUnit.NoAnnotator, StringComparison.OrdinalIgnoreCase)
                ? null
            : candidates.Count > 0 ? candidates[0]
            : null;
        CheckOptions(unit, annotator is null ? [] : [annotator], path);
        if (annotator is not null && MeasuredHints.Infos.Contains(annotator))
        {
            var conflict =
                annotator == MeasuredDepth.Info
                    ? MeasuredDepth.Conflict(new AnnotatorOptions(annotator, unit.Options))
                    : null;
            return conflict is not { } found
                ? MeasuredHints.Read(kind, annotator, unit.Picture, unit.Options)
                : throw new RequestException(
                    $"{path}.options.{found.Option}",
                    RequestRules.Text(unit.Options.GetValueOrDefault(found.Option)),
                    found.Problem
                );
        }

        var picture =
            unit.Channels == ChannelOrder.Bgr ? PictureChannels.Swapped(unit.Picture.Read()) : unit.Picture.Read();
        return annotator is null && kind.Name == ClassNumbers.Info.Kind
            ? MeasuredHints.Segmentation(kind, unit.Picture, picture)
            : new HintInput(kind, picture, annotator, annotator is null, Reading: null)
            {
                IsNamed = unit.Annotator is not null,
            };
    }

    private static AnnotatorInfo Named(
        string name,
        ConditionKind kind,
        IEnumerable<AnnotatorInfo> measured,
        string path
    )
    {
        if (OnnxHints.IsName(name) && OnnxHints.CanMake(kind))
        {
            // It is looked for in the folders of annotators: a path could lead anywhere.
            return Path.GetFileName(name) == name && name.IndexOfAny(NotInNames) < 0
                ? OnnxHints.InfoOf(kind, name)
                : throw new RequestException(
                    path + ".annotator",
                    name,
                    "must be the name of an ONNX file in the folders of the annotators, without a path."
                );
        }

        // A drawing of dark lines can be turned round for every kind of lines.
        AnnotatorInfo[] lines = HintCheck.IsOfLines(kind) ? [AnnotatorCatalogue.Find("invert")] : [];
        AnnotatorInfo[] known = [.. AnnotatorCatalogue.Of(kind), .. measured, .. lines];
        var names = known.SelectMany(info => info.ModuleNames).Distinct(StringComparer.Ordinal);
        return known.FirstOrDefault(info => info.ModuleNames.Contains(name, StringComparer.OrdinalIgnoreCase))
            ?? throw new RequestException(
                path + ".annotator",
                name,
                known.Length == 0
                    ? $"must be {ControlUnit.NoAnnotator}: a picture of the kind {kind.Name} is taken as it is."
                    : $"must be {ControlUnit.NoAnnotator}, where the picture already is the hint, or "
                        + $"{string.Join(" or ", names)}."
            );
    }

    /// <summary>A question after a name that was probably meant; a full stop where none is near.</summary>
    internal static string Nearest(string name, IEnumerable<string> known) =>
        known
            .Select(other => (Name: other, Distance: NearNames.Distance(other, name)))
            .Where(other => other.Distance <= MostTypingErrors)
            .OrderBy(other => other.Distance)
            .FirstOrDefault()
            is { Name: { } nearest }
            ? $"; did you mean '{nearest}'?"
            : ".";
}
