using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>A picture of an earlier run with the manifest that it carries.</summary>
/// <param name="File">The PNG.</param>
/// <param name="Data">Its JSON text.</param>
/// <param name="Texts">All its texts.</param>
internal sealed record Recorded(string File, ManifestData Data, IReadOnlyDictionary<string, string> Texts)
{
    private const string Option = "--replay";
    private static readonly Dictionary<string, string> Dtypes = new(StringComparer.Ordinal) { ["Float32"] = "fp32", ["BFloat16"] = "bf16", ["Float16"] = "fp16" };

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="UsageException">There is no such file, or it carries no manifest of this program.</exception>
    /// <exception cref="PictureException">It is no PNG or damaged.</exception>
    public static Recorded Read(string file)
    {
        var texts = PngTexts.Read(PictureFiles.Existing(Option, file, file));
        if (!texts.TryGetValue(Manifest.JsonChunk, out var json))
        {
            throw UsageException.Of(Option, file, $"it has no text '{Manifest.JsonChunk}': it was not made by this program, or another one saved it anew.");
        }

        try
        {
            var data = JsonSerializer.Deserialize<ManifestData>(json, Manifest.Format) ?? throw new JsonException("it is null.");
            return data.BatchIndex >= 0 && data.BatchIndex < data.Batch && Dtypes.ContainsKey(data.Dtype) && data.Threads is >= 1 and <= 4096
                ? new Recorded(file, data, texts) : throw new JsonException("a picture of the batch, a dtype or a number of threads is not possible.");
        }
        catch (JsonException e)
        {
            throw UsageException.Of(Option, file, $"its manifest cannot be read: {e.Message.Split(" Path:")[0]}");
        }
    }

    /// <summary>Where the picture was computed.</summary>
    public ComputeSettings Compute => new(Data.Device, Dtypes[Data.Dtype]);

    /// <summary>What may keep the pixels from being the same although all files are; null where nothing is known.</summary>
    public string? Warning => Data.Libtorch == __version__ ? null : $"controlnet: {File} was made with libtorch {Data.Libtorch}, this is {__version__}; pixels can differ.";

    /// <summary>The settings of the run that made the picture.</summary>
    /// <param name="output">Where the picture goes.</param>
    /// <param name="model">Another place of the model; null for the recorded one.</param>
    /// <param name="models">Folder in which files are looked for that are not where they were; or null.</param>
    /// <exception cref="UsageException">A file is missing or a value not possible.</exception>
    public GenerateSettings Settings(string output, string? model, string? models)
    {
        var name = model ?? (Data.ModelPath is null ? Data.Model : Found("--model", Data.Model, Data.ModelPath, models));
        try
        {
            return new GenerateSettings
            {
                PromptText = Data.Prompt,
                NegativeText = Data.Negative,
                Units = [.. Data.Units.Select(unit => Unit(unit, name, models))],
                ModelName = name,
                Output = output,
                Size = (Data.Width, Data.Height),
                Sampling = new SamplingOptions { Sampler = Data.Sampler, Scheduler = Data.Scheduler, Steps = CheckedSteps(Data.Steps) },
                GuidanceScale = Data.Cfg,
                // Earlier versions took any number, of which 32 bits counted.
                Seed = unchecked((uint)Data.Seed),
                Batch = Data.Batch,
                Count = 1,
                ClipSkip = Data.ClipSkip,
                PredictsVelocity = Data.Prediction == "v",
                Vae = Data.VaePath is { } vae ? Found("--vae", Path.GetFileName(vae), vae, models) : null,
                ModelsFolder = models,
                WritesMaps = false,
                Tiling = Data.Tiling,
                OriginalSize = Data.OriginalSize is not { } original ? null : OriginalSize.Parse(original) ?? throw new ArgumentException($"originalSize '{original}' {OriginalSize.Allowed}"),
                Initial = Data.Init is not { } init ? null : new InitialSettings(init.Picture.Path, init.Denoise, init.Mask is not { } mask ? null
                    : new MaskSettings(mask.Path, init.MaskBlur, Enum.Parse<MaskedContent>(init.MaskedContent ?? nameof(MaskedContent.Original), ignoreCase: true), init.OnlyMasked, init.MaskPadding)),
                Hires = Data.Hires is { } hires ? new HiresPass { Scale = hires.Scale, Denoise = hires.Denoise, Steps = hires.Steps, Upscaler = hires.Upscaler } : null,
                LinksPictures = Data.Init?.Picture is { Text: null } || Data.Units.Any(unit => unit.Hint is null),
                Recorded = this,
            };
        }
        catch (ArgumentException e)
        {
            throw UsageException.Of(Option, File, $"its manifest has a value that is not possible: {e.Message.Split(" (Parameter")[0]}");
        }
    }

    private static int CheckedSteps(int steps) => steps is >= 1 and <= SamplingPlan.MostSteps ? steps : throw new ArgumentException($"Steps must be from 1 to {SamplingPlan.MostSteps}; it is {steps}.");

    /// <summary>The pictures that went in: those that the manifest keeps, else the files that it names, which must be the same.</summary>
    /// <exception cref="PictureException">A file has changed or cannot be read.</exception>
    public SourcePictures Pictures(GenerateSettings settings)
    {
        var kept = Data.Init is null or { Picture.Text: not null, Mask: null or { Text: not null } };
        var initial = Data.Init is { } init ? Of(init.Picture, kept) : null;
        var mask = Data.Init?.Mask is { } repainted ? Of(repainted, kept, isMask: true) : null;
        return new SourcePictures(initial, mask, [.. settings.Units.Zip(Data.Units, (unit, recorded) => Unit(unit, recorded, mask))]);
    }

    /// <summary>The files that the prompts name and no others, so that a file which came later changes nothing.</summary>
    /// <param name="others">Where those are looked for that are not where they were.</param>
    /// <exception cref="UsageException">One is missing.</exception>
    public PromptFiles PromptFiles(PromptFiles others)
    {
        Dictionary<string, string> Files(IReadOnlyList<ManifestFile>? recorded, Func<string, string> search)
        {
            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var file in recorded ?? [])
            {
                try
                {
                    files[file.Name] = System.IO.File.Exists(file.Path) ? file.Path : search(file.Name);
                }
                catch (ArgumentException e)
                {
                    throw UsageException.Of(Option, File, $"{file.Path} made the picture and is not there any more. {e.Message.Split(" (Parameter")[0]}");
                }
            }

            return files;
        }

        return Checkpoints.PromptFiles.Of(
            Files(Data.Loras, others.FindLora),
            Files(Data.Embeddings, name => others.Embeddings.GetValueOrDefault(name) ?? throw new ArgumentException($"There is no embedding \"{name}\" beside the model or in the folder of --models.")));
    }

    /// <summary>The digest of a picture that went in; null where the manifest does not name it.</summary>
    public string? HashOf(string path) =>
        Data.Units.SelectMany(unit => new[] { new ManifestPicture(unit.Picture, unit.PictureSha256, null), unit.Mask, unit.Inpaint }).Concat([Data.Init?.Picture, Data.Init?.Mask])
            .FirstOrDefault(picture => picture?.Path == path)?.Sha256;

    /// <summary>Compares the networks with those that made the picture.</summary>
    /// <exception cref="CheckpointException">One is another; the message names it and both digests.</exception>
    public void CheckNetworks(GenerateSettings settings, NetworkFiles files)
    {
        Same("the model", files.Model, Data.ModelSha256);
        if (settings.Vae is { } vae)
        {
            Same("the Autoencoder", vae, Data.VaeSha256);
        }

        foreach (var (index, path) in files.ControlNets.Index().Where(unit => unit.Item is not null))
        {
            Same($"the ControlNet of unit {index} ({Data.Units[index].Kind})", path!, Data.Units[index].ModelSha256);
        }

        AllSame("LoRA", Data.Loras, files.Loras);
        AllSame("embedding", Data.Embeddings, files.Embeddings);

        void AllSame(string what, IReadOnlyList<ManifestFile>? recorded, IReadOnlyDictionary<string, string> found)
        {
            foreach (var file in (recorded ?? []).Where(file => found.ContainsKey(file.Name)))
            {
                Same($"the {what} \"{file.Name}\"", found[file.Name], file.Sha256);
            }
        }

        void Same(string what, string path, string? expected)
        {
            if (files.HashOf(path) is var hash && hash != expected)
            {
                throw new CheckpointException(path, $"{what} is not the one that made {File}: its SHA-256 begins with {hash[..10]}, that one's with {expected?[..Math.Min(10, expected.Length)] ?? "nothing"}.");
            }
        }
    }

    private UnitPictures Unit(UnitSpecification unit, ManifestUnit recorded, Picture? mask)
    {
        var kept = recorded.Hint is not null && recorded.Mask is null or { Text: not null } && recorded.Inpaint is null or { Text: not null };
        if (kept)
        {
            return new UnitPictures(
                Kept(recorded.Hint!), recorded.HiresHint is { } larger ? Kept(larger) : null, recorded.Mask is { } region ? Kept(region.Text!) : null, recorded.Inpaint is { } holes ? Kept(holes.Text!) : null, IsReady: true);
        }

        foreach (var picture in new[] { new ManifestPicture(recorded.Picture, recorded.PictureSha256, null), recorded.Mask, recorded.Inpaint }.OfType<ManifestPicture>())
        {
            CheckSame(picture);
        }

        return UnitPictures.Read(unit, mask);
    }

    private Picture Of(ManifestPicture picture, bool kept, bool isMask = false)
    {
        if (kept)
        {
            return Kept(picture.Text!);
        }

        CheckSame(picture);
        return isMask ? PictureReader.ReadMask(picture.Path) : PictureReader.Read(picture.Path);
    }

    private Picture Kept(string key)
    {
        try
        {
            return PictureReader.Read(Convert.FromBase64String(Texts.TryGetValue(key, out var text) ? text : throw new FormatException("it is missing.")), $"{File}, text '{key}'");
        }
        catch (FormatException e)
        {
            throw new PictureException(File, $"its text '{key}' holds no picture: {e.Message}", e);
        }
    }

    private void CheckSame(ManifestPicture picture)
    {
        if (!System.IO.File.Exists(picture.Path))
        {
            throw new PictureException(picture.Path, $"the file does not exist; {File} was made with it and does not keep its pixels.");
        }

        if (CheckpointHash.OfModel(picture.Path) is var hash && hash != picture.Sha256)
        {
            throw new PictureException(picture.Path, $"the file is not the one that {File} was made with: its SHA-256 begins with {hash[..10]}, that one's with {picture.Sha256[..Math.Min(10, picture.Sha256.Length)]}.");
        }
    }

    /// <summary>The unit as the user wrote it, with its ControlNet where it is now.</summary>
    private static UnitSpecification Unit(ManifestUnit unit, string model, string? models)
    {
        var options = new Dictionary<string, string>(unit.Options ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            ["weight"] = Text(unit.Weight),
            ["start"] = Text(unit.Start),
            ["end"] = Text(unit.End),
            ["mode"] = unit.Mode,
            ["resize"] = unit.Resize,
            ["annotator"] = unit.Annotator,
            ["channels"] = unit.Channels,
            ["hires"] = unit.Hires ?? ControlPasses.Both.Word(),
            ["pooling"] = unit.Pooling ?? "auto",
        };
        void Add(string name, string? text)
        {
            if (text is not null)
            {
                options[name] = text;
            }
        }

        Add("resolution", unit.Resolution?.ToString(CultureInfo.InvariantCulture));
        Add("layers", unit.Layers is { } layers ? string.Join(':', layers.Select(Text)) : null);
        Add("mask", unit.Mask?.Path);
        Add("inpaint", unit.Inpaint?.Path);
        Add("model", unit.Model is not null && unit.ModelPath is { } path ? Found("--control", unit.Model, path, models, Path.GetDirectoryName(Path.GetFullPath(model)), ModelFiles.PocketFolder) : unit.ModelPath);
        return UnitSpecification.Of(unit.Kind, unit.Picture, options);
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A file or folder where it was, or under its name in one of the folders.</summary>
    private static string Found(string option, string name, string path, params string?[] folders)
    {
        string[] places = [path, .. folders.OfType<string>().SelectMany(folder => new[] { Path.Combine(folder, Path.GetFileName(name)), Path.Combine(folder, "ControlNet", Path.GetFileName(name)) })];
        return places.FirstOrDefault(place => System.IO.File.Exists(place) || Directory.Exists(place))
            ?? throw UsageException.Of(option, Path.GetFileName(name), $"it made the picture and is not there any more. Searched for {string.Join(", ", places)}; give --models{(option == "--model" ? " or --model" : "")}.");
    }
}
