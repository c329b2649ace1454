using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ControlNetSharp.Samplers;
using static ControlNetSharp.Requests.InfotextVocabulary;

namespace ControlNetSharp.Requests;

/// <summary>Goes over the settings of an infotext, key by key: what each means for the request.</summary>
internal sealed partial class InfotextReader(Infotext text)
{
    private const string NoStart = "belongs to a picture to start from, which is not in the text.";

    private const string Resources = "Civitai resources";
    private const string NoFiles = "its numbers say nothing of files or their hashes.";

    private readonly InfotextDraft _draft = new(text);

    public InfotextRequest Read()
    {
        // They come first: where theirs stand without quotes, they have a model, too.
        var found = _draft.TakeUnits();
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
        var isSoft = _draft.Request.Hires is not null && !IsBy(OwnProgram);
        var units = found.Select(fields => _draft.UnitOf(fields, isSoft)).OfType<InfotextUnit>().ToList();
        ReadRest();
        return new InfotextRequest
        {
            Request = _draft.Request,
            Units = units,
            Losses = _draft.Losses,
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
        if (_draft.Take("Hashes") is not { } setting)
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
            _draft.Lose(setting, "is no object of JSON whose values are hashes.");
        }

        return hashes;
    }

    private HashedName? ReadModel(Dictionary<string, string> hashes)
    {
        var (name, hash) = (_draft.Take("Model")?.Value.Trim(), _draft.Take("Model hash"));
        var digits = HashOf(hash?.Value) ?? HashOf(hashes.GetValueOrDefault("model"));
        if (string.IsNullOrEmpty(name) && digits is null)
        {
            _draft.Miss("Model", hash?.Value ?? "", "the text does not say by name or hash which model it was.");
            return null;
        }

        var model = new HashedName(string.IsNullOrEmpty(name) ? null : name, digits);
        var isEmbedded = model.Name == GenerationRequest.EmbeddedModel;
        _draft.Request = _draft.Request with
        {
            Model = isEmbedded ? GenerationRequest.EmbeddedModel : model.ToString(),
        };
        return model;
    }

    private HashedName? ReadVae(Dictionary<string, string> hashes)
    {
        // Forge writes modules; for the families of Stable Diffusion the only one there is the Autoencoder.
        var modules = _draft.Settings.Where(setting => ForgeModule().IsMatch(setting.Key)).ToList();
        var named =
            _draft.Take("VAE") ?? _draft.Take("vae_name") ?? (modules.Count == 1 ? _draft.Take(modules[0].Key) : null);
        var hash = _draft.Take("VAE hash");
        var name = named?.Value is { } value && !OwnVae.Contains(value) ? value : null;
        var digits = HashOf(hash?.Value) ?? HashOf(hashes.GetValueOrDefault("vae"));
        if (name is null && (digits is null || named is not null))
        {
            return null;
        }

        var vae = new HashedName(name, digits);
        _draft.Request = _draft.Request with { Vae = vae.ToString() };
        return vae;
    }

    private List<HashedName> ReadNames(string key, string prefix, Dictionary<string, string> hashes)
    {
        var names = InfotextSettings
            .Parse(_draft.Take(key)?.Value ?? "")
            .Select(pair => new HashedName(pair.Key, HashOf(pair.Value)));
        var civitai = hashes
            .Where(pair => pair.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .Select(pair => new HashedName(pair.Key[prefix.Length..], HashOf(pair.Value)));
        return [.. names.Concat(civitai).DistinctBy(network => network.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private void ReadSampling()
    {
        var (sampler, schedule) = (_draft.Take("Sampler"), _draft.Take("Schedule type") ?? _draft.Take("Scheduler"));
        var isAutomatic = schedule is { } any && Same(any.Value, SamplerCatalogue.Automatic);
        if (sampler is { } named)
        {
            _draft.Try(
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
            _draft.Try(type, request => request with { Scheduler = SchedulerNamed(type.Value) });
        }

        _draft.TryWhole("Steps", (request, steps) => request with { Steps = steps });
        _draft.TryNumber("CFG scale", (request, scale) => request with { GuidanceScale = scale });
        var resolved = SamplerCatalogue.Resolve(_draft.Request.Sampler).Sampler;
        if (resolved.DefaultEta is { } usual)
        {
            _draft.TryNumber(
                EtaKeyOf(resolved.Name),
                (request, eta) => request with { Eta = eta == usual ? null : eta }
            );
        }
    }

    private bool IsBy(string program) =>
        _draft.Settings.Any(setting =>
            Same(setting.Key, "Version") && setting.Value.StartsWith(program, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>
    /// Noise of the CPU is ours; ComfyUI draws it there, and stable-diffusion-webui where it says so.
    /// </summary>
    private bool ReadNoise()
    {
        if (_draft.Take("RNG") is not { } source)
        {
            return OwnNoise.Any(IsBy);
        }

        if (Same(source.Value, "CPU"))
        {
            return true;
        }

        _draft.Lose(source, "noise is drawn as on a CPU here: the picture will be another one.");
        return false;
    }

    private void ReadSeed()
    {
        if (_draft.Take("Seed") is not { } seed)
        {
            _draft.Miss("Seed", "", "the text does not say it: the picture will be another one.");
        }
        else if (seed.Value == "-1")
        {
            _draft.Lose(seed, "means any seed: the picture will be another one.");
        }
        else
        {
            _draft.Try(seed, request => request with { Seed = (long)InfotextDraft.WholeNumber(seed) });
        }
    }

    /// <summary>
    /// Sizes are those of the result's first pass. stable-diffusion-webui takes any and makes latents of whole blocks,
    /// so that the picture has the next smaller multiple of 8; of old, it named the size of the first pass apart.
    /// </summary>
    private void ReadSize()
    {
        var (size, first) = (_draft.Take("Size"), _draft.Take("First pass size"));
        if (first is { } smaller)
        {
            _draft.Try(
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

        if (size is { } only && _draft.Request.Size is null)
        {
            _draft.Try(only, request => request with { Size = InfotextSizes.SizeOf(only) });
        }
        else if (size is { } result)
        {
            _draft.Request = _draft.Request with
            {
                Hires = new HiresPass { Scale = 1, Denoise = 1 },
            };
            _draft.Try(result, request => InfotextSizes.WithSecondPass(request, result));
        }
    }

    private void ReadTextAndTiling()
    {
        // A1111 leaves the model's own layer where it says 1; ComfyUI counts from the end with -1.
        _draft.TryWhole(
            "Clip skip",
            (request, layer) => request with { ClipSkip = Math.Abs(layer) is > 1 and var skip ? skip : null }
        );
        _draft.TryNumber("Token merging ratio", (request, ratio) => request with { TokenMerging = ratio });
        if (_draft.Take("Tiling") is { } tiling)
        {
            _draft.Try(
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
        if (_draft.Request.Hires is null && !HiresKeys.Any(_draft.Has))
        {
            return;
        }

        // With all of the picture made anew the fewest steps are needed, so that no part is refused for the sake of one
        // still to come.
        _draft.Request = _draft.Request with
        {
            Hires = (_draft.Request.Hires ?? new HiresPass { Scale = 1 }) with { Denoise = 1 },
        };
        _draft.TryNumber(
            "Hires upscale",
            (request, scale) => request with { Hires = request.Hires! with { Scale = scale } }
        );
        if (_draft.Take("Hires resize") is { } resize)
        {
            _draft.Try(resize, request => InfotextSizes.WithSecondPass(request, resize));
        }

        _draft.TryWhole(
            "Hires steps",
            (request, steps) => request with { Hires = request.Hires! with { Steps = steps == 0 ? null : steps } }
        );
        _draft.TryNumber(
            "Denoising strength",
            (request, denoise) => request with { Hires = request.Hires! with { Denoise = denoise } }
        );
        if (_draft.Take("Hires upscaler") is { } upscaler)
        {
            _draft.Try(
                upscaler,
                request => request with { Hires = request.Hires! with { Upscaler = UpscalerNamed(upscaler.Value) } }
            );
        }

        ReadSameAsFirst();
    }

    /// <summary>What the second pass has of its own elsewhere, and here is that of the first.</summary>
    private void ReadSameAsFirst()
    {
        _draft.TakeIfSame(
            "Hires sampler",
            value => Same(value, "Use same sampler") || SamplerNamed(value).Sampler == _draft.Request.Sampler
        );
        _draft.TakeIfSame(
            "Hires schedule type",
            value =>
                Same(value, "Use same scheduler")
                || SchedulerNamed(value)
                    == SamplerCatalogue.Resolve(_draft.Request.Sampler, _draft.Request.Scheduler).Scheduler.Name
        );
        _draft.TakeIfSame("Hires CFG scale", value => Number(value) == _draft.Request.GuidanceScale);
        _draft.TakeIfSame("Hires prompt", value => value.Length == 0 || value == _draft.Request.Prompt);
        _draft.TakeIfSame(
            "Hires negative prompt",
            value => value.Length == 0 || value == _draft.Request.NegativePrompt
        );
        _draft.TakeIfSame("Hires checkpoint", value => Same(value, "Use same checkpoint"));
        _draft.TakeIfSame("Hires Module 1", value => Same(value, "Use same choices"));
    }

    private void ReadStart()
    {
        // Its old API wrote 0 for pictures that started from none.
        if (_draft.Take("Denoising strength") is { } denoise && Number(denoise.Value) != 0)
        {
            _draft.Lose(denoise, NoStart);
        }

        foreach (var key in StartKeys)
        {
            if (_draft.Take(key) is { } setting && !IsOff(setting.Key, setting.Value))
            {
                _draft.Lose(setting, NoStart);
            }
        }
    }

    private void ReadRest()
    {
        foreach (var setting in _draft.Rest.Where(setting => !ChangesNothing(setting)))
        {
            _draft.Lose(setting, Same(setting.Key, Resources) ? NoFiles : NothingLikeIt);
        }
    }

    private bool ChangesNothing(InfotextSetting setting) =>
        Tells.Contains(setting.Key) || IsOff(setting.Key, setting.Value) || IsOurEta(setting) || IsOurModel(setting);

    private static bool IsOff(string key, string value) =>
        OffValues.Contains(value)
        || (
            Unchanged.TryGetValue(key, out var usual)
            && (Same(value, usual) || (Number(value) is { } number && number == Number(usual)))
        );

    private bool IsOurEta(InfotextSetting setting) =>
        (Same(setting.Key, "Eta") || Same(setting.Key, "Eta DDIM"))
        && Number(setting.Value) is { } eta
        && eta == SamplerCatalogue.Resolve(_draft.Request.Sampler).Sampler.DefaultEta;

    /// <summary>Civitai's list says nothing new where it has only the model, which is named.</summary>
    private bool IsOurModel(InfotextSetting setting) =>
        Same(setting.Key, Resources) && _draft.Has("Model") && !OtherResource().IsMatch(setting.Value);

    [GeneratedRegex(@"^Module \d+$", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex ForgeModule();

    [GeneratedRegex(
        "\"type\"\\s*:\\s*\"(?!checkpoint\")",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        1000
    )]
    private static partial Regex OtherResource();
}
