using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet bench</c>: how fast this machine is, with random weights at a family's exact shapes, measured against
/// its matmul peak.
/// </summary>
internal static class BenchCommand
{
    private static readonly Option<string?> Steps = new("--steps")
    {
        Description = "Steps that are measured, after one that is not; default 2.",
    };
    private static readonly Option<string?> Control = new("--control")
    {
        Description = "Number of controls, 0 to 4; default 1.",
    };
    private static readonly Option<string?> ControlType = new("--control-type")
    {
        Description =
            $"What they are: {string.Join(", ", BenchControls.Types)}; default {BenchControls.ControlNetType}.",
    };
    private static readonly Option<string?> Guidance = new("--cfg")
    {
        Description = "Guidance scale; 1 computes one side only. Default 7.",
    };
    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description =
            "The checkpoint to load; without it one of the family is written with random weights, loaded and deleted.",
    };

    public static Command Create()
    {
        var generate = new Command("generate", "Seconds for a sampling step.")
        {
            BenchOptions.Family,
            BenchOptions.Size,
            Steps,
            Control,
            ControlType,
            Guidance,
            BenchOptions.Batch,
        };
        var decode = new Command("decode", "Seconds for decoding a picture.")
        {
            BenchOptions.Family,
            BenchOptions.Size,
            BenchOptions.Batch,
        };
        var load = new Command("load", "Seconds for loading a checkpoint.") { Model, BenchOptions.Family };
        foreach (var command in new[] { generate, decode, load })
        {
            foreach (var option in ComputeSettings.Options)
            {
                command.Add(option);
            }
        }

        return new Command("bench", "Measures this machine.")
        {
            generate,
            decode,
            load,
            BenchTrainCommand.Create(),
            BenchAnnotateCommand.Create(),
            BenchServeCommand.Create(),
        };
    }

    public static void Generate(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        var (family, p) = BenchOptions.ReadFamily(arguments);
        var size = BenchOptions.ReadSize(arguments);
        var steps = arguments.Whole(Steps, 2, 1, 100);
        var controls = arguments.Whole(Control, 1, 0, 4);
        var type = ReadType(arguments, p);
        var guidance = arguments.Real(Guidance, 7, 1, 30);
        var batch = arguments.Whole(BenchOptions.Batch, 1, 1, 64);
        var placement = ComputeSettings.Read(arguments).Place();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var unet = BenchOptions.Randomised(new UNet(p, placement));
        var context = randn([1, 77, p.ContextChannels], placement.Dtype, placement.Device);
        var vector = p.VectorChannels is { } channels ? randn([1, channels], placement.Dtype, placement.Device) : null;
        var made = new BenchControls(unet, size, placement);
        var attached = Enumerable.Range(0, controls).Select(_ => made.Make(type)).ToList();
        var side = new TextSide(context, vector);
        var denoiser = new ControlledDenoiser(
            unet,
            PredictionType.Epsilon,
            [new PromptArea([new(side, [new(side)])])],
            guidance,
            attached,
            steps
        );
        var latents = Seeds.Noise(0, batch, p.OutChannels, size / 8, size / 8).to(placement.Device);
        var level = NoiseSchedule.StableDiffusion.LevelAt(500);
        var seconds = new List<double>();
        for (var step = 0; step <= steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var clock = Stopwatch.StartNew();
            using (NewDisposeScope())
            {
                denoiser.Denoise(latents, level, 0).sum().item<float>();
            }

            seconds.Add(clock.Elapsed.TotalSeconds);
        }

        var sides = guidance == 1 ? 1 : 2;
        var gflop = sides * batch * (NetworkCost.UNet(p, size / 8, size / 8) + controls * made.Gflop(type));
        // Read before the matrices of the peak measurement are made.
        var memory = MachineMemory.PeakBytes;
        var peak = MatmulPeak.Measure(placement);
        var secondsPerStep = seconds.Skip(1).Average();
        var report = new
        {
            family,
            width = size,
            height = size,
            batch,
            controlNets = controls,
            controlType = type,
            dtype = placement.Dtype.ToString(),
            secondsPerStep,
            gflopPerStep = gflop,
            gflopsReached = gflop / secondsPerStep,
            gflopsPeak = peak,
            fractionOfPeak = gflop / secondsPerStep / peak,
            peakMemoryBytes = memory,
        };
        output.Report(
            json,
            report,
            $"{family} {size} x {size}, {controls} {type}(s), {report.dtype}: {secondsPerStep:f2} s a step, "
                + $"{gflop:f0} GFLOP a step, {report.gflopsReached:f0} of {peak:f0} GFLOP/s "
                + $"({report.fractionOfPeak:p0}), {memory / 1e9:f2} GB"
        );
    }

    private static string ReadType(ParseResult arguments, UNetParams model)
    {
        var type = arguments.GetValue(ControlType) ?? BenchControls.ControlNetType;
        return !BenchControls.Types.Contains(type, StringComparer.Ordinal)
                ? throw UsageException.Of(
                    ControlType.Name,
                    type,
                    $"must be {string.Join(", ", BenchControls.Types.SkipLast(1))} or {BenchControls.Types[^1]}."
                )
            : BenchControls.WhyNot(type, model) is { } why ? throw UsageException.Of(ControlType.Name, type, why + ".")
            : type;
    }

    public static void Decode(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        // All families have the same Autoencoder.
        var (family, _) = BenchOptions.ReadFamily(arguments);
        var size = BenchOptions.ReadSize(arguments);
        var batch = arguments.Whole(BenchOptions.Batch, 1, 1, 64);
        var placement = ComputeSettings.Read(arguments).Place();
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var autoencoder = BenchOptions.Randomised(new Autoencoder(AutoencoderParams.StableDiffusion, placement));
        var z = randn([batch, 4, size / 8, size / 8], placement.Dtype, placement.Device);
        var seconds = new List<double>();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var clock = Stopwatch.StartNew();
            using (NewDisposeScope())
            {
                autoencoder.Decode(z).sum().to(ScalarType.Float32).item<float>();
            }

            seconds.Add(clock.Elapsed.TotalSeconds);
        }

        var report = new
        {
            family,
            width = size,
            height = size,
            batch,
            dtype = placement.Dtype.ToString(),
            secondsPerImage = seconds.Skip(1).Average() / batch,
            peakMemoryBytes = MachineMemory.PeakBytes,
        };
        output.Report(
            json,
            report,
            $"Autoencoder of {family}, {size} x {size}, {report.dtype}: {report.secondsPerImage:f2} s a picture, "
                + $"{report.peakMemoryBytes / 1e9:f2} GB"
        );
    }

    public static void Load(ParseResult arguments, CommandOutput output, bool json)
    {
        var named = arguments.GetValue(Model) is { } model ? ModelFiles.FindModel(model) : null;
        if (named is not null && arguments.GetValue(BenchOptions.Family) is { } both)
        {
            throw UsageException.Of(
                BenchOptions.Family.Name,
                both,
                "must not be given with --model, whose family is its own."
            );
        }

        var family = named is null ? BenchOptions.ReadFamily(arguments) : default;
        var placement = ComputeSettings.Read(arguments).Place();
        var path = named ?? Path.Combine(Path.GetTempPath(), $"controlnet-bench-{Environment.ProcessId}.safetensors");
        try
        {
            if (named is null)
            {
                RandomCheckpoint.Write(path, family.UNet, placement.Dtype);
            }

            var bytes = Directory.Exists(path)
                ? Directory
                    .GetFiles(path, "*.safetensors", SearchOption.AllDirectories)
                    .Sum(f => new FileInfo(f).Length)
                : new FileInfo(path).Length;
            var clock = Stopwatch.StartNew();
            using var loaded = CheckpointLoader.LoadModel(path, placement);
            var seconds = clock.Elapsed.TotalSeconds;
            var report = new
            {
                seconds,
                fileBytes = bytes,
                gigabytesPerSecond = bytes / seconds / 1e9,
                peakMemoryBytes = MachineMemory.PeakBytes,
            };
            output.Report(
                json,
                report,
                $"{named ?? family.Name}, {placement.Dtype}: {bytes / 1e9:f2} GB in {seconds:f2} s, "
                    + $"{report.gigabytesPerSecond:f2} GB/s, {report.peakMemoryBytes / 1e9:f2} GB of memory at most "
                    + $"({(double)report.peakMemoryBytes / bytes:f2} times the file)"
            );
        }
        finally
        {
            if (named is null)
            {
                File.Delete(path);
            }
        }
    }
}
