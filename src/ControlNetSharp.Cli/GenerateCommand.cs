using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet generate</c>: prompt and control units to pictures.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var command = new Command("generate", "Makes pictures from a prompt and hints.");
        foreach (var option in GenerateSettings.Options.Concat(ComputeSettings.Options))
        {
            command.Add(option);
        }

        return command;
    }

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        // Everything that can be wrong with the input is found before a model or libtorch is loaded.
        var settings = GenerateSettings.Read(arguments);
        var compute = ComputeSettings.Read(arguments);
        var pictures = settings.Units.Select(ReadPicture).ToList();
        var modelPath = ModelFiles.FindModel(settings.ModelName);
        var controlPaths = settings.Units.Select(unit => unit.Strength.Weight > 0 ? ModelFiles.FindControlNet(unit, settings.ModelName, modelPath, settings.ModelsFolder) : null).ToList();
        var promptFiles = PromptFiles.Beside(modelPath, settings.ModelsFolder);
        var loras = settings.FindLoras(promptFiles);
        var files = ModelFiles.ForAnnotators(settings.ModelsFolder);
        foreach (var annotator in settings.Units.Select(unit => unit.Annotator).OfType<AnnotatorInfo>().Where(info => info.Weights is not null))
        {
            files.Find(annotator);
        }

        var clock = Stopwatch.StartNew();
        var placement = compute.Place();
        CheckpointLoader.CheckControlNets(modelPath, controlPaths.OfType<string>().Distinct());
        using var loaded = CheckpointLoader.LoadModel(modelPath, placement, settings.Vae);
        var model = loaded with { PredictsVelocity = settings.PredictsVelocity ?? loaded.PredictsVelocity };
        if (PredictionWarning(model) is { } warning)
        {
            output.Message.WriteLine(warning);
        }

        var networks = new Dictionary<string, Networks.ControlNet>(StringComparer.Ordinal);
        try
        {
            foreach (var path in controlPaths.OfType<string>().Distinct())
            {
                networks[path] = CheckpointLoader.LoadControlNet(path, placement, model);
            }

            var generator = new PictureGenerator(model, promptFiles);
            // A unit of weight 0 is none, so its shape does not count.
            var size = settings.Size ?? generator.SizeFor(pictures.Zip(controlPaths).FirstOrDefault(unit => unit.Second is not null).First);
            foreach (var (unit, picture) in settings.Units.Zip(pictures).Where(pair => pair.First.IsHint))
            {
                if (HintCheck.Warning(unit.Kind, picture) is { } seen)
                {
                    output.Message.WriteLine($"controlnet: {unit.Kind.Name}={unit.Picture}: {seen}");
                }
            }

            var hints = settings.Units.Zip(pictures, (unit, picture) => Hint(unit, picture, size, files)).ToList();
            var request = Request(settings, size, hints, controlPaths, networks);
            var manifest = new Manifest(settings, compute, model, modelPath, controlPaths, loras, settings.FindEmbeddings(promptFiles));
            // Of a result only its numbers are kept: the pixels of a thousand pictures would fill the memory.
            var (written, maps, secondsPerStep, steps) = (new List<string>(), new List<string>(), new List<double>(), 0);
            try
            {
                using var bar = new ProgressBar(output);
                for (var batch = 0; batch < settings.Count; batch++)
                {
                    var result = generator.Generate(request with { Seed = settings.Seed + (long)batch * settings.Batch }, progress => bar.Show(progress.Step, progress.Steps, progress.Seconds), cancellationToken);
                    secondsPerStep.Add(result.SecondsPerStep);
                    steps = result.Steps;
                    foreach (var (index, picture) in result.Pictures.Index())
                    {
                        var file = FileName(settings, written.Count, result.Request.Seed + index);
                        PictureWriter.WritePng(file, picture, manifest.Texts(result, index));
                        written.Add(file);
                    }

                    if (batch == 0)
                    {
                        maps = WriteMaps(settings, hints);
                    }
                }
            }
            catch (OperationCanceledException e) when (written.Count > 0)
            {
                throw new InterruptedException($"{written.Count} of {settings.Batch * settings.Count} pictures were written.", e);
            }
            catch when (written.Count > 0)
            {
                output.Message.WriteLine($"controlnet: {written.Count} of {settings.Batch * settings.Count} pictures were written before the failure.");
                throw;
            }

            Report(output, json, settings, written, maps, steps, secondsPerStep.Average(), clock.Elapsed.TotalSeconds);
        }
        finally
        {
            foreach (var network in networks.Values)
            {
                network.Dispose();
            }
        }
    }

    /// <summary>SD 2.x has models of both kinds, and their files look the same.</summary>
    internal static string? PredictionWarning(DiffusionModel model) => model is { PredictsVelocity: null, Family.Name: ModelFamily.StableDiffusion2 }
        ? $"controlnet: {model.File} does not say what its UNet predicts; epsilon is taken. If the picture is only noise or colours, give --prediction v (the 768 models of {ModelFamily.StableDiffusion2} need it)."
        : null;

    private static Picture ReadPicture(UnitSpecification unit)
    {
        if (!File.Exists(unit.Picture))
        {
            throw UsageException.Of("--control", $"{unit.Kind.Name}={unit.Picture}", "there is no such picture.");
        }

        var picture = PictureReader.Read(unit.Picture);
        if (picture.Width < ControlUnit.SmallestHint || picture.Height < ControlUnit.SmallestHint)
        {
            throw UsageException.Of("--control", $"{unit.Kind.Name}={unit.Picture}", $"a hint must be at least {ControlUnit.SmallestHint} x {ControlUnit.SmallestHint} pixels; this one has {picture.Width} x {picture.Height}.");
        }

        return unit.SwapsChannels ? PictureChannels.Swapped(picture) : picture;
    }

    /// <summary>The unit's picture, or what its annotator sees in it: at the scale of the result, so that lines are as thick as those the ControlNet knows.</summary>
    private static Picture Hint(UnitSpecification unit, Picture picture, (int Width, int Height) size, AnnotatorFiles files)
    {
        if (unit.IsHint)
        {
            return picture;
        }

        picture = unit.Resolution is { } resolution ? PictureResizing.ToResolution(picture, resolution) : PictureResizing.ScaleFor(picture, size.Width, size.Height, unit.Resize);
        using var annotator = AnnotatorCatalogue.Create(unit.Annotator!.Name, files);
        return annotator.Annotate(picture, AnnotatorOptions.Parse(annotator.Info, unit.AnnotatorValues));
    }

    private static GenerationRequest Request(GenerateSettings settings, (int Width, int Height) size, List<Picture> hints, List<string?> paths, Dictionary<string, Networks.ControlNet> networks) => new()
    {
        Prompt = settings.PromptText,
        NegativePrompt = settings.NegativeText,
        Size = size,
        Sampling = settings.Sampling,
        GuidanceScale = settings.GuidanceScale,
        Seed = settings.Seed,
        Batch = settings.Batch,
        ClipSkip = settings.ClipSkip,
        Units =
        [
            .. settings.Units.Index().Where(unit => paths[unit.Index] is not null).Select(unit => new ControlUnit
            {
                ControlNet = networks[paths[unit.Index]!],
                Hint = hints[unit.Index],
                Strength = unit.Item.Strength,
                Resize = unit.Item.Resize,
            }),
        ],
    };

    private static string FileName(GenerateSettings settings, int index, long seed)
    {
        if (Directory.Exists(settings.Output))
        {
            return Path.Combine(settings.Output, $"{DateTimeOffset.Now:yyyyMMdd-HHmmss}-{index:d4}-{seed}.png");
        }

        return settings.Batch * settings.Count == 1 ? settings.Output
            : Path.Combine(Path.GetDirectoryName(settings.Output) ?? "", $"{Path.GetFileNameWithoutExtension(settings.Output)}-{index:d4}.png");
    }

    private static List<string> WriteMaps(GenerateSettings settings, List<Picture> hints)
    {
        var maps = new List<string>();
        foreach (var (index, hint) in settings.WritesMaps ? hints.Index() : [])
        {
            var stem = Directory.Exists(settings.Output) ? Path.Combine(settings.Output, $"{DateTimeOffset.Now:yyyyMMdd-HHmmss}") : Path.ChangeExtension(settings.Output, null);
            var file = $"{stem}-map{index}-{settings.Units[index].Kind.Name}.png";
            PictureWriter.WritePng(file, hint);
            maps.Add(file);
        }

        return maps;
    }

    private static void Report(CommandOutput output, bool json, GenerateSettings settings, List<string> files, List<string> maps, int steps, double secondsPerStep, double seconds)
    {
        if (json)
        {
            output.WriteJson(new { files, maps, seed = settings.Seed, secondsPerStep, totalSeconds = seconds, peakMemoryBytes = MachineMemory.PeakBytes });
            return;
        }

        output.Message.WriteLine($"Seed {settings.Seed}, {steps} steps, {secondsPerStep:f2} s a step, {seconds:f1} s in all.");
        foreach (var file in files.Concat(maps))
        {
            output.Result.WriteLine(file);
        }
    }
}
