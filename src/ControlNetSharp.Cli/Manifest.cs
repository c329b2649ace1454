using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>What a picture says of its making: A1111's <c>parameters</c> text, one JSON text with the whole request, hashes, versions, threads and dtype, and one text for each picture that went in.</summary>
internal sealed class Manifest
{
    /// <summary>Key of the JSON text.</summary>
    public const string JsonChunk = "controlnetsharp";

    /// <summary>How the JSON text is written and read.</summary>
    public static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    private readonly GenerateSettings _settings;
    private readonly ManifestData _data;
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _loraHashes;
    private readonly string _embeddingHashes;
    private readonly Dictionary<string, string> _pictures = new(StringComparer.Ordinal);

    /// <summary>Collects what all pictures of a run share.</summary>
    /// <param name="settings">The options.</param>
    /// <param name="compute">Where is computed.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="files">The files of the networks.</param>
    /// <param name="pictures">What went in, at its final size.</param>
    /// <param name="size">The size of the first pass.</param>
    /// <param name="output">Where a picture that is too large to be kept is named.</param>
    public Manifest(GenerateSettings settings, ComputeSettings compute, DiffusionModel model, NetworkFiles files, SourcePictures pictures, (int Width, int Height) size, CommandOutput output)
    {
        _settings = settings;
        (_loraHashes, _embeddingHashes) = (Hashes(files.Loras, CheckpointHash.OfLora), Hashes(files.Embeddings, files.HashOf));
        List<ManifestFile> Files(IReadOnlyDictionary<string, string> named) => [.. named.Select(file => new ManifestFile(file.Key, Path.GetFullPath(file.Value), files.HashOf(file.Value)))];
        string? Kept(string name, Picture? picture) => picture is null || settings.LinksPictures ? null : Keep(name, picture, output);
        ManifestPicture? Named(string name, string? path, Picture? picture) => path is null ? null
            : new ManifestPicture(Path.GetFullPath(path), settings.Recorded?.HashOf(path) ?? files.HashOf(path), Kept(name, picture));
        _data = new ManifestData
        {
            Version = ProgramVersion,
            Libtorch = __version__,
            Prompt = settings.PromptText,
            Negative = settings.NegativeText,
            Model = settings.ModelName,
            ModelPath = settings.ModelName == ModelFiles.Pocket ? null : Path.GetFullPath(files.Model),
            ModelSha256 = files.HashOf(files.Model),
            Vae = settings.Vae is { } vae ? Path.GetFileName(vae) : null,
            VaePath = settings.Vae is { } other ? Path.GetFullPath(other) : null,
            VaeSha256 = settings.Vae is { } third ? files.HashOf(third) : null,
            Width = size.Width,
            Height = size.Height,
            Sampler = settings.Sampling.Sampler,
            Scheduler = settings.Sampling.Scheduler,
            Steps = settings.Sampling.Steps,
            Cfg = settings.GuidanceScale,
            Prediction = model.PredictsVelocity == true ? "v" : "epsilon",
            ClipSkip = settings.ClipSkip,
            Seed = settings.Seed,
            Batch = settings.Batch,
            BatchIndex = 0,
            Tiling = settings.Tiling,
            OriginalSize = settings.OriginalSize?.ToString(),
            Init = settings.Initial is not { } initial ? null : new ManifestInitial
            {
                Picture = Named("init", initial.Picture, pictures.Initial)!,
                Denoise = initial.Denoise,
                Mask = Named("mask", initial.Mask?.Picture, pictures.Mask),
                MaskBlur = initial.Mask?.Blur ?? 0,
                MaskedContent = initial.Mask?.Content.Word(),
                OnlyMasked = initial.Mask?.OnlyMasked ?? false,
                MaskPadding = initial.Mask?.Padding ?? 0,
            },
            Hires = settings.Hires is { } hires ? new ManifestHires(hires.Scale, hires.Denoise, hires.Steps, hires.Upscaler) : null,
            Device = compute.Device,
            Dtype = model.Placement.Dtype.ToString(),
            Threads = get_num_threads(),
            Units =
            [
                .. settings.Units.Select((unit, index) => new ManifestUnit
                {
                    Kind = unit.Kind.Name,
                    Picture = Path.GetFullPath(unit.Picture),
                    PictureSha256 = settings.Recorded?.HashOf(unit.Picture) ?? files.HashOf(unit.Picture),
                    Hint = Kept($"hint{index}", pictures.Units[index].Picture),
                    HiresHint = Kept($"hint{index}.hires", pictures.Units[index].HiresHint),
                    Annotator = unit.Annotator?.Name ?? "none",
                    Channels = unit.SwapsChannels ? "bgr" : "rgb",
                    Resolution = unit.Resolution,
                    Options = unit.AnnotatorValues,
                    Weight = unit.Strength.Weight,
                    Start = unit.Strength.Start,
                    End = unit.Strength.End,
                    Mode = unit.Strength.Mode.Word(),
                    Resize = unit.Resize.Word(),
                    Layers = unit.Strength.Layers,
                    Hires = unit.Passes.Word(),
                    Pooling = files.Pools(index) ? "average" : "none",
                    Mask = Named($"mask{index}", unit.Mask, pictures.Units[index].Mask),
                    Inpaint = Named($"inpaint{index}", unit.Holes ?? (pictures.Units[index].Holes is null ? null : settings.Initial?.Mask?.Picture), pictures.Units[index].Holes),
                    Model = files.ControlNets[index] is { } path ? Path.GetFileName(path) : null,
                    ModelPath = (files.ControlNets[index] ?? unit.Model) is { } full ? Path.GetFullPath(full) : null,
                    ModelSha256 = files.ControlNets[index] is { } file ? files.HashOf(file) : null,
                }),
            ],
            Loras = Files(files.Loras),
            Embeddings = Files(files.Embeddings),
        };
    }

    private static string ProgramVersion => Assembly.GetExecutingAssembly().GetName().Version!.ToString(3);

    /// <summary>The texts of one picture of a result.</summary>
    public IReadOnlyDictionary<string, string> Texts(GenerationResult result, int index)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["parameters"] = Parameters(result, index),
            [JsonChunk] = JsonSerializer.Serialize(_data with { Seed = result.Request.Seed, BatchIndex = index }, Format),
        };
        foreach (var (key, text) in _pictures)
        {
            texts[key] = text;
        }

        return texts;
    }

    /// <summary>Keeps a picture as a text and gives its key; null where it is too large for one.</summary>
    private string? Keep(string name, Picture picture, CommandOutput output)
    {
        var text = Convert.ToBase64String(PictureWriter.EncodePng(picture));
        if (text.Length > PngTexts.MostTextBytes)
        {
            output.Message.WriteLine($"controlnet: the picture '{name}' takes {text.Length} bytes, more than the {PngTexts.MostTextBytes} of a PNG text; the manifest names its file and SHA-256 instead.");
            return null;
        }

        var key = $"{JsonChunk}.{name}";
        _pictures[key] = text;
        return key;
    }

    /// <summary>
    /// Source: stable-diffusion-webui, infotext (behaviour): prompt, negative prompt, then name-value pairs in one line.
    /// </summary>
    private string Parameters(GenerationResult result, int index)
    {
        var pairs = new List<string>();
        void Add(string name, FormattableString value) => pairs.Add($"{name}: {Quoted(FormattableString.Invariant(value))}");
        Add("Steps", $"{_data.Steps}");
        Add("Sampler", $"{_data.Sampler}");
        Add("Schedule type", $"{_data.Scheduler}");
        Add("CFG scale", $"{_data.Cfg}");
        Add("Seed", $"{result.Request.Seed + index}");
        Add("Size", $"{_data.Width}x{_data.Height}");
        Add("Model hash", $"{_data.ModelSha256[..10]}");
        Add("Model", $"{Path.GetFileNameWithoutExtension(_data.Model)}");
        if ((_data.Init?.Denoise ?? _data.Hires?.Denoise) is { } denoise)
        {
            Add("Denoising strength", $"{denoise}");
        }

        if (_data.ClipSkip is > 1 and { } clipSkip)
        {
            Add("Clip skip", $"{clipSkip}");
        }

        if (_data.Tiling)
        {
            Add("Tiling", $"True");
        }

        if (_data.Init?.Mask is not null)
        {
            Add("Mask blur", $"{_data.Init.MaskBlur}");
            Add("Masked content", $"{_data.Init.MaskedContent}");
            Add("Inpaint area", $"{(_data.Init.OnlyMasked ? "Only masked" : "Whole picture")}");
        }

        foreach (var (i, unit) in _settings.Units.Index())
        {
            Add(
                $"ControlNet {i}",
                $"Module: {unit.Annotator?.Name ?? "none"}, Weight: {unit.Strength.Weight}, Guidance Start: {unit.Strength.Start}, Guidance End: {unit.Strength.End}, Control Mode: {unit.Strength.Mode}");
        }

        if (_data.Hires is { } hires)
        {
            Add("Hires upscale", $"{hires.Scale}");
            if (hires.Steps is { } steps)
            {
                Add("Hires steps", $"{steps}");
            }

            Add("Hires upscaler", $"{UpscalerCatalogue.Find(hires.Upscaler).Label}");
        }

        if (_loraHashes.Length > 0)
        {
            Add("Lora hashes", $"{_loraHashes}");
        }

        if (_embeddingHashes.Length > 0)
        {
            Add("TI hashes", $"{_embeddingHashes}");
        }

        Add("Version", $"ControlNetSharp {ProgramVersion}");
        var negative = _data.Negative.Length == 0 ? "" : $"\nNegative prompt: {_data.Negative}";
        return $"{_data.Prompt}{negative}\n{string.Join(", ", pairs)}";
    }

    /// <summary>A value with what separates the pairs in it is written as JSON.</summary>
    private static string Quoted(string value) => value.AsSpan().ContainsAny(",:\n") ? JsonSerializer.Serialize(value, Quoting) : value;

    /// <summary>Names and short hashes of files that prompts name; the names without what separates them.</summary>
    private static string Hashes(IReadOnlyDictionary<string, string> files, Func<string, string> hashOf) => string.Join(
        ", ",
        files.Select(file => $"{file.Key.Replace(":", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal)}: {hashOf(file.Value)[..CheckpointHash.NetworkDigits]}"));
}
