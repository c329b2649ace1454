using System.Globalization;
using System.Reflection;
using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>What a picture says of its making: A1111's <c>parameters</c> text, and one JSON text with the whole request, hashes, versions, threads and dtype.</summary>
internal sealed class Manifest
{
    private const string JsonChunk = "controlnetsharp";
    private readonly GenerateSettings _settings;
    private readonly ComputeSettings _compute;
    private readonly Placement _placement;
    private readonly string _model;
    private readonly string _modelHash;
    private readonly string? _vaeHash;
    private readonly string _prediction;
    private readonly IReadOnlyList<object> _units;
    private readonly IReadOnlyList<object> _loras;
    private readonly IReadOnlyList<object> _embeddings;

    public Manifest(GenerateSettings settings, ComputeSettings compute, DiffusionModel model, string modelPath, IReadOnlyList<string?> controlPaths, IReadOnlyList<string> loras, IReadOnlyList<string> embeddings)
    {
        (_settings, _compute, _placement, _model) = (settings, compute, model.Placement, settings.ModelName);
        _prediction = model.PredictsVelocity == true ? "v" : "epsilon";
        _modelHash = CheckpointHash.OfModel(modelPath);
        _vaeHash = settings.Vae is { } vae ? CheckpointHash.OfModel(vae) : null;
        (_loras, _embeddings) = (Named(loras), Named(embeddings));
        _units =
        [
            .. settings.Units.Select((unit, index) => new
            {
                kind = unit.Kind.Name,
                picture = Path.GetFullPath(unit.Picture),
                pictureSha256 = CheckpointHash.OfModel(unit.Picture),
                annotator = unit.Annotator?.Name ?? "none",
                channels = unit.SwapsChannels ? "bgr" : "rgb",
                resolution = unit.Resolution,
                options = unit.AnnotatorValues,
                weight = unit.Strength.Weight,
                start = unit.Strength.Start,
                end = unit.Strength.End,
                mode = unit.Strength.Mode.ToString().ToLowerInvariant(),
                resize = unit.Resize.ToString().ToLowerInvariant(),
                model = controlPaths[index] is { } path ? Path.GetFileName(path) : null,
                modelSha256 = controlPaths[index] is { } file ? CheckpointHash.OfModel(file) : null,
            }),
        ];
    }

    /// <summary>The texts of one picture of a result.</summary>
    public Dictionary<string, string> Texts(GenerationResult result, int index) => new()
    {
        ["parameters"] = Parameters(result, index),
        [JsonChunk] = JsonSerializer.Serialize(new
        {
            version = Version,
            libtorch = __version__,
            prompt = _settings.PromptText,
            negative = _settings.NegativeText,
            model = _model,
            modelSha256 = _modelHash,
            vae = _settings.Vae is { } vae ? Path.GetFileName(vae) : null,
            vaeSha256 = _vaeHash,
            width = result.Request.Size!.Value.Width,
            height = result.Request.Size!.Value.Height,
            sampler = _settings.Sampling.Sampler,
            scheduler = _settings.Sampling.Scheduler,
            steps = _settings.Sampling.Steps,
            cfg = _settings.GuidanceScale,
            prediction = _prediction,
            clipSkip = _settings.ClipSkip,
            seed = result.Request.Seed,
            batch = _settings.Batch,
            batchIndex = index,
            device = _compute.Device,
            dtype = _placement.Dtype.ToString(),
            threads = get_num_threads(),
            units = _units,
            loras = _loras,
            embeddings = _embeddings,
        }),
    };

    /// <summary>Files that the prompts name.</summary>
    private static IReadOnlyList<object> Named(IReadOnlyList<string> files) => [.. files.Distinct(StringComparer.Ordinal).Select(file => new { file = Path.GetFullPath(file), sha256 = CheckpointHash.OfModel(file) })];

    private static string Version => Assembly.GetExecutingAssembly().GetName().Version!.ToString(3);

    /// <summary>Source: stable-diffusion-webui, infotext: prompt, negative prompt, then name-value pairs in one line.</summary>
    private string Parameters(GenerationResult result, int index)
    {
        var (width, height) = result.Request.Size!.Value;
        var pairs = new List<string>
        {
            $"Steps: {_settings.Sampling.Steps}", $"Sampler: {_settings.Sampling.Sampler}", $"Schedule type: {_settings.Sampling.Scheduler}",
            string.Create(CultureInfo.InvariantCulture, $"CFG scale: {_settings.GuidanceScale}"), $"Seed: {result.Request.Seed + index}", $"Size: {width}x{height}",
            $"Model hash: {_modelHash[..10]}", $"Model: {Path.GetFileNameWithoutExtension(_model)}",
        };
        pairs.AddRange(_settings.Units.Select((unit, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"ControlNet {i}: \"Module: {unit.Annotator?.Name ?? "none"}, Weight: {unit.Strength.Weight}, Guidance Start: {unit.Strength.Start}, Guidance End: {unit.Strength.End}, Control Mode: {unit.Strength.Mode}\"")));
        pairs.Add($"Version: ControlNetSharp {Version}");
        var negative = _settings.NegativeText.Length == 0 ? "" : $"\nNegative prompt: {_settings.NegativeText}";
        return $"{_settings.PromptText}{negative}\n{string.Join(", ", pairs)}";
    }
}
