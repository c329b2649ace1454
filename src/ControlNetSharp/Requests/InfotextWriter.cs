using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Requests;

/// <summary>
/// Says a request as stable-diffusion-webui would, in the order of its keys. What it has no words for is left out: a
/// mask of a unit, factors of single residuals, what a hint means whose annotator is none; of a curve of weights it has
/// the mean. Source:
/// stable-diffusion-webui v1.10.1, processing.py, create_infotext; sd-webui-controlnet v1.1.455,
/// internal_controlnet/args.py (behaviour).
/// </summary>
internal static class InfotextWriter
{
    private const string OnlyInManifest = "the manifest says it; A1111's parameters have no words for it";

    private const int ModelDigits = 10,
        LoraDigits = 12;

    public static Infotext Describe(GenerationRequest request, InfotextFacts facts) =>
        new()
        {
            Prompt = request.Prompt,
            NegativePrompt = request.NegativePrompt,
            Settings = [.. WithoutGaps(Settings(request, facts))],
        };

    /// <summary>What of a request's steps, regions and strengths the text does not say, by member.</summary>
    public static IEnumerable<(string Member, string Value, string Problem)> Unsaid(GenerationRequest request) =>
        [
            .. from cache in new[] { request.Cache }
            where cache > 1
            select ("cache", Text(cache), OnlyInManifest + "."),
            .. from region in request.Regions.Index()
            select ($"regions[{region.Index}].prompt", region.Item.Prompt, OnlyInManifest + "."),
            .. from unit in request.Units.Index()
            where unit.Item.IsOn
            from unsaid in Unsaid(unit.Item)
            select ($"units[{unit.Index}].{unsaid.Name}", $"{unsaid.Name}={unsaid.Value}", unsaid.Problem),
        ];

    private static IEnumerable<(string Name, string Value, string Problem)> Unsaid(ControlUnit unit)
    {
        if (unit.Weight.Points.Count > 1)
        {
            yield return (
                "weight",
                unit.Weight.ToString(),
                $"{OnlyInManifest} and have the mean, {Text(MeanWeight(unit))}."
            );
        }

        if (unit.Softness is { } softness)
        {
            yield return ("softness", Text(softness), OnlyInManifest + ".");
        }

        if (unit.UnconditionalFactor is { } factor)
        {
            yield return ("unconditional", Text(factor), OnlyInManifest + ".");
        }

        if (unit.Passes == ControlPasses.Soft && !SecondPassSoftness.IsAsked(unit))
        {
            yield return ("hires", RequestValues.WordOf(unit.Passes), OnlyInManifest + ".");
        }
    }

    /// <summary>Soft second passes come by themselves there, or not at all.</summary>
    private static ControlPasses Passes(ControlUnit unit) =>
        unit.Passes == ControlPasses.Soft ? ControlPasses.Both : unit.Passes;

    /// <summary>The mean of a unit's weights from its start to its end, to two digits.</summary>
    private static double MeanWeight(ControlUnit unit)
    {
        const int samples = 100;
        return unit.Weight.Points is [var only]
            ? only.Weight
            : Math.Round(
                Enumerable
                    .Range(0, samples)
                    .Average(i => unit.Weight.At(unit.Start + (unit.End - unit.Start) * (i + 0.5) / samples)),
                2
            );
    }

    private static IEnumerable<KeyValuePair<string, string>> WithoutGaps(
        IEnumerable<(string Key, string? Value)> pairs
    ) => from pair in pairs where pair.Value is not null select new KeyValuePair<string, string>(pair.Key, pair.Value!);

    private static IEnumerable<(string Key, string? Value)> Settings(GenerationRequest request, InfotextFacts facts) =>
        [
            .. Sampling(request, facts),
            ("Model hash", Digits(facts.Model.Hash, ModelDigits)),
            ("Model", facts.Model.Name),
            ("VAE hash", Digits(facts.Vae?.Hash, ModelDigits)),
            ("VAE", facts.Vae?.Name),
            ("Denoising strength", Text(Denoise(request))),
            ("Clip skip", request.ClipSkip > 1 ? Text(request.ClipSkip) : null),
            Eta(request),
            ("Token merging ratio", request.TokenMerging > 0 ? Text(request.TokenMerging) : null),
            ("RNG", "CPU"),
            ("Tiling", request.Tiling ? "True" : null),
            .. Units(request.Units, facts.ControlNets),
            .. SecondPass(request.Hires),
            .. Tiles(request.Upscale),
            .. Mask(request.Initial?.Mask),
            ("Lora hashes", Hashes(facts.Loras, LoraDigits)),
            ("TI hashes", Hashes(facts.Embeddings, LoraDigits)),
            ("Version", facts.Version),
        ];

    private static double? Denoise(GenerationRequest request) =>
        request.Upscale?.Denoise ?? request.Initial?.Denoise ?? request.Hires?.Denoise;

    private static IEnumerable<(string Key, string? Value)> Sampling(GenerationRequest request, InfotextFacts facts)
    {
        var (sampler, scheduler) = SamplerCatalogue.Resolve(request.Sampler, facts.Scheduler ?? request.Scheduler);
        return
        [
            ("Steps", Text(request.Steps)),
            ("Sampler", sampler.Name),
            ("Schedule type", scheduler.Label),
            ("CFG scale", Text(request.GuidanceScale ?? DiffusionModel.UsualGuidanceScale)),
            ("Seed", Text(facts.Seed)),
            ("Size", facts.Size.ToString()),
        ];
    }

    private static (string Key, string? Value) Eta(GenerationRequest request)
    {
        var sampler = SamplerCatalogue.Resolve(request.Sampler).Sampler;
        var isUsual = request.Eta is null || request.Eta == sampler.DefaultEta;
        return (InfotextVocabulary.EtaKeyOf(sampler.Name), isUsual ? null : Text(request.Eta));
    }

    private static IEnumerable<(string Key, string? Value)> Units(
        IReadOnlyList<ControlUnit> units,
        IReadOnlyList<HashedName> controlNets
    ) => units.Select((unit, i) => ($"ControlNet {i}", (string?)Unit(unit, controlNets.ElementAtOrDefault(i))));

    private static string Unit(ControlUnit unit, HashedName? controlNet)
    {
        var annotator = UnitAnnotator.Usual(unit, unit.ConditionKind, "unit");
        var fields = new List<(string Key, string? Value)>
        {
            (
                "Module",
                annotator?.Name ?? (unit.IsForIpAdapter ? InfotextUnits.UsualPictureModule : ControlUnit.NoAnnotator)
            ),
            ("Model", controlNet?.ToString() ?? unit.Model),
            ("Weight", Text(MeanWeight(unit))),
            ("Resize Mode", InfotextWords.WordOf(InfotextWords.Resize, unit.Resize)),
            ("Processor Res", Text(unit.Resolution)),
            ("Threshold A", Slider(0)),
            ("Threshold B", Slider(1)),
            ("Guidance Start", Text(unit.Start)),
            ("Guidance End", Text(unit.End)),
            ("Pixel Perfect", annotator is not null && unit.Resolution is null ? "True" : "False"),
            ("Control Mode", InfotextWords.WordOf(InfotextWords.Mode, unit.Mode)),
            ("Hr Option", InfotextWords.WordOf(InfotextWords.Passes, Passes(unit))),
        };
        return InfotextSettings.Write(WithoutGaps(fields));

        string? Slider(int index) =>
            annotator?.Sliders.ElementAtOrDefault(index) is { } option
                ? Text(unit.Options.GetValueOrDefault(option.Name, option.Default))
                : null;
    }

    private static IEnumerable<(string Key, string? Value)> SecondPass(HiresPass? hires) =>
        hires is null
            ? []
            :
            [
                ("Hires upscale", Text(hires.Scale)),
                ("Hires steps", Text(hires.Steps)),
                ("Hires upscaler", InfotextVocabulary.LabelOf(hires.Upscaler)),
            ];

    /// <summary>With the keys of the script SD upscale, as far as it has them.</summary>
    private static IEnumerable<(string Key, string? Value)> Tiles(UpscalePass? upscale) =>
        upscale is null
            ? []
            :
            [
                ("SD upscale by", Text(upscale.Scale)),
                ("SD upscale upscaler", InfotextVocabulary.LabelOf(upscale.Upscaler)),
                ("SD upscale tile", Text(upscale.Tile)),
                ("SD upscale overlap", Text(upscale.Overlap)),
                ("SD upscale control", upscale.Control),
            ];

    private static IEnumerable<(string Key, string? Value)> Mask(InpaintMask? mask) =>
        mask is null
            ? []
            :
            [
                ("Mask blur", Text(mask.Blur)),
                ("Inpaint area", mask.OnlyMasked ? "Only masked" : null),
                ("Masked area padding", mask.OnlyMasked ? Text(mask.Padding) : null),
                (
                    "Masked content",
                    mask.Content == MaskedContent.Original
                        ? null
                        : InfotextWords.WordOf(InfotextWords.Content, mask.Content)
                ),
            ];

    private static string? Hashes(IReadOnlyList<HashedName> networks, int digits) =>
        networks.Count == 0
            ? null
            : InfotextSettings.Write(WithoutGaps(networks.Select(one => (KeyOf(one), Digits(one.Hash, digits)))));

    /// <summary>Names without what separates them, as stable-diffusion-webui writes them.</summary>
    private static string KeyOf(HashedName network) => string.Concat((network.Name ?? "").Split(',', ':'));

    private static string? Digits(string? hash, int digits) => hash?[..Math.Min(digits, hash.Length)];

    [return: NotNullIfNotNull(nameof(number))]
    private static string? Text(IFormattable? number) => number?.ToString(null, CultureInfo.InvariantCulture);
}
