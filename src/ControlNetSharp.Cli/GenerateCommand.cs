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
        var command = new Command("generate", "Makes pictures from a prompt, a picture to start from, and hints.");
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
        var results = new ResultFiles(settings);
        var compute = ComputeSettings.Read(arguments, settings.Recorded?.Compute);
        var sources = settings.Recorded?.Pictures(settings) ?? SourcePictures.Read(settings);
        var initial = sources.ToInitial(settings.Initial);
        CheckMask(initial, settings);
        var files = new NetworkFiles(settings);
        foreach (var annotator in settings.Units.Zip(sources.Units).Where(unit => !unit.Second.IsReady).Select(unit => unit.First.Annotator).OfType<AnnotatorInfo>().Where(info => info.Weights is not null))
        {
            files.Annotators.Find(annotator);
        }

        settings.Recorded?.CheckNetworks(settings, files);
        var clock = Stopwatch.StartNew();
        var placement = compute.Place();
        using var threads = new ThreadCount(settings.Recorded?.Data.Threads);
        CheckpointLoader.CheckControlNets(
            files.Model, files.ControlNets.OfType<string>().Distinct(),
            ModelFiles.Beside(files.Model, settings.ModelsFolder), settings.Vae);
        CheckpointLoader.CheckPromptFiles(files.Model, files.Loras.Values, files.Embeddings.Values, settings.Vae);
        using var loaded = CheckpointLoader.LoadModel(files.Model, placement, settings.Vae);
        var model = loaded with { PredictsVelocity = settings.PredictsVelocity ?? loaded.PredictsVelocity };
        foreach (var warning in new[] { PredictionWarning(model), settings.Recorded?.Warning }.OfType<string>())
        {
            output.Message.WriteLine(warning);
        }

        foreach (var (name, file) in files.Embeddings)
        {
            output.Message.WriteLine($"controlnet: \"{name}\" in the prompts is the embedding {file}.");
        }

        settings.CheckSizes(model);
        var networks = new Dictionary<string, Networks.ControlNet>(StringComparer.Ordinal);
        try
        {
            foreach (var path in files.ControlNets.OfType<string>().Distinct())
            {
                networks[path] = CheckpointLoader.LoadControlNet(path, placement, model);
            }

            var generator = new PictureGenerator(model, files.ForPrompts);
            // A unit of weight 0 is none, so its shape does not count.
            var size = settings.Size ?? generator.SizeFor(initial?.Picture ?? sources.Units.Zip(files.ControlNets).FirstOrDefault(unit => unit.Second is not null).First?.Picture);
            var frame = GenerationFrame.Of(size, settings.Hires, initial);
            foreach (var warning in settings.Units.Zip(sources.Units).SelectMany(unit => unit.Second.WarningsOfMasks(unit.First, frame.Whole is { } whole ? (whole.Width, whole.Height) : size)))
            {
                output.Message.WriteLine($"controlnet: {warning}");
            }

            var maps = new List<Picture>();
            var pictures = sources.Fitted(frame) with
            {
                Units = [.. settings.Units.Zip(sources.Units, (unit, source) =>
                {
                    var prepared = source.Prepared(unit, frame, files.Annotators, out var map);
                    maps.Add(map);
                    return prepared;
                })],
            };
            SayWhatHintsLookLike(settings, sources, pictures, output);
            var request = Request(settings, size, pictures, files, networks);
            var manifest = new Manifest(settings, compute, model, files, pictures, size, output);
            // Of a result only its numbers are kept: the pixels of a thousand pictures would fill the memory.
            var (written, mapFiles, secondsPerStep, steps) = (new List<string>(), new List<string>(), new List<double>(), 0);
            try
            {
                using var bar = new ProgressBar(output);
                for (var batch = 0; batch < settings.Count; batch++)
                {
                    var result = generator.Generate(request with { Seed = settings.Seed + (long)batch * settings.Batch }, progress => bar.Show(progress.Step, progress.Steps, progress.Seconds), cancellationToken);
                    secondsPerStep.Add(result.SecondsPerStep);
                    steps = result.Steps;
                    foreach (var (index, picture) in result.Pictures.Index().Where(picture => settings.Recorded is null || picture.Index == settings.Recorded.Data.BatchIndex))
                    {
                        written.Add(results.WritePicture(picture, written.Count, result.Request.Seed + index, manifest.Texts(result, index)));
                    }

                    if (batch == 0 && settings.WritesMaps)
                    {
                        mapFiles = [.. maps.Select(results.WriteMap)];
                    }
                }
            }
            catch (OperationCanceledException e) when (written.Count > 0)
            {
                throw new InterruptedException($"{written.Count} of {Counts.Of(settings.Pictures, "picture")} were written.", e);
            }
            catch when (written.Count > 0)
            {
                output.Message.WriteLine($"controlnet: {written.Count} of {Counts.Of(settings.Pictures, "picture")} were written before the failure.");
                throw;
            }

            Report(output, json, settings, written, mapFiles, steps, secondsPerStep.Average(), clock.Elapsed.TotalSeconds);
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

    private static void CheckMask(InitialPicture? initial, GenerateSettings settings)
    {
        try
        {
            initial?.CheckMask();
        }
        catch (ArgumentException e)
        {
            throw UsageException.Of(MaskSettings.Mask.Name, settings.Initial!.Mask!.Picture, e.Message.Split(" (Parameter")[0]);
        }
    }

    private static void SayWhatHintsLookLike(
        GenerateSettings settings, SourcePictures sources, SourcePictures hints, CommandOutput output)
    {
        var units = settings.Units.Zip(sources.Units, hints.Units);
        foreach (var (unit, source, hint) in units.Where(each => !each.Second.IsReady))
        {
            // Of a file that is no picture the source is a hint that was made of it.
            var warnings = unit.Annotator is { } annotator
                ? HintCheck.WarningsOfMade(annotator, source.IsHint ? null : source.Picture, hint.Picture)
                : new[] { HintCheck.Warning(unit.Kind, source.Picture) }.OfType<string>();
            foreach (var seen in new[] { source.Reading }.OfType<string>().Concat(warnings))
            {
                output.Message.WriteLine($"controlnet: {unit.Kind.Name}={unit.Picture}: {seen}");
            }
        }
    }

    private static GenerationRequest Request(GenerateSettings settings, (int Width, int Height) size, SourcePictures pictures, NetworkFiles files, Dictionary<string, Networks.ControlNet> networks) => new()
    {
        Prompt = settings.PromptText,
        NegativePrompt = settings.NegativeText,
        Size = size,
        Sampling = settings.Sampling,
        GuidanceScale = settings.GuidanceScale,
        Seed = settings.Seed,
        Batch = settings.Batch,
        ClipSkip = settings.ClipSkip,
        Initial = pictures.ToInitial(settings.Initial),
        Hires = settings.Hires,
        Tiling = settings.Tiling,
        SizeConditioning = settings.OriginalSize?.For(size),
        Units =
        [
            .. settings.Units.Index().Where(unit => files.ControlNets[unit.Index] is not null).Select(unit => new ControlUnit
            {
                ControlNet = networks[files.ControlNets[unit.Index]!],
                Hint = pictures.Units[unit.Index].Picture,
                HiresHint = pictures.Units[unit.Index].HiresHint,
                Region = pictures.Units[unit.Index].Mask,
                Holes = pictures.Units[unit.Index].Holes,
                GlobalAveragePooling = files.Pools(unit.Index),
                Passes = unit.Item.Passes,
                Strength = unit.Item.Strength,
                Resize = unit.Item.Resize,
            }),
        ],
    };

    private static void Report(CommandOutput output, bool json, GenerateSettings settings, List<string> files, List<string> maps, int steps, double secondsPerStep, double seconds)
    {
        if (json)
        {
            output.WriteJson(new { files, maps, seed = settings.Seed, secondsPerStep, totalSeconds = seconds, peakMemoryBytes = MachineMemory.PeakBytes });
            return;
        }

        output.Message.WriteLine($"Seed {settings.Seed}, {Counts.Of(steps, "step")}, {secondsPerStep:f2} s a step, {seconds:f1} s in all.");
        foreach (var file in files.Concat(maps))
        {
            output.Result.WriteLine(file);
        }
    }
}
