using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;

namespace ControlNetSharp.Cli;

/// <summary>The options of <c>controlnet generate</c>, read and checked without opening a model.</summary>
internal sealed record GenerateSettings
{
    private static readonly Option<string> Prompt = new("--prompt", "-p") { Description = "What the picture shows.", Required = true };
    private static readonly Option<string?> Negative = new("--negative", "-n") { Description = "What it does not show." };
    private static readonly Option<string[]> Control = new("--control", "-c") { Description = "A control unit: KIND=PICTURE[,weight=,start=,end=,mode=,model=,annotator=none,resize=,…] or @unit.json. May be given several times." };
    private static readonly Option<string?> Model = new("--model", "-m") { Description = "pocket (embedded, the default) or a .safetensors checkpoint." };
    private static readonly Option<string?> Out = new("--out", "-o") { Description = "File (.png) or folder for the result; default: a new file in the present folder." };
    private static readonly Option<string?> SizeOption = new("--size") { Description = "WIDTHxHEIGHT, multiples of 8; default: the model's native size in the first hint's shape." };
    private static readonly Option<string?> Steps = new("--steps") { Description = "Steps, 1 to 1000; default 20." };
    private static readonly Option<string?> Sampler = new("--sampler") { Description = "Sampler; default Euler." };
    private static readonly Option<string?> Scheduler = new("--scheduler") { Description = "Scheduler; default automatic." };
    private static readonly Option<string?> Guidance = new("--cfg") { Description = "Guidance scale, 1 to 30; default 7." };
    private static readonly Option<string?> SeedOption = new("--seed") { Description = "Seed; default: random, and printed." };
    private static readonly Option<string?> BatchOption = new("--batch") { Description = "Pictures computed together, 1 to 64; default 1." };
    private static readonly Option<string?> CountOption = new("--count") { Description = "Batches one after another, 1 to 1000; default 1." };
    private static readonly Option<string?> ClipSkipOption = new("--clip-skip") { Description = "Block of the text encoder that counts as the last (1 = last)." };
    private static readonly Option<string?> PredictionOption = new("--prediction") { Description = "What the UNet predicts: auto (default: what the model's metadata says, else epsilon), epsilon or v." };
    private static readonly Option<string?> VaeOption = new("--vae") { Description = "A checkpoint whose Autoencoder replaces the model's own." };
    private static readonly Option<string?> Models = new("--models") { Description = "Folder in which ControlNets are searched by their published names." };
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

    public static IEnumerable<Option> Options =>
        [Prompt, Negative, Control, Model, Out, SizeOption, Steps, Sampler, Scheduler, Guidance, SeedOption, BatchOption, CountOption, ClipSkipOption, PredictionOption, VaeOption, Models, SaveMaps];

    /// <summary>Reads the options.</summary>
    /// <exception cref="UsageException">A value is wrong; the message names option, value and what is allowed.</exception>
    public static GenerateSettings Read(ParseResult arguments)
    {
        var settings = new GenerateSettings
        {
            PromptText = arguments.GetValue(Prompt)!,
            NegativeText = arguments.GetValue(Negative) ?? "",
            ModelName = arguments.GetValue(Model) ?? ModelFiles.Pocket,
            Output = CheckOutput(arguments.GetValue(Out)),
            Size = ReadSize(arguments.GetValue(SizeOption)),
            Sampling = ReadSampling(arguments),
            GuidanceScale = arguments.Real(Guidance, 7, 1, 30),
            Seed = ReadSeed(arguments.GetValue(SeedOption)),
            Batch = arguments.Whole(BatchOption, 1, 1, 64),
            Count = arguments.Whole(CountOption, 1, 1, 1000),
            ClipSkip = arguments.GetValue(ClipSkipOption) is null ? null : arguments.Whole(ClipSkipOption, 1, 1, 12),
            PredictsVelocity = ReadPrediction(arguments.GetValue(PredictionOption)),
            Vae = arguments.GetValue(VaeOption),
            ModelsFolder = arguments.GetValue(Models),
            WritesMaps = arguments.GetValue(SaveMaps),
            Units = [.. (arguments.GetValue(Control) ?? []).Select(UnitSpecification.Parse)],
        };
        if (settings.Vae is { } vae && !File.Exists(vae) && !Directory.Exists(vae))
        {
            throw UsageException.Of(VaeOption.Name, vae, "there is no such file.");
        }

        CheckPrompt(Prompt.Name, () => ParsedPrompt.Parse(settings.PromptText).Pieces(settings.Sampling.Steps));
        CheckPrompt(Negative.Name, () => ParsedPrompt.ParseNegative(settings.NegativeText).Pieces(settings.Sampling.Steps));
        return settings.ModelsFolder is { } folder && !Directory.Exists(folder) ? throw UsageException.Of(Models.Name, folder, "there is no such folder.") : settings;
    }

    /// <summary>Looks for the files that the prompt names.</summary>
    /// <returns>The files of its LoRAs, in their order.</returns>
    /// <exception cref="UsageException">There is no such file.</exception>
    public IReadOnlyList<string> FindLoras(PromptFiles files)
    {
        var found = new List<string>();
        CheckPrompt(Prompt.Name, () => found.AddRange(ParsedPrompt.Parse(PromptText).Networks.Select(network => files.FindLora(network.Name))));
        return found;
    }

    /// <summary>The files of the textual inversions that the prompts name.</summary>
    public IReadOnlyList<string> FindEmbeddings(PromptFiles files) =>
        [.. files.NamedIn(ParsedPrompt.Parse(PromptText).Pieces(Sampling.Steps).Concat(ParsedPrompt.ParseNegative(NegativeText).Pieces(Sampling.Steps)))];

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

    private static long ReadSeed(string? text) => text is null ? RandomNumberGenerator.GetInt32(int.MaxValue)
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed) ? seed
        : throw UsageException.Of(SeedOption.Name, text, "must be a whole number.");

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
