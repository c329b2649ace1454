using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Text;

namespace ControlNetSharp.Cli;

/// <summary>
/// A control unit as the user writes it: <c>KIND=PICTURE</c> with options after commas, or <c>@unit.json</c>.
/// </summary>
internal static class UnitText
{
    /// <summary>The option that units are given by.</summary>
    public const string Option = "--control";

    private const string Quoting =
        "A value with commas in it stands in quotes, as in -c 'canny=\"my, room.png\",weight=0.8'; or write the unit "
        + "into a file and give @unit.json.";
    private const string More = "more";
    private const string Frames = "frames";

    /// <summary>What stands between several pictures of one option once it is read; no name of a file has it.</summary>
    private const char Between = '\n';

    private static readonly string[] Own =
    [
        "weight",
        "start",
        "end",
        "mode",
        "model",
        "annotator",
        "resize",
        "resolution",
        "channels",
        "layers",
        "softness",
        "unconditional",
        "mask",
        "hires",
        "inpaint",
        "pooling",
        More,
        Frames,
        "combine",
        "transfer",
    ];

    /// <summary>Reads a unit; nothing is opened but the JSON file of an <c>@</c> unit.</summary>
    /// <param name="text">The unit.</param>
    /// <param name="path">Where it will stand in its request, such as <c>units[0]</c>.</param>
    /// <exception cref="UsageException">The text is not a unit.</exception>
    /// <exception cref="RequestException">A value is wrong.</exception>
    public static ControlUnit Parse(string text, string path)
    {
        if (!text.StartsWith('@'))
        {
            return Of(FromText(text), path);
        }

        var unit = Of(FromJson(text[1..]), path);
        // A unit can be moved together with its pictures.
        return RequestPaths.From(unit, Path.GetDirectoryName(Path.GetFullPath(text[1..]))!);
    }

    private static ControlUnit Of((string Kind, string Picture, Dictionary<string, string> Values) written, string path)
    {
        var values = written.Values;
        string Member(string name) => $"{path}.{name}";
        string? Text(string name) => values.GetValueOrDefault(name);
        double? Real(string name, string property) =>
            Text(name) is { } text ? RequestValues.Real<ControlUnit>(property, Member(name), text) : null;
        T Word<T>(string name)
            where T : struct, Enum => Text(name) is { } text ? RequestValues.Word<T>(Member(name), text) : default;
        List<PictureSource>? Pictures(string name) =>
            Text(name)?.Split(Between).Select(picture => (PictureSource)picture).ToList();

        var unit = new ControlUnit
        {
            Kind = written.Kind,
            Picture = written.Picture,
            Model = Text("model"),
            Annotator = Text("annotator"),
            Weight = Text("weight") is { } weight
                ? RequestValues.Weight<ControlUnit>(nameof(ControlUnit.Weight), Member("weight"), weight)
                : 1,
            Start = Real("start", nameof(ControlUnit.Start)) ?? 0,
            End = Real("end", nameof(ControlUnit.End)) ?? 1,
            Mode = Word<ControlMode>("mode"),
            Layers = Text("layers") is { } layers ? Layers(layers, Member("layers")) : null,
            Softness = Real("softness", nameof(ControlUnit.Softness)),
            UnconditionalFactor = Real("unconditional", nameof(ControlUnit.UnconditionalFactor)),
            Resize = Text("resize") is { } resize
                ? RequestValues.Word<ResizeMode>(Member("resize"), resize)
                : ResizeMode.Crop,
            Resolution = Text("resolution") is { } side and not "auto"
                ? RequestValues.Integer<ControlUnit>(nameof(ControlUnit.Resolution), Member("resolution"), side)
                : null,
            Channels = Word<ChannelOrder>("channels"),
            Passes = Word<ControlPasses>("hires"),
            Mask = Text("mask") is { } mask ? mask : (PictureSource?)null,
            Holes = Text("inpaint") is { } holes ? holes : (PictureSource?)null,
            Pooling = Word<ResidualPooling>("pooling"),
            MorePictures = Pictures(More),
            Frames = Pictures(Frames),
            Combine = Word<PictureCombination>("combine"),
            Transfer = Word<PictureTransfer>("transfer"),
        };
        return unit with { Options = Options(unit, values, path) };
    }

    /// <summary>What is no option of every unit belongs to its annotator.</summary>
    private static Dictionary<string, double> Options(ControlUnit unit, Dictionary<string, string> values, string path)
    {
        var kind = RequestRules.Named(path + ".kind", unit.Kind, ConditionKind.Find);
        if (kind.Name == ControlUnit.HintKind && unit.Model is null)
        {
            throw UsageException.Of(
                Option,
                $"{unit.Kind}={unit.Picture.Name}",
                $"a unit of the kind {ControlUnit.HintKind} needs model=FILE."
            );
        }

        var known = UnitAnnotator.Candidates(unit, kind, path).SelectMany(annotator => annotator.Options).ToList();
        var options = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, text) in values.Where(value => !Own.Contains(value.Key)))
        {
            if (known.Find(option => option.Name == name) is not { } option)
            {
                string[] names = [.. Own, .. known.Select(option => option.Name)];
                var nearest = UnitAnnotator.Nearest(name, names);
                throw UsageException.Of(
                    Option,
                    $"{name}={text}",
                    $"there is no option '{name}'{nearest} Known are "
                        + $"{string.Join(", ", names)}.{(nearest == "." ? " " + Quoting : "")}"
                );
            }

            options[name] =
                option.NumberOf(text)
                ?? throw new RequestException($"{path}.options.{name}", text, $"must be {option.Allowed}.");
        }

        return options;
    }

    private static (string Kind, string Picture, Dictionary<string, string> Values) FromText(string text)
    {
        var fields = Fields.Read(text);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var kind = fields[0].Name;
        foreach (var (index, (name, value)) in fields.Index())
        {
            if (name.Length == 0 || string.IsNullOrEmpty(value))
            {
                throw UsageException.Of(
                    Option,
                    text,
                    $"'{name}{(value is null ? "" : "=")}' must be name=value; a unit is written "
                        + $"KIND=PICTURE,option=value,… {Quoting}"
                );
            }

            // A kind may be called as an option is: inpaint=PICTURE,inpaint=MASK.
            var isKindAgain = name == kind && !Own.Contains(name);
            if (index > 0 && name is More or Frames && values.TryGetValue(name, out var others))
            {
                values[name] = others + Between + value;
            }
            else if (index > 0 && (isKindAgain || !values.TryAdd(name, value)))
            {
                throw UsageException.Of(Option, text, $"'{name}' is given twice.");
            }
        }

        return (kind, fields[0].Value!, values);
    }

    private static (string Kind, string Picture, Dictionary<string, string> Values) FromJson(string path)
    {
        if (!File.Exists(path))
        {
            throw UsageException.Of(Option, "@" + path, "there is no such file.");
        }

        try
        {
            using var document = JsonDocument.Parse(ByteOrderMark.Removed(File.ReadAllBytes(path)));
            var values = document
                .RootElement.EnumerateObject()
                .Where(member => member.Value.ValueKind != JsonValueKind.Null)
                .ToDictionary(member => member.Name, TextOf, StringComparer.Ordinal);
            return values.Remove("kind", out var kind) && values.Remove("picture", out var picture)
                ? (kind, picture, values)
                : throw UsageException.Of(Option, "@" + path, "the object must have the keys 'kind' and 'picture'.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw UsageException.Of(Option, "@" + path, $"the file cannot be read: {e.Message}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw UsageException.Of(Option, "@" + path, $"the file must hold one JSON object: {e.Message}");
        }
    }

    /// <summary>A value as it is written in a unit; several pictures are one text.</summary>
    private static string TextOf(JsonProperty member) =>
        member is { Name: More or Frames, Value.ValueKind: JsonValueKind.Array }
            ? string.Join(Between, member.Value.EnumerateArray().Select(picture => picture.ToString()))
            : member.Value.ToString();

    /// <summary>Numbers between colons or semicolons, or a JSON array of them.</summary>
    private static IReadOnlyList<double> Layers(string text, string member) =>
        [
            .. text.Trim('[', ']')
                .Split(':', ';', ',')
                .Select(number => RequestValues.Real<ControlUnit>(nameof(ControlUnit.Layers), member, number.Trim())),
        ];
}
