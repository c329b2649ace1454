using static ControlNetSharp.Requests.InfotextVocabulary;

namespace ControlNetSharp.Requests;

/// <summary>
/// A request in the making from the settings of an infotext. Each setting is taken once and tried: what a request may
/// be is told by <see cref="RequestRules"/>, and what they refuse is a loss.
/// </summary>
internal sealed class InfotextDraft
{
    private readonly List<KeyValuePair<string, string>> _settings;
    private readonly HashSet<int> _taken = [];
    private readonly List<(int Index, InfotextLoss Loss)> _losses = [];
    private readonly List<InfotextLoss> _missing = [];

    public InfotextDraft(Infotext text)
    {
        _settings = [.. text.Settings];
        Request = new GenerationRequest { Prompt = text.Prompt, NegativePrompt = text.NegativePrompt };
    }

    /// <summary>The request so far.</summary>
    public GenerationRequest Request { get; set; }

    /// <summary>All settings, taken or not.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings => _settings;

    /// <summary>Those that nobody has taken.</summary>
    public IEnumerable<InfotextSetting> Rest =>
        _settings
            .Index()
            .Where(setting => !_taken.Contains(setting.Index))
            .Select(setting => new InfotextSetting(setting.Index, setting.Item.Key, setting.Item.Value));

    /// <summary>What the request does not have of the text, in order, and then what the text does not say.</summary>
    public IReadOnlyList<InfotextLoss> Losses =>
        [.. _losses.OrderBy(loss => loss.Index).Select(loss => loss.Loss), .. _missing];

    /// <summary>Takes the settings of control units.</summary>
    public IReadOnlyList<InfotextUnitFields> TakeUnits() => InfotextUnits.Find(_settings, _taken);

    /// <summary>Makes a unit; null where it cannot be.</summary>
    /// <param name="fields">Its settings.</param>
    /// <param name="isSoft">Whether there is a second pass, in which it may have acted softly unasked.</param>
    public InfotextUnit? UnitOf(InfotextUnitFields fields, bool isSoft) => InfotextUnits.Make(fields, isSoft, _losses);

    /// <summary>Whether there is a setting of a key, taken or not.</summary>
    public bool Has(string key) => _settings.Any(setting => Same(setting.Key, key));

    /// <summary>
    /// The first setting of a key; the later ones say the same or cannot be told apart, and go with it.
    /// </summary>
    public InfotextSetting? Take(string key)
    {
        var all = Rest.Where(setting => Same(setting.Key, key)).ToList();
        _taken.UnionWith(all.Select(setting => setting.Index));
        return all.Count == 0 ? null : all[0];
    }

    /// <summary>Takes a setting of the second pass, which is a loss where it is not as in the first.</summary>
    public void TakeIfSame(string key, Func<string, bool> isSame)
    {
        if (Take(key) is { } setting && !Holds(() => isSame(setting.Value)))
        {
            Lose(setting, "must be that of the first pass.");
        }
    }

    /// <summary>Takes a setting that is a whole number, and tries what it changes.</summary>
    public void TryWhole(string key, Func<GenerationRequest, int, GenerationRequest> change)
    {
        if (Take(key) is { } setting)
        {
            Try(
                setting,
                request => change(request, (int)Math.Clamp(WholeNumber(setting), -int.MaxValue, int.MaxValue))
            );
        }
    }

    /// <summary>The same of any number.</summary>
    public void TryNumber(string key, Func<GenerationRequest, double, GenerationRequest> change)
    {
        if (Take(key) is { } setting)
        {
            Try(
                setting,
                request => change(request, Number(setting.Value) ?? throw setting.Refused("must be a number."))
            );
        }
    }

    /// <summary>Changes the request, or loses the setting where the rules refuse the change.</summary>
    public void Try(InfotextSetting setting, Func<GenerationRequest, GenerationRequest> change)
    {
        try
        {
            var changed = change(Request);
            changed.Check();
            Request = changed;
        }
        catch (RequestException e)
        {
            Lose(setting, e.Problem);
        }
    }

    /// <summary>Tells of a setting that the request does not have.</summary>
    public void Lose(InfotextSetting setting, string reason) =>
        _losses.Add((setting.Index, new(setting.Key, setting.Value, reason)));

    /// <summary>Tells of what the text does not say.</summary>
    public void Miss(string key, string value, string reason) => _missing.Add(new(key, value, reason));

    /// <summary>Python writes some whole numbers with a point.</summary>
    public static double WholeNumber(InfotextSetting setting) =>
        Number(setting.Value) is { } number && number == Math.Floor(number)
            ? number
            : throw setting.Refused("must be a whole number.");

    private static bool Holds(Func<bool> condition)
    {
        try
        {
            return condition();
        }
        catch (RequestException)
        {
            return false;
        }
    }
}
