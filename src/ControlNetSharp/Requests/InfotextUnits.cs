using System.Globalization;
using System.Text.RegularExpressions;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Pictures;
using static ControlNetSharp.Requests.InfotextVocabulary;

namespace ControlNetSharp.Requests;

/// <summary>
/// The control units of an infotext. sd-webui-controlnet has written them in four forms, all of which are read:
/// <c>ControlNet 0</c> with one list of <c>Module: canny, Weight: 1</c> or of <c>preprocessor: canny, starting/ending:
/// (0, 1)</c>, the same list without quotes, and one setting for each value, <c>ControlNet-0 Module: canny</c>. Source:
/// its scripts/infotext.py and scripts/controlnet.py, v1.0 to v1.1.455 (behaviour).
/// </summary>
internal static partial class InfotextUnits
{
    /// <summary>The one of <see cref="PictureModules"/> that goes with every file.</summary>
    public const string UsualPictureModule = "ip-adapter-auto";

    /// <summary>What annotators of sd-webui-controlnet look at where the text does not say it.</summary>
    private const string UsualResolution = "512";

    /// <summary>
    /// What sd-webui-controlnet calls the look at a picture for an IP-Adapter; here the file says what is looked for.
    /// </summary>
    private static readonly string[] PictureModules =
    [
        UsualPictureModule,
        "ip-adapter_clip_sd15",
        "ip-adapter_clip_h",
        "ip-adapter_clip_sdxl",
        "ip-adapter_clip_g",
        "ip-adapter_clip_sdxl_plus_vith",
    ];

    /// <summary>No picture: a unit is checked without it.</summary>
    private static readonly PictureSource Unknown = PictureSource.FromFile("picture");

    /// <summary>Names of annotators that are a kind's name here.</summary>
    private static readonly Dictionary<string, string> Modules = new(StringComparer.OrdinalIgnoreCase)
    {
        ["depth"] = "depth_midas",
        ["hed"] = "softedge_hed",
        ["fake_scribble"] = "scribble_hed",
        ["lineart"] = "lineart_realistic",
    };

    /// <summary>Other names of fields.</summary>
    private static readonly Dictionary<string, string> Synonyms = new(StringComparer.Ordinal)
    {
        ["preprocessor"] = "module",
        ["starting step"] = "guidance start",
        ["ending step"] = "guidance end",
        ["preprocessor parameters"] = "preprocessor params",
    };

    /// <summary>Fields that a request has, and those that change nothing.</summary>
    private static readonly HashSet<string> Known =
    [
        "module",
        "model",
        "weight",
        "resize mode",
        "processor res",
        "threshold a",
        "threshold b",
        "guidance start",
        "guidance end",
        "starting/ending",
        "pixel perfect",
        "control mode",
        "hr option",
        "preprocessor params",
        "enabled",
        "low vram",
        "lowvram",
        "save detected map",
        "is ui",
        "use preview as input",
        "inpaint crop input image",
    ];

    /// <summary>Values of other fields with which they change nothing.</summary>
    private static readonly HashSet<string> OffFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "-1",
        "Unknown",
        "simple",
        "Fidelity",
    };

    /// <summary>Finds the units among the settings.</summary>
    /// <param name="settings">All settings.</param>
    /// <param name="taken">Gets the indices of theirs.</param>
    public static IReadOnlyList<InfotextUnitFields> Find(
        IReadOnlyList<KeyValuePair<string, string>> settings,
        HashSet<int> taken
    )
    {
        var units = new SortedDictionary<int, InfotextUnitFields>();
        InfotextUnitFields? open = null;
        foreach (var (index, (key, value)) in settings.Index())
        {
            if (UnitKey().Match(key) is { Success: true } match)
            {
                var number = match.Groups["number"].Value is { Length: > 0 } digits ? Whole(digits) : 0;
                var unit = units.GetValueOrDefault(number) ?? (units[number] = new(index, match.Groups["unit"].Value));
                var field = match.Groups["field"].Value;
                var fields = field.Length > 0 ? [new(field, value)] : InfotextSettings.Parse(value);
                foreach (var (name, content) in fields)
                {
                    unit.Add(NameOf(name), name, content);
                }

                // Without quotes, the list ends at its first comma, and the rest of it looks like settings.
                open = field.Length == 0 && fields.Count == 1 ? unit : null;
                taken.Add(index);
            }
            else if (open is not null && Known.Contains(NameOf(key)) && open.Add(NameOf(key), key, value))
            {
                taken.Add(index);
            }
            else
            {
                open = null;
            }
        }

        return [.. units.Values];
    }

    /// <summary>Makes a unit; null where none can be made of it, or where it was off.</summary>
    /// <param name="fields">What the text says of it.</param>
    /// <param name="isSoft">Whether units of hard lines were softened in a second pass.</param>
    /// <param name="losses">Gets what the unit does not have; its picture is always among that.</param>
    public static InfotextUnit? Make(
        InfotextUnitFields fields,
        bool isSoft,
        List<(int Index, InfotextLoss Loss)> losses
    )
    {
        if (Same(fields["enabled"] ?? "True", "False"))
        {
            return null;
        }

        var module = fields["module"] ?? ControlUnit.NoAnnotator;
        var annotator = AnnotatorNamed(module);
        var isHint = Same(module, ControlUnit.NoAnnotator);
        var looks = IsForIpAdapter(module);
        var takesNetwork = annotator is null || ConditionKind.Find(annotator.Kind).TakesNetwork;
        var problem =
            annotator is null && !isHint && !looks ? $"there is no annotator of the name {module} here."
            : takesNetwork && (fields["model"] is "None" or "" || (isHint && fields["model"] is null))
                ? "it names no ControlNet."
            : null;
        if (problem is not null)
        {
            losses.Add((fields.Index, new(fields.Key, fields.ToString(), problem)));
            return null;
        }

        var unit = new ControlUnit
        {
            Kind = annotator?.Kind ?? (looks ? IpAdapterFile.Kind : ControlUnit.HintKind),
            Annotator = annotator?.Name,
            Picture = Unknown,
            Model = takesNetwork ? fields["model"] : null,
        };
        var draft = new Draft(fields, unit, losses);
        draft.SetValues();
        if (annotator is not null)
        {
            draft.SetAnnotator(annotator);
        }

        losses.AddRange(
            fields
                .Others(Known)
                .Where(field => !OffValues.Contains(field.Value) && !OffFields.Contains(field.Value))
                .Select(field => new InfotextLoss($"{fields.Key} {field.Written}", field.Value, NothingLikeIt))
                .Select(loss => (fields.Index, loss))
        );
        losses.Add((fields.Index, new(fields.Key, fields.ToString(), "its picture is not in the text.")));
        return new InfotextUnit(fields.Key, isSoft ? SecondPassSoftness.Of(draft.Unit) : draft.Unit);
    }

    /// <summary>A unit that takes one field after the other; what it cannot take is lost.</summary>
    private sealed class Draft(InfotextUnitFields fields, ControlUnit unit, List<(int Index, InfotextLoss Loss)> losses)
    {
        public ControlUnit Unit { get; private set; } = unit;

        public void SetValues()
        {
            var range = Numbers(fields["starting/ending"]);
            var start = fields["guidance start"] ?? range.ElementAtOrDefault(0);
            var end = fields["guidance end"] ?? range.ElementAtOrDefault(1);
            Try("weight", fields["weight"], value => Unit with { Weight = NumberOf(value) });
            Try("guidance end", end, value => Unit with { End = NumberOf(value) });
            Try("guidance start", start, value => Unit with { Start = NumberOf(value) });
            Try(
                "resize mode",
                fields["resize mode"],
                value => Unit with { Resize = ValueOf(InfotextWords.Resize, value) }
            );
            Try(
                "control mode",
                fields["control mode"],
                value => Unit with { Mode = ValueOf(InfotextWords.Mode, value) }
            );
            Try("hr option", fields["hr option"], value => Unit with { Passes = ValueOf(InfotextWords.Passes, value) });
        }

        public void SetAnnotator(AnnotatorInfo info)
        {
            var sliders = Numbers(fields["preprocessor params"]);
            if (ConditionKind.Find(info.Kind).TakesNetwork && !Same(fields["pixel perfect"] ?? "False", "True"))
            {
                var said = fields["processor res"] ?? sliders.ElementAtOrDefault(0);
                var resolution = said is null or "-1" or "None" ? UsualResolution : said;
                Try("processor res", resolution, value => Unit with { Resolution = (int)NumberOf(value) });
            }

            var first = fields["threshold a"] ?? sliders.ElementAtOrDefault(1);
            var second = fields["threshold b"] ?? sliders.ElementAtOrDefault(2);
            foreach (var (option, value) in info.Sliders.Zip([first, second]))
            {
                // Values that the annotator does not allow come from sliders that it does not have, or are put right in
                // silence there.
                if (Number(value ?? "") is { } number && option.Allows(number) && number != option.Default)
                {
                    var options = new Dictionary<string, double>(Unit.Options) { [option.Name] = number };
                    Unit = Unit with { Options = options };
                }
            }
        }

        private void Try(string name, string? value, Func<string, ControlUnit> change)
        {
            if (value is null)
            {
                return;
            }

            try
            {
                var changed = change(value);
                RequestRules.CheckUnit(changed, fields.Key);
                Unit = changed;
            }
            catch (RequestException e)
            {
                losses.Add((fields.Index, new($"{fields.Key} {name}", value, e.Problem)));
            }
        }
    }

    private static string NameOf(string field)
    {
        var name = field.Trim().Replace('_', ' ').ToLowerInvariant();
        return Synonyms.GetValueOrDefault(name, name);
    }

    /// <summary>
    /// The annotator of a module's name, which may have its label behind it; null where there is none.
    /// </summary>
    public static AnnotatorInfo? AnnotatorNamed(string module)
    {
        string[] names = [Modules.GetValueOrDefault(module, module), module.Split(" (")[0]];
        return names
            .SelectMany(name =>
                AnnotatorCatalogue.All.Where(info => info.ModuleNames.Contains(name, StringComparer.OrdinalIgnoreCase))
            )
            .FirstOrDefault();
    }

    /// <summary>Whether a module looks at a picture for an IP-Adapter.</summary>
    public static bool IsForIpAdapter(string module) =>
        PictureModules.Contains(module, StringComparer.OrdinalIgnoreCase);

    private static string[] Numbers(string? tuple) =>
        tuple?.Trim('(', ')', ' ').Split(',', StringSplitOptions.TrimEntries) ?? [];

    private static double NumberOf(string value) =>
        Number(value) ?? throw new RequestException("", value, "must be a number.");

    private static T ValueOf<T>((T Value, string[] Words)[] table, string word)
        where T : struct, Enum => InfotextWords.ValueOf(table, "", word);

    [GeneratedRegex(
        @"^(?<unit>ControlNet([ -]?(?<number>\d{1,3}))?)( (?<field>\D.*))?$",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        1000
    )]
    private static partial Regex UnitKey();
}
