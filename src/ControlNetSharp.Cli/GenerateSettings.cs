using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;

namespace ControlNetSharp.Cli;

/// <summary>The options of <c>controlnet generate</c>, read and checked without opening a model.</summary>
internal sealed record GenerateSettings
{
    private static readonly Option<string?> Prompt = new("--prompt", "-p") { Description = "What the picture shows." };
    private static readonly Option<string?> Negative = new("--negative", "-n") { Description = "What it does not show." };
    private static readonly Option<string[]> Control = new("--control", "-c") { Description = "A control unit: KIND=PICTURE[,weight=,start=,end=,mode=,model=,annotator=none,resize=,…] or @unit.json. May be given several times." };
    private static readonly Option<string?> Model = new("--model", "-m") { Description = "pocket (embedded, the default) or a .safetensors checkpoint." };
    public static readonly Option<string?> Out = new("--out", "-o") { Description = "File (.png) or folder for the result; default: a new file in the present folder." };
    private static readonly Option<string?> SizeOption = new("--size") { Description = "WIDTHxHEIGHT, multiples of 8; default: the model's native size in the first hint's shape." };
    private static readonly Option<string?> OriginalSizeOption = new("--original-size") { Description = "WIDTHxHEIGHT[+LEFT+TOP]: the size and crop that SDXL is told the picture had; default: the result's, uncropped." };
    private static readonly Option<string?> Steps = new("--steps") { Description = "Steps, 1 to 1000; default 20." };
    private static readonly Option<string?> Sampler = new("--sampler") { Description = "Sampler; default Euler." };
    private static readonly Option<string?> Scheduler = new("--scheduler") { Description = "Scheduler; default automatic." };
    private static readonly Option<string?> Guidance = new("--cfg") { Description = "Guidance scale, 1 to 30; default 7." };
    private static readonly Option<string?> SeedOption = new("--seed") { Description = $"Seed, 0 to {Seeds.Largest}; default, and -1: random, and printed." };
    private static readonly Option<string?> BatchOption = new("--batch") { Description = "Pictures computed together, 1 to 64; default 1." };
    private static readonly Option<string?> CountOption = new("--count") { Description = "Batches one after another, 1 to 1000; default 1." };
    private static readonly Option<string?> ClipSkipOption = new("--clip-skip") { Description = "Block of the text encoder that counts as the last (1 = last)." };
    private static readonly Option<string?> PredictionOption = new("--prediction") { Description = "What the UNet predicts: auto (default: what the model's metadata says, else epsilon), epsilon or v." };
    private static readonly Option<string?> VaeOption = new("--vae") { Description = "A checkpoint whose Autoencoder replaces the model's own." };
    private static readonly Option<string?> Models = new("--models") { Description = "Folder in which ControlNets are searched by their published names, annotators' weights, and the LoRAs and embeddings that prompts name." };
    private static readonly Option<bool> TilingOption = new("--tiling") { Description = "The picture can be laid side by side without seams." };
    private static readonly Option<string?> ManifestOption = new("--manifest") { Description = "What the picture keeps of the pictures that went in: embed (default: their pixels) or link (paths and SHA-256)." };
    private static readonly Option<string?> Replay = new("--replay") { Description = "A picture of an earlier run, which is made again, pixel for pixel." };
    private static readonly Option<bool> SaveMaps = new("--save-maps") { Description = "Writes the hints, too." };

    public required string PromptText { get; init; }

    public required string NegativeText { get; init; }

    public required IReadOnlyList<UnitSpecification> Units { get; init; }

    public required string ModelName { get; init; }

    public required string Output { get; init; }

    public required (int Width, int Height)? Size { get; init; }

    public required SamplingOptions Sampling { get; init; }

    public required double GuidanceScale { get; init; }

    public required long Seed { get; init; }

    public required int Batch { get; init; }

    public required int Count { get; init; }

    public required int? ClipSkip { get; init; }

    /// <summary>Whether the UNet predicts velocity; null for what the model says.</summary>
    public required bool? PredictsVelocity { get; init; }

    /// <summary>File of another Autoencoder; null for the model's own.</summary>
    public required string? Vae { get; init; }

    public required string? ModelsFolder { get; init; }

    public required bool WritesMaps { get; init; }

    /// <summary>Whether files that are there are replaced.</summary>
    public bool Overwrites { get; init; }

    /// <summary>The picture to start from; null for noise.</summary>
    public InitialSettings? Initial { get; init; }

    /// <summary>The second pass; null for none.</summary>
    public HiresPass? Hires { get; init; }

    public bool Tiling { get; init; }

    /// <summary>What SDXL is told of the picture's size; null for that of the result.</summary>
    public OriginalSize? OriginalSize { get; init; }

    /// <summary>Whether the manifest names the pictures that went in and does not keep their pixels.</summary>
    public bool LinksPictures { get; init; }

    /// <summary>The picture that is made again; null in a run of its own.</summary>
    public Recorded? Recorded { get; init; }

    /// <summary>How many pictures are written.</summary>
    public int Pictures => Recorded is null ? Batch * Count : 1;

    public static IEnumerable<Option> Options =>
    [
        Prompt, Negative, Control, Model, Out, SizeOption, OriginalSizeOption, Steps, Sampler, Scheduler, Guidance, SeedOption, BatchOption, CountOption, .. InitialSettings.Options, HiresSettings.Hires, TilingOption, ClipSkipOption, PredictionOption,
        VaeOption, Models, SaveMaps, ManifestOption, Replay, OutputFolder.Overwrite,
    ];

    /// <summary>Reads the options.</summary>
    /// <exception cref="UsageException">A value is wrong; the message names option, value and what is allowed.</exception>
    public static GenerateSettings Read(ParseResult arguments)
    {
        var models = arguments.GetValue(Models);
        if (models is not null && !Directory.Exists(models))
        {
            throw UsageException.Of(Models.Name, models, "there is no such folder.");
        }

        if (arguments.GetValue(Replay) is { } picture)
        {
            return Again(arguments, picture, models);
        }

        var (batch, count) = (arguments.Whole(BatchOption, 1, 1, 64), arguments.Whole(CountOption, 1, 1, 1000));
        var settings = new GenerateSettings
        {
            PromptText = arguments.GetValue(Prompt) ?? throw new UsageException(Prompt.Name, $"{Prompt.Name} TEXT is required, or {Replay.Name} PICTURE."),
            NegativeText = arguments.GetValue(Negative) ?? "",
            ModelName = arguments.GetValue(Model) ?? ModelFiles.Pocket,
            Output = CheckOutput(arguments.GetValue(Out)),
            Size = ReadSize(arguments.GetValue(SizeOption)),
            Sampling = ReadSampling(arguments),
            GuidanceScale = arguments.Real(Guidance, 7, 1, 30),
            Seed = ReadSeed(arguments.GetValue(SeedOption), batch * count),
            Batch = batch,
            Count = count,
            ClipSkip = arguments.GetValue(ClipSkipOption) is null ? null : arguments.Whole(ClipSkipOption, 1, 1, 12),
            PredictsVelocity = ReadPrediction(arguments.GetValue(PredictionOption)),
            Vae = arguments.GetValue(VaeOption),
            ModelsFolder = models,
            WritesMaps = arguments.GetValue(SaveMaps),
            Overwrites = arguments.GetValue(OutputFolder.Overwrite),
            Initial = InitialSettings.Read(arguments),
            Hires = HiresSettings.Read(arguments),
            Tiling = arguments.GetValue(TilingOption),
            OriginalSize = arguments.GetValue(OriginalSizeOption) is not { } original ? null
                : OriginalSize.Parse(original) ?? throw UsageException.Of(OriginalSizeOption.Name, original, OriginalSize.Allowed),
            LinksPictures = arguments.GetValue(ManifestOption) switch { null or "embed" => false, "link" => true, var other => throw UsageException.Of(ManifestOption.Name, other, "must be embed or link.") },
            Units = [.. (arguments.GetValue(Control) ?? []).Select(UnitSpecification.Parse)],
        };
        if (settings.Vae is { } vae && !File.Exists(vae) && !Directory.Exists(vae))
        {
            throw UsageException.Of(VaeOption.Name, vae, "there is no such file.");
        }

        CheckPrompt(Prompt.Name, () => settings.Pieces(ParsedPrompt.Parse(settings.PromptText)));
        CheckPrompt(Negative.Name, () => settings.Pieces(ParsedPrompt.ParseNegative(settings.NegativeText)));
        CheckSecondPass(settings);
        return settings;
    }

    /// <summary>The settings of an earlier run; what could change its pixels cannot be given beside it.</summary>
    private static GenerateSettings Again(ParseResult arguments, string picture, string? models)
    {
        Option[] allowed = [Replay, Model, Out, Models, SaveMaps, OutputFolder.Overwrite];
        if (Options.Except(allowed).FirstOrDefault(arguments.Has) is { } other)
        {
            throw new UsageException(other.Name, $"{other.Name} cannot be given together with {Replay.Name}: the picture has its own. Allowed are {string.Join(", ", allowed.Skip(1).Select(option => option.Name))} and --device.");
        }

        return Recorded.Read(picture).Settings(CheckOutput(arguments.GetValue(Out)), arguments.GetValue(Model), models) with
        {
            WritesMaps = arguments.GetValue(SaveMaps), Overwrites = arguments.GetValue(OutputFolder.Overwrite),
        };
    }

    /// <summary>All steps of a second pass are run, so the whole schedule has more of them.</summary>
    private static void CheckSecondPass(GenerateSettings settings)
    {
        if (settings.Hires is not { Denoise: > 0 } hires)
        {
            return;
        }

        var scheduler = SamplerCatalogue.Resolve(settings.Sampling.Sampler, settings.Sampling.Scheduler).Scheduler;
        var (steps, scheduled) = (hires.Steps ?? settings.Sampling.Steps, (hires.Steps ?? settings.Sampling.Steps) / hires.Denoise);
        if (scheduled > scheduler.MostSteps)
        {
            throw UsageException.Of(HiresSettings.Hires.Name, string.Create(CultureInfo.InvariantCulture, $"denoise={hires.Denoise},steps={steps}"), $"steps divided by denoise must be at most {scheduler.MostSteps} with the scheduler {scheduler.Name}.");
        }
    }

    /// <summary>Sizes are told to SDXL alone.</summary>
    /// <exception cref="UsageException">They are given for another family.</exception>
    public void CheckSizes(DiffusionModel model)
    {
        if (OriginalSize is { } size && model.UNet.Params.VectorChannels is null)
        {
            throw UsageException.Of(OriginalSizeOption.Name, size.ToString(), $"is for SDXL; the model {ModelName} is {model.Family.Name}, which is not told of sizes.");
        }
    }

    /// <summary>Looks for the files of the LoRAs that the prompt names.</summary>
    /// <returns>The files by these names.</returns>
    /// <exception cref="UsageException">There is no such file.</exception>
    public IReadOnlyDictionary<string, string> FindLoras(PromptFiles files)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        CheckPrompt(Prompt.Name, () =>
        {
            foreach (var network in ParsedPrompt.Parse(PromptText).Networks)
            {
                found[network.Name] = files.FindLora(network.Name);
            }
        });
        return found;
    }

    /// <summary>The files of the textual inversions that the prompts name, by these names.</summary>
    public IReadOnlyDictionary<string, string> FindEmbeddings(PromptFiles files) =>
        files.NamedIn(Pieces(ParsedPrompt.Parse(PromptText)).Concat(Pieces(ParsedPrompt.ParseNegative(NegativeText)))).ToDictionary(name => name, name => files.Embeddings[name], StringComparer.Ordinal);

    /// <summary>What a prompt has at any step of both passes.</summary>
    private IReadOnlyList<WeightedText> Pieces(ParsedPrompt prompt) => prompt.Pieces(Sampling.Steps, Hires is { } hires ? hires.Steps ?? Sampling.Steps : 0);

    private static void CheckPrompt(string option, Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(option, $"{option}: {e.Message.Split(" (Parameter")[0]}");
        }
    }

    private static SamplingOptions ReadSampling(ParseResult arguments)
    {
        var options = new SamplingOptions
        {
            Sampler = arguments.GetValue(Sampler) ?? "Euler",
            Scheduler = arguments.GetValue(Scheduler) ?? SamplerCatalogue.Automatic,
            Steps = arguments.Whole(Steps, 20, 1, SamplingPlan.MostSteps),
        };
        try
        {
            var scheduler = SamplerCatalogue.Resolve(options.Sampler, options.Scheduler).Scheduler;
            if (options.Steps > scheduler.MostSteps)
            {
                throw UsageException.Of(Steps.Name, $"{options.Steps}", $"must be from 1 to {scheduler.MostSteps} with the scheduler {scheduler.Name}.");
            }
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.ParamName == "scheduler" ? Scheduler.Name : Sampler.Name, e.Message.Split(" (Parameter")[0]);
        }

        return options;
    }

    private static (int Width, int Height)? ReadSize(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var sides = text.ToLowerInvariant().Split('x');
        return sides.Length == 2 && int.TryParse(sides[0], out var width) && int.TryParse(sides[1], out var height) && Fits(width) && Fits(height) ? (width, height)
            : throw UsageException.Of(SizeOption.Name, text, $"must be WIDTHxHEIGHT, two multiples of {GenerationRequest.SizeStep} from {GenerationRequest.LeastSize} to {GenerationRequest.MostSize}.");

        static bool Fits(int side) => side % GenerationRequest.SizeStep == 0 && side is >= GenerationRequest.LeastSize and <= GenerationRequest.MostSize;
    }

    private static bool? ReadPrediction(string? text) => text switch
    {
        null or "auto" => null,
        "epsilon" => false,
        "v" => true,
        _ => throw UsageException.Of(PredictionOption.Name, text, "must be auto, epsilon or v."),
    };

    private static long ReadSeed(string? text, int pictures)
    {
        // Half of the range is enough, and leaves room for the seeds that count on from it.
        if (text is null or "-1")
        {
            return RandomNumberGenerator.GetInt32(int.MaxValue);
        }

        var most = Seeds.Largest - (pictures - 1);
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) && seed <= most ? seed : throw UsageException.Of(
            SeedOption.Name, text,
            $"must be a whole number from 0 to {most}{(pictures > 1 ? $" with {pictures} pictures, whose seeds count on from it" : "")}, or -1 for a random one.");
    }

    private static string CheckOutput(string? path)
    {
        var output = path ?? ".";
        if (Directory.Exists(output))
        {
            OutputFolder.Check(Out.Name, output, output);
            return output;
        }

        if (!output.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw UsageException.Of(Out.Name, output, "must be a file ending in .png or a folder that exists.");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        OutputFolder.Check(Out.Name, output, folder);
        return output;
    }
}
