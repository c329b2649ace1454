using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ControlNetSharp.Samplers;
using static ControlNetSharp.Requests.InfotextVocabulary;

namespace ControlNetSharp.Requests;

/// <summary>
/// Goes over the settings of an infotext, key by key. What a request may be is told by <see cref="RequestRules"/>: a
/// value is tried, and is a loss where they refuse it.
/// </summary>
internal sealed partial class InfotextReader
{
    private const string NoStart = "belongs to a picture to start from, which is not in the text.";

    private const string Resources = "Civitai resources";
    private const string NoFiles = "its numbers say nothing of files or their hashes.";

    private readonly List<KeyValuePair<string, string>> _settings;
    private readonly HashSet<int> _taken = [];
    private readonly List<(int Index, InfotextLoss Loss)> _losses = [];
    private readonly List<InfotextLoss> _missing = [];
    private GenerationRequest _request;

    public InfotextReader(Infotext text)
    {
        _settings = [.. text.Settings];
        _request = new GenerationRequest { Prompt = text.Prompt, NegativePrompt = text.NegativePrompt };
    }

    public InfotextRequest Read()
    {
        // They come first: where theirs stand without quotes, they have a model, too.
        var found = InfotextUnits.Find(_settings, _taken);
        var hashes = ReadHashes();
        var model = ReadModel(hashes);
        var vae = ReadVae(hashes);
        var loras = ReadNames("Lora hashes", "lora:", hashes);
        var embeddings = ReadNames("TI hashes", "embed:", hashes);
        ReadSampling();
        var hasSameNoise = ReadNoise();
        ReadSeed();
        ReadSize();
        ReadTextAndTiling();
        ReadSecondPass();
        ReadStart();
        // Texts of this program say what was asked for here, where nothing is softened unasked.
        var isSoft = _request.Hires is not null && !IsBy(OwnProgram);
        var units = found.Select(fields => InfotextUnits.Make(fields, isSoft, _losses)).OfType<InfotextUnit>().ToList();
        ReadRest();
        return new InfotextRequest
        {
            Request = _request,
            Units = units,
            Losses = [.. _losses.OrderBy(loss => loss.Index).Select(loss => loss.Loss), .. _missing],
            Model = model,
            Vae = vae,
            Loras = loras,
            Embeddings = embeddings,
            HasSameNoise = hasSameNoise,
        };
    }

    /// <summary>
    /// Civitai's list of all hashes, by <c>model</c>, <c>vae</c>, <c>lora:name</c> and <c>embed:name</c>.
    /// </summary>
    private Dictionary<string, string> ReadHashes()
    {
        var hashes = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (Take("Hashes") is not { } setting)
        {
            return hashes;
        }

        try
        {
            using var json = JsonDocument.Parse(setting.Value);
            foreach (var property in json.RootElement.EnumerateObject())
            {
                hashes[property.Name] = property.Value.GetString() ?? "";
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            Lose(setting, "is no object of JSON whose values are hashes.");
        }

        return hashes;
    }

    private HashedName? ReadModel(Dictionary<string, string> hashes)
    {
        var (name, hash) = (Take("Model")?.Value.Trim(), Take("Model hash"));
        var digits = HashOf(hash?.Value) ?? HashOf(hashes.GetValueOrDefault("model"));
        if (string.IsNullOrEmpty(name) && digits is null)
        {
            _missing.Add(new("Model", hash?.Value ?? "", "the text does not say by name or hash which model it was."));
            return null;
        }

        var model = new HashedName(string.IsNullOrEmpty(name) ? null : name, digits);
        var isEmbedded = model.Name == GenerationRequest.EmbeddedModel;
        _request = _request with { Model = isEmbedded ? GenerationRequest.EmbeddedModel : model.ToString() };
        return model;
    }

    private HashedName? ReadVae(Dictionary<string, string> hashes)
    {
        // Forge writes modules; for the families of Stable Diffusion the only one there is the Autoencoder.
        var modules = _settings.Where(setting => ForgeModule().IsMatch(setting.Key)).ToList();
        var named = Take("VAE") ?? Take("vae_name") ?? (modules.Count == 1 ? Take(modules[0].Key) : null);
        var hash = Take("VAE hash");
        var name = named?.Value is { } value && !OwnVae.Contains(value) ? value : null;
        var digits = HashOf(hash?.Value) ?? HashOf(hashes.GetValueOrDefault("vae"));
        if (name is null && (digits is null || named is not null))
        {
            return null;
        }

        var vae = new HashedName(name, digits);
        _request = _request with { Vae = vae.ToString() };
        return vae;
    }

    private List<HashedName> ReadNames(string key, string prefix, Dictionary<string, string> hashes)
    {
        var names = InfotextSettings
            .Parse(Take(key)?.Value ?? "")
            .Select(pair => new HashedName(pair.Key, HashOf(pair.Value)));
        var civitai = hashes
            .Where(pair => pair.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .Select(pair => new HashedName(pair.Key[prefix.Length..], HashOf(pair.Value)));
        return [.. names.Concat(civitai).DistinctBy(network => network.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private void ReadSampling()
    {
        var (sampler, schedule) = (Take("Sampler"), Take("Schedule type") ?? Take("Scheduler"));
        var isAutomatic = schedule is { } any && Same(any.Value, SamplerCatalogue.Automatic);
        if (sampler is { } named)
        {
            Try(
                named,
                request =>
                {
                    var (name, scheduler, isCombined) = SamplerNamed(named.Value);
                    var wanted = isAutomatic && !isCombined ? SamplerCatalogue.Automatic : scheduler;
                    return request with { Sampler = name, Scheduler = wanted };
                }
            );
        }

        if (schedule is { } type && !isAutomatic)
        {
            Try(type, request => request with { Scheduler = SchedulerNamed(type.Value) });
        }

        TryWhole("Steps", (request, steps) => request with { Steps = steps });
        TryNumber("CFG scale", (request, scale) => request with { GuidanceScale = scale });
        var resolved = SamplerCatalogue.Resolve(_request.Sampler).Sampler;
        if (resolved.DefaultEta is { } usual)
        {
            TryNumber(EtaKeyOf(resolved.Name), (request, eta) => request with { Eta = eta == usual ? null : eta });
        }
    }

    private bool IsBy(string program) =>
        _settings.Any(setting =>
            Same(setting.Key, "Version") && setting.Value.StartsWith(program, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>
    /// Noise of the CPU is ours; ComfyUI draws it there, and stable-diffusion-webui where it says so.
    /// </summary>
    private bool ReadNoise()
    {
        if (Take("RNG") is not { } source)
        {
            return OwnNoise.Any(IsBy);
        }

        if (Same(source.Value, "CPU"))
        {
            return true;
        }

        Lose(source, "noise is drawn as on a CPU here: the picture will be another one.");
        return false;
    }

    private void ReadSeed()
    {
        if (Take("Seed") is not { } seed)
        {
            _missing.Add(new("Seed", "", "the text does not say it: the picture will be another one."));
        }
        else if (seed.Value == "-1")
        {
            Lose(seed, "means any seed: the picture will be another one.");
        }
        else
        {
            Try(seed, request => request with { Seed = (long)WholeNumber(seed) });
        }
    }

    /// <summary>
    /// Sizes are those of the result's first pass. stable-diffusion-webui takes any and makes latents of whole blocks,
    /// so that the picture has the next smaller multiple of 8; of old, it named the size of the first pass apart.
    /// </summary>
    private void ReadSize()
    {
        var (size, first) = (Take("Size"), Take("First pass size"));
        if (first is { } smaller)
        {
            Try(
                smaller,
                request =>
                    InfotextSizes.SidesOf(smaller) == default && size is { } whole
                        ? request with
                        {
                            Size = InfotextSizes.FirstPassOf(InfotextSizes.SidesOf(whole)),
                        }
                        : request with
                        {
                            Size = InfotextSizes.SizeOf(smaller),
                        }
            );
        }

        if (size is { } only && _request.Size is null)
        {
            Try(only, request => request with { Size = InfotextSizes.SizeOf(only) });
        }
        else if (size is { } result)
        {
            _request = _request with
            {
                Hires = new HiresPass { Scale = 1, Denoise = 1 },
            };
            Try(result, request => InfotextSizes.WithSecondPass(request, result));
        }
    }

    private void ReadTextAndTiling()
    {
        // A1111 leaves the model's own layer where it says 1; ComfyUI counts from the end with -1.
        TryWhole(
            "Clip skip",
            (request, layer) => request with { ClipSkip = Math.Abs(layer) is > 1 and var skip ? skip : null }
        );
        TryNumber("Token merging ratio", (request, ratio) => request with { TokenMerging = ratio });
        if (Take("Tiling") is { } tiling)
        {
            Try(
                tiling,
                request =>
                    bool.TryParse(tiling.Value, out var on)
                        ? request with
                        {
                            Tiling = on,
                        }
                        : throw tiling.Refused("must be True or False.")
            );
        }
    }

    private void ReadSecondPass()
    {
        if (_request.Hires is null && !HiresKeys.Any(Has))
        {
            return;
        }

        // With all of the picture made anew the fewest steps are needed, so that no part is refused for the sake of one
        // still to come.
        _request = _request with
        {
            Hires = (_request.Hires ?? new HiresPass { Scale = 1 }) with { Denoise = 1 },
        };
        TryNumber("Hires upscale", (request, scale) => request with { Hires = request.Hires! with { Scale = scale } });
        if (Take("Hires resize") is { } resize)
        {
            Try(resize, request => InfotextSizes.WithSecondPass(request, resize));
        }

        TryWhole(
            "Hires steps",
            (request, steps) => request with { Hires = request.Hires! with { Steps = steps == 0 ? null : steps } }
        );
        TryNumber(
            "Denoising strength",
            (request, denoise) => request with { Hires = request.Hires! with { Denoise = denoise } }
        );
        if (Take("Hires upscaler") is { } upscaler)
        {
            Try(
                upscaler,
                request => request with { Hires = request.Hires! with { Upscaler = UpscalerNamed(upscaler.Value) } }
            );
        }

        ReadSameAsFirst();
    }

    /// <summary>What the second pass has of its own elsewhere, and here is that of the first.</summary>
    private void ReadSameAsFirst()
    {
        TakeIfSame(
            "Hires sampler",
            value => Same(value, "Use same sampler") || SamplerNamed(value).Sampler == _request.Sampler
        );
        TakeIfSame(
            "Hires schedule type",
            value =>
                Same(value, "Use same scheduler")
                || SchedulerNamed(value)
                    == SamplerCatalogue.Resolve(_request.Sampler, _request.Scheduler).Scheduler.Name
        );
        TakeIfSame("Hires CFG scale", value => Number(value) == _request.GuidanceScale);
        TakeIfSame("Hires prompt", value => value.Length == 0 || value == _request.Prompt);
        TakeIfSame("Hires negative prompt", value => value.Length == 0 || value == _request.NegativePrompt);
        TakeIfSame("Hires checkpoint", value => Same(value, "Use same checkpoint"));
        TakeIfSame("Hires Module 1", value => Same(value, "Use same choices"));
    }

    private void ReadStart()
    {
        // Its old API wrote 0 for pictures that started from none.
        if (Take("Denoising strength") is { } denoise && Number(denoise.Value) != 0)
        {
            Lose(denoise, NoStart);
        }

        foreach (var key in StartKeys)
        {
            if (Take(key) is { } setting && !IsOff(setting.Key, setting.Value))
            {
                Lose(setting, NoStart);
            }
        }
    }

    private void ReadRest()
    {
        foreach (var (index, setting) in _settings.Index())
        {
            if (!_taken.Contains(index) && !ChangesNothing(setting))
            {
                var reason = Same(setting.Key, Resources) ? NoFiles : NothingLikeIt;
                _losses.Add((index, new(setting.Key, setting.Value, reason)));
            }
        }
    }

    private bool ChangesNothing(KeyValuePair<string, string> setting) =>
        Tells.Contains(setting.Key) || IsOff(setting.Key, setting.Value) || IsOurEta(setting) || IsOurModel(setting);

    private static bool IsOff(string key, string value) =>
        OffValues.Contains(value)
        || (
            Unchanged.TryGetValue(key, out var usual)
            && (Same(value, usual) || (Number(value) is { } number && number == Number(usual)))
        );

    private bool IsOurEta(KeyValuePair<string, string> setting) =>
        (Same(setting.Key, "Eta") || Same(setting.Key, "Eta DDIM"))
        && Number(setting.Value) is { } eta
        && eta == SamplerCatalogue.Resolve(_request.Sampler).Sampler.DefaultEta;

    /// <summary>Civitai's list says nothing new where it has only the model, which is named.</summary>
    private bool IsOurModel(KeyValuePair<string, string> setting) =>
        Same(setting.Key, Resources) && Has("Model") && !OtherResource().IsMatch(setting.Value);

    private bool Has(string key) => _settings.Any(setting => Same(setting.Key, key));

    /// <summary>
    /// The first setting of a key; the later ones say the same or cannot be told apart, and go with it.
    /// </summary>
    private InfotextSetting? Take(string key)
    {
        InfotextSetting? first = null;
        foreach (var (index, setting) in _settings.Index())
        {
            if (!_taken.Contains(index) && Same(setting.Key, key))
            {
                _taken.Add(index);
                first ??= new InfotextSetting(index, setting.Key, setting.Value);
            }
        }

        return first;
    }

    private void TakeIfSame(string key, Func<string, bool> isSame)
    {
        if (Take(key) is { } setting && !Holds(() => isSame(setting.Value)))
        {
            Lose(setting, "must be that of the first pass.");
        }
    }

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

    private void TryWhole(string key, Func<GenerationRequest, int, GenerationRequest> change)
    {
        if (Take(key) is { } setting)
        {
            Try(
                setting,
                request => change(request, (int)Math.Clamp(WholeNumber(setting), -int.MaxValue, int.MaxValue))
            );
        }
    }

    private void TryNumber(string key, Func<GenerationRequest, double, GenerationRequest> change)
    {
        if (Take(key) is { } setting)
        {
            Try(
                setting,
                request => change(request, Number(setting.Value) ?? throw setting.Refused("must be a number."))
            );
        }
    }

    /// <summary>Python writes some whole numbers with a point.</summary>
    private static double WholeNumber(InfotextSetting setting) =>
        Number(setting.Value) is { } number && number == Math.Floor(number)
            ? number
            : throw setting.Refused("must be a whole number.");

    private void Try(InfotextSetting setting, Func<GenerationRequest, GenerationRequest> change)
    {
        try
        {
            var changed = change(_request);
            changed.Check();
            _request = changed;
        }
        catch (RequestException e)
        {
            Lose(setting, e.Problem);
        }
    }

    private void Lose(InfotextSetting setting, string reason) =>
        _losses.Add((setting.Index, new(setting.Key, setting.Value, reason)));

    [GeneratedRegex(@"^Module \d+$", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex ForgeModule();

    [GeneratedRegex(
        "\"type\"\\s*:\\s*\"(?!checkpoint\")",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        1000
    )]
    private static partial Regex OtherResource();
}
