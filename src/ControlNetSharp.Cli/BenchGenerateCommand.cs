using System.CommandLine;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
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
        Description =
            "Then as many steps again, each layer timed, in turn with as many that are not: seconds and GFLOP/s by "
            + "kind of layer and size, of the fastest.",
    };

    public static Command Create() =>
        ComputeSettings.AddedTo(
            new Command("generate", "Seconds for a sampling step.")
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
            }
        );

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
        var work = new BenchedWork(size, batch, controls, type, guidance, interval, merging);
        using var step = new BenchedStep(p, work, placement);
        var seconds = step.Time(steps, cancellationToken);
        var profile = arguments.GetValue(Profile)
            ? step.Profile(steps, cancellationToken)
            : ((IReadOnlyList<ProfileRow> Rows, double Seconds)?)null;
        // Where less is computed, what is reached is told of the whole that it stands for.
        var gflop = step.Gflop;
        // Read before the matrices of the peak measurement are made.
        var memory = MachineMemory.PeakBytes;
        var peak = MatmulPeak.Measure(placement);
        var secondsPerStep = BenchedStep.Median(seconds);
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
            dtype = placement.Int8 ? "Int8" : placement.Dtype.ToString(),
            secondsPerStep,
            secondsPerStepMin = seconds[0],
            secondsPerStepMax = seconds[^1],
            gflopPerStep = gflop,
            gflopsReached = gflop / secondsPerStep,
            gflopsPeak = peak,
            fractionOfPeak = gflop / secondsPerStep / peak,
            peakMemoryBytes = memory,
            profile = profile?.Rows,
            profileSecondsPerStep = profile?.Seconds,
        };
        output.Report(
            json,
            report,
            $"{family} {size} x {size}, {controls} {type}(s), {report.dtype}: {secondsPerStep:f2} s a step "
                + $"({seconds[0]:f2} to {seconds[^1]:f2}), {gflop:f0} GFLOP a step, {report.gflopsReached:f0} of "
                + $"{peak:f0} GFLOP/s ({report.fractionOfPeak:p0}), {memory / 1e9:f2} GB"
                + (profile is { } told ? Environment.NewLine + Table(told.Rows, told.Seconds, peak) : "")
        );
    }

    private static string Table(IReadOnlyList<ProfileRow> rows, double secondsPerStep, double peak)
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
                + $"{sum / secondsPerStep:p1} of the fastest that is not timed inside ({secondsPerStep:f2} s)",
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
