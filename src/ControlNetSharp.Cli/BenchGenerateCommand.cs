using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet bench generate</c>: seconds for a sampling step, and where they go, with random weights at a family's
/// exact shapes.
/// </summary>
internal static class BenchGenerateCommand
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
    private static readonly Option<string?> Cache = new("--cache")
    {
        Description = "Computes the whole networks in every N-th step only, 1 to 20; the mean of N steps is told.",
    };
    private static readonly Option<string?> MergedTokens = new("--token-merging")
    {
        Description = "Share of the tokens that the largest self-attention does without, 0 to 0.75; default 0.",
    };
    private static readonly Option<bool> Profile = new("--profile")
    {
        Description = "Then as many steps again, each layer timed: seconds and GFLOP/s by kind of layer and size.",
    };

    public static Command Create()
    {
        var command = new Command("generate", "Seconds for a sampling step.")
        {
            BenchOptions.Family,
            BenchOptions.Size,
            Steps,
            Control,
            ControlType,
            Guidance,
            BenchOptions.Batch,
            Cache,
            MergedTokens,
            Profile,
        };
        foreach (var option in ComputeSettings.Options)
        {
            command.Add(option);
        }

        return command;
    }

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var (family, p) = BenchOptions.ReadFamily(arguments);
        var size = BenchOptions.ReadSize(arguments);
        var steps = arguments.Whole(Steps, 2, 1, 100);
        var controls = arguments.Whole(Control, 1, 0, 4);
        var type = ReadType(arguments, p);
        var guidance = arguments.Real(Guidance, 7, 1, 30);
        var batch = arguments.Whole(BenchOptions.Batch, 1, 1, 64);
        var interval = arguments.Whole(Cache, 1, 1, 20);
        var merging = arguments.Real(MergedTokens, 0, 0, 0.75);
        var placement = ComputeSettings.Read(arguments).Place();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var unet = BenchOptions.Randomised(new UNet(p, placement));
        var made = new BenchControls(unet, size, placement);
        var attached = Enumerable.Range(0, controls).Select(_ => made.Make(type)).ToList<IControl>();
        if (merging > 0)
        {
            attached.Add(new TokenMerging(merging, [.. Enumerable.Range(0, batch).Select(seed => (long)seed)], p));
        }

        using var cache = interval > 1 ? new StepCache(interval) : null;
        var denoiser = new ControlledDenoiser(
            unet,
            PredictionType.Epsilon,
            [new PromptArea([Text(p, placement)])],
            guidance,
            attached,
            interval
        )
        {
            Cache = cache,
        };
        var latents = Seeds.Noise(0, batch, p.OutChannels, size / 8, size / 8).to(placement.Device);
        void Step()
        {
            for (var step = 0; step < interval; step++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var inner = NewDisposeScope();
                denoiser.Denoise(latents, NoiseSchedule.StableDiffusion.LevelAt(500), step).sum().item<float>();
            }
        }

        Step();
        var seconds = Enumerable.Range(0, steps).Select(_ => SecondsOf(Step) / interval).Order().ToList();
        var rows = arguments.GetValue(Profile) ? Profiled([unet, .. made.Networks], placement, steps, Step) : null;

        var sides = guidance == 1 ? 1 : 2;
        // Where less is computed, what is reached is told of the whole that it stands for.
        var gflop = sides * batch * (NetworkCost.UNet(p, size / 8, size / 8) + controls * made.Gflop(type));
        // Read before the matrices of the peak measurement are made.
        var memory = MachineMemory.PeakBytes;
        var peak = MatmulPeak.Measure(placement);
        var secondsPerStep = (seconds[(steps - 1) / 2] + seconds[steps / 2]) / 2;
        var report = new
        {
            family,
            width = size,
            height = size,
            batch,
            controlNets = controls,
            controlType = type,
            cache = interval,
            tokenMerging = merging,
            dtype = placement.Dtype.ToString(),
            secondsPerStep,
            secondsPerStepMin = seconds[0],
            secondsPerStepMax = seconds[^1],
            gflopPerStep = gflop,
            gflopsReached = gflop / secondsPerStep,
            gflopsPeak = peak,
            fractionOfPeak = gflop / secondsPerStep / peak,
            peakMemoryBytes = memory,
            profile = rows,
        };
        output.Report(
            json,
            report,
            $"{family} {size} x {size}, {controls} {type}(s), {report.dtype}: {secondsPerStep:f2} s a step "
                + $"({seconds[0]:f2} to {seconds[^1]:f2}), {gflop:f0} GFLOP a step, {report.gflopsReached:f0} of "
                + $"{peak:f0} GFLOP/s ({report.fractionOfPeak:p0}), {memory / 1e9:f2} GB"
                + (rows is null ? "" : Environment.NewLine + Table(rows, secondsPerStep, peak))
        );
    }

    private static StepSides Text(UNetParams p, Placement placement)
    {
        var context = randn([1, 77, p.ContextChannels], placement.Dtype, placement.Device);
        var vector = p.VectorChannels is { } channels ? randn([1, channels], placement.Dtype, placement.Device) : null;
        var side = new TextSide(context, vector);
        return new(side, [new(side)]);
    }

    private static double SecondsOf(Action step)
    {
        var clock = Stopwatch.GetTimestamp();
        step();
        return Stopwatch.GetElapsedTime(clock).TotalSeconds;
    }

    private static List<ProfileRow> Profiled(
        IEnumerable<nn.Module> networks,
        Placement placement,
        int steps,
        Action step
    )
    {
        using var profile = new StepProfile(networks, placement.Device);
        for (var i = 0; i < steps; i++)
        {
            profile.Run(step);
        }

        return
        [
            .. profile.Rows.Select(row =>
                row with
                {
                    Calls = row.Calls / steps,
                    Seconds = row.Seconds / steps,
                    Gflop = row.Gflop / steps,
                }
            ),
        ];
    }

    private static string Table(List<ProfileRow> rows, double secondsPerStep, double peak)
    {
        var sum = rows.Sum(row => row.Seconds);
        string[] lines =
        [
            $"{"layer", -45} {"gives", -18} {"calls", 5} {"ms", 8} {"share", 6} {"GFLOP/s", 8} {"of peak", 7}",
            .. rows.Select(row =>
                $"{row.Kind, -45} {row.Size, -18} {row.Calls, 5} {1000 * row.Seconds, 8:f1} {row.Seconds / sum, 6:p1} "
                + (row.Gflop == 0 ? "" : $"{row.GflopsReached, 8:f0} {row.GflopsReached / peak, 7:p0}")
            ),
            $"{"all", -45} {"", -18} {rows.Sum(row => row.Calls), 5} {1000 * sum, 8:f1} "
                + $"{sum / secondsPerStep:p1} of a step that is not timed inside",
        ];
        return string.Join(Environment.NewLine, lines.Select(line => line.TrimEnd()));
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
}
