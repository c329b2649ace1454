using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Text;

namespace ControlNetSharp.Cli;

/// <summary>A control unit as the user writes it: <c>KIND=PICTURE</c> with options after commas, or <c>@unit.json</c>.</summary>
internal sealed record UnitSpecification
{
    private const string Option = "--control";
    private const string Hint = "hint";
    private const double MostWeight = 2;
    private const int LeastResolution = 64;
    private const int MostResolution = 2048;
    private static readonly string[] Own = ["weight", "start", "end", "mode", "model", "annotator", "resize", "resolution", "channels", "layers", "mask", "hires", "inpaint", "pooling"];

    /// <summary>The condition kind.</summary>
    public required ConditionKind Kind { get; init; }

    /// <summary>Path of the picture.</summary>
    public required string Picture { get; init; }

    /// <summary>How strongly and when it acts.</summary>
    public required ControlStrength Strength { get; init; }

    /// <summary>Path of the ControlNet; null for the catalogue's.</summary>
    public string? Model { get; init; }

    /// <summary>What makes the hint from the picture; null where the picture already is the hint.</summary>
    public AnnotatorInfo? Annotator { get; init; }

    /// <summary>Whether the picture already is the hint.</summary>
    public bool IsHint => Annotator is null;

    /// <summary>How the hint is brought to the size of the result.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.Crop;

    /// <summary>Whether the picture's red and blue are exchanged: a finished hint from a program that writes BGR.</summary>
    public bool SwapsChannels { get; init; }

    /// <summary>Shorter side at which the annotator sees the picture, in pixels; null for the size of the result.</summary>
    public int? Resolution { get; init; }

    /// <summary>Path of a picture that is white where the unit acts; null for everywhere.</summary>
    public string? Mask { get; init; }

    /// <summary>Path of a picture that is white where an inpainting ControlNet's hint is made anew; null for none, or the request's own mask.</summary>
    public string? Holes { get; init; }

    /// <summary>In which passes it acts.</summary>
    public ControlPasses Passes { get; init; }

    /// <summary>Whether residuals are averaged over the picture, as ControlNets of shuffled pictures need it; null for what the ControlNet's name says.</summary>
    public bool? Pools { get; init; }

    /// <summary>Whether the ControlNet's name is that of one for inpainting: control_v11p_sd15_inpaint.</summary>
    public bool IsForInpainting => IsHint && Model is { } model && Path.GetFileName(model).Contains("inpaint", StringComparison.OrdinalIgnoreCase);

    /// <summary>Values for the annotator's own options, by name.</summary>
    public IReadOnlyDictionary<string, string> AnnotatorValues { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads a unit; nothing is opened but the JSON file of an <c>@</c> unit.</summary>
    /// <exception cref="UsageException">The text is not a unit; the message names the part, its value and what is allowed.</exception>
    public static UnitSpecification Parse(string text)
    {
        var (kind, picture, options) = text.StartsWith('@') ? FromJson(text[1..]) : FromText(text);
        return Of(kind, picture, options);
    }

    /// <summary>The unit of a picture with options.</summary>
    /// <param name="name">Name or alias of the condition kind.</param>
    /// <param name="picture">Path of the picture.</param>
    /// <param name="options">Texts by name.</param>
    /// <exception cref="UsageException">A part is wrong; the message names it, its value and what is allowed.</exception>
    public static UnitSpecification Of(string name, string picture, IReadOnlyDictionary<string, string> options)
    {
        var values = new Dictionary<string, string>(options, StringComparer.Ordinal);
        var kind = Found(name, ConditionKind.Find);
        var named = Take<string?>(values, "annotator", null, name => name);
        var measured = MeasuredHints.IsKeyPoints(kind.Name, picture) ? MeasuredPose.Info : null;
        var annotator = named == "none" || (kind.Name == Hint && named is null) ? null
            : named is null ? Found(kind.Name, _ => AnnotatorCatalogue.DefaultOf(kind)) : Named(kind, named, measured);
        var unit = new UnitSpecification
        {
            Kind = kind,
            Picture = picture,
            Strength = new ControlStrength
            {
                Weight = Number(values, "weight", 1, MostWeight),
                Start = Number(values, "start", 0, 1),
                End = Number(values, "end", 1, 1),
                Mode = Take(values, "mode", ControlMode.Balanced, text => Choices.Of<ControlMode>(Option, text, "mode")),
                Layers = Take(values, "layers", null, Layers),
            },
            Model = Take<string?>(values, "model", null, path => path),
            Annotator = measured ?? annotator,
            Resize = Take(values, "resize", ResizeMode.Crop, text => Choices.Of<ResizeMode>(Option, text, "resize")),
            Mask = Take<string?>(values, "mask", null, path => path),
            Holes = Take<string?>(values, "inpaint", null, path => path),
            Passes = Take(values, "hires", ControlPasses.Both, text => Choices.Of<ControlPasses>(Option, text, "hires")),
            Pools = Take<bool?>(values, "pooling", null, text => text switch
            {
                "auto" => null,
                "average" => true,
                "none" => false,
                _ => throw Wrong("pooling", text, "auto, average or none"),
            }),
            Resolution = Take<int?>(values, "resolution", null, text => text == "auto" ? null
                : int.TryParse(text, out var side) && side is >= LeastResolution and <= MostResolution ? side
                : throw Wrong("resolution", text, $"auto or a whole number from {LeastResolution} to {MostResolution}")),
            SwapsChannels = Take(values, "channels", false, name => name is "rgb" or "bgr" ? name == "bgr" : throw Wrong("channels", name, "rgb or bgr")),
            AnnotatorValues = values,
        };
        unit.Check();
        return unit;
    }

    private static AnnotatorInfo Named(ConditionKind kind, string name, AnnotatorInfo? measured)
    {
        // A drawing of dark lines can be turned round for every kind of lines.
        var lines = HintCheck.IsOfLines(kind) ? AnnotatorCatalogue.Find("invert") : null;
        var more = new[] { lines, measured }.OfType<AnnotatorInfo>();
        var known = AnnotatorCatalogue.Of(kind).Concat(more).Distinct().ToList();
        return known.Find(info => info.ModuleNames.Contains(name, StringComparer.OrdinalIgnoreCase))
            ?? throw Wrong("annotator", name, kind.Name == Hint ? $"none: a picture of the kind {Hint} is taken as it is"
                : string.Join(" or ", known.SelectMany(info => info.ModuleNames).Prepend("none, where the picture already is the hint,")));
    }

    private static UsageException Wrong(string name, string value, string allowed) => UsageException.Of(Option, $"{name}={value}", $"{name} must be {allowed}.");

    private static (string Kind, string Picture, Dictionary<string, string> Options) FromText(string text)
    {
        var fields = text.Split(',');
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            var equals = field.IndexOf('=');
            if (equals <= 0 || equals == field.Length - 1)
            {
                throw UsageException.Of(Option, text, $"'{field}' must be name=value; a unit is written KIND=PICTURE,option=value,…");
            }

            if (!options.TryAdd(field[..equals].Trim(), field[(equals + 1)..]))
            {
                throw UsageException.Of(Option, text, $"'{field[..equals]}' is given twice.");
            }
        }

        var kind = fields[0][..fields[0].IndexOf('=')].Trim();
        options.Remove(kind, out var picture);
        return (kind, picture!, options);
    }

    private static (string Kind, string Picture, Dictionary<string, string> Options) FromJson(string path)
    {
        if (!File.Exists(path))
        {
            throw UsageException.Of(Option, "@" + path, "there is no such file.");
        }

        try
        {
            using var document = JsonDocument.Parse(ByteOrderMark.Removed(File.ReadAllBytes(path)));
            var options = document.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ToString(), StringComparer.Ordinal);
            return options.Remove("kind", out var kind) && options.Remove("picture", out var picture) ? (kind, picture, options)
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

    private static T Found<T>(string name, Func<string, T> find)
    {
        try
        {
            return find(name);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(Option, $"{Option} {name}=…: {e.Message.Split(" (Parameter")[0]}");
        }
    }

    private void Check()
    {
        if (Strength.Start > Strength.End)
        {
            throw UsageException.Of(Option, $"start={Strength.Start},end={Strength.End}", "start must not be after end.");
        }

        if (IsHint && Resolution is { } resolution)
        {
            throw UsageException.Of(Option, $"resolution={resolution}", "resolution is for annotators; a picture that already is the hint is brought to the size of the result.");
        }

        if (Holes is not null && !IsHint)
        {
            throw UsageException.Of(Option, $"inpaint={Holes}", "inpaint is for hints that are pictures as they are: the kind hint, or annotator=none.");
        }

        if (Kind.Name == Hint && Model is null)
        {
            throw UsageException.Of(Option, $"{Hint}={Picture}", $"a unit of the kind {Hint} needs model=FILE.");
        }

        var known = Own.Concat(Annotator?.Options.Select(option => option.Name) ?? []).ToArray();
        if (AnnotatorValues.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            var nearest = known.MinBy(name => Distance(name, unknown))!;
            throw UsageException.Of(Option, $"{unknown}={AnnotatorValues[unknown]}", $"there is no option '{unknown}'{(Distance(nearest, unknown) <= 3 ? $"; did you mean '{nearest}'?" : ".")} Known are {string.Join(", ", known)}.");
        }

        if (Annotator is not null)
        {
            try
            {
                AnnotatorOptions.Parse(Annotator, AnnotatorValues);
            }
            catch (ArgumentException e)
            {
                throw UsageException.Of(Option, $"{e.ParamName}={AnnotatorValues.GetValueOrDefault(e.ParamName ?? "")}", e.Message.Split('\n')[0].Split(" (Parameter")[0]);
            }
        }
    }

    /// <summary>Numbers between colons or semicolons, or a JSON array of them.</summary>
    private static IReadOnlyList<double>? Layers(string text) => [.. text.Trim('[', ']').Split(':', ';', ',').Select(number => Numbers.Real(Option, number.Trim(), 0, MostWeight, "layers"))];

    private static double Number(Dictionary<string, string> values, string name, double otherwise, double most) =>
        Take(values, name, otherwise, text => Numbers.Real(Option, text, 0, most, name));

    private static T Take<T>(Dictionary<string, string> values, string name, T otherwise, Func<string, T> read) => values.Remove(name, out var text) ? read(text) : otherwise;

    /// <summary>Edit distance. Source: Levenshtein 1966.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                (diagonal, row[j]) = (row[j], cost);
            }
        }

        return row[^1];
    }
}
