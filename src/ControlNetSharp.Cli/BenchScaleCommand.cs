using System.CommandLine;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet bench scale</c>: how the seconds of a step grow with one thing at a time, the others as they are in
/// the first row.
/// </summary>
internal static class BenchScaleCommand
{
    private const double Guidance = 7;
    private static readonly double[] SizeFactors = [0.5, 0.75, 1, 1.5, 2];
    private static readonly int[] Controls = [0, 1, 2, 3];
    private static readonly int[] Batches = [1, 2, 4];
    private static readonly string[] CpuDtypes = ["fp32", "bf16", "int8"];
    private static readonly string[] CudaDtypes = ["fp32", "bf16", "fp16"];
    private static readonly string[] Axes = ["size", "controls", "batch", "threads", "dtype"];

    private static readonly Option<string[]> Over = new("--over")
    {
        Description = $"What grows, one or more of {string.Join(", ", Axes)}; default all.",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<string?> Steps = new("--steps")
    {
        Description = "Steps that are measured for a row, after one that is not; default 3.",
    };

    /// <summary>What a row is measured with.</summary>
    private sealed record Setting(int Size, int Controls, int Batch, int Threads, Placement Placement);

    /// <summary>A row of the report; seconds a step.</summary>
    internal sealed record Row(
        string Over,
        int Size,
        int Controls,
        int Batch,
        int Threads,
        string Dtype,
        double Seconds,
        double SecondsMin,
        double SecondsMax,
        double Gflop
    );

    public static Command Create() =>
        ComputeSettings.AddedTo(
            new Command("scale", "Seconds for a step over size, ControlNets, batch, threads, dtype.")
            {
                BenchOptions.Family,
                BenchOptions.Size,
                Over,
                Steps,
            }
        );

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var (family, p) = BenchOptions.ReadFamily(arguments);
        var over = arguments.GetValue(Over) is { Length: > 0 } named ? named : Axes;
        if (over.FirstOrDefault(axis => !Axes.Contains(axis, StringComparer.Ordinal)) is { } unknown)
        {
            throw UsageException.Of(
                Over.Name,
                unknown,
                $"must be {string.Join(", ", Axes.SkipLast(1))} or {Axes[^1]}."
            );
        }

        var baseSize = BenchOptions.ReadSize(arguments);
        var steps = arguments.Whole(Steps, 3, 1, 100);
        var compute = ComputeSettings.Read(arguments);
        var rows = Measure(p, baseSize, over, steps, compute, cancellationToken);
        var report = new
        {
            family,
            device = compute.Device,
            rows,
        };
        output.Report(json, report, Table(rows));
    }

    /// <summary>The row that all others are compared with, then those of each axis.</summary>
    internal static IReadOnlyList<Row> Measure(
        UNetParams p,
        int baseSize,
        IReadOnlyList<string> over,
        int steps,
        ComputeSettings compute,
        CancellationToken cancellationToken
    )
    {
        var first = new Setting(baseSize, 1, 1, get_num_threads(), compute.Place());
        var rows = new List<Row> { Measured("", first) };
        foreach (var axis in over)
        {
            rows.AddRange(Others(axis, first, compute).Select(setting => Measured(axis, setting)));
        }

        return rows;

        Row Measured(string axis, Setting setting)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var threads = new ThreadCount(setting.Threads);
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var (size, controls, batch) = (setting.Size, setting.Controls, setting.Batch);
            var work = new BenchedWork(size, batch, controls, BenchControls.ControlNetType, Guidance);
            using var step = new BenchedStep(p, work, setting.Placement);
            var seconds = step.Time(steps, cancellationToken);
            return new(
                axis,
                size,
                controls,
                batch,
                setting.Threads,
                PlacementPolicy.NameOf(setting.Placement),
                BenchedStep.Median(seconds),
                seconds[0],
                seconds[^1],
                step.Gflop
            );
        }
    }

    /// <summary>The settings that differ from the first one in one thing only.</summary>
    private static IEnumerable<Setting> Others(string axis, Setting first, ComputeSettings compute) =>
        axis switch
        {
            "size" => SizeFactors
                .Select(factor => Math.Max(64, (int)Math.Round(factor * first.Size / 64) * 64))
                .Distinct()
                .Where(size => size != first.Size)
                .Select(size => first with { Size = size }),
            "controls" => Controls
                .Where(controls => controls != first.Controls)
                .Select(controls => first with { Controls = controls }),
            "batch" => Batches.Where(batch => batch != first.Batch).Select(batch => first with { Batch = batch }),
            // A GPU computes with its own.
            "threads" => compute.OnCpu ? Powers(first.Threads).Select(threads => first with { Threads = threads }) : [],
            _ => (compute.OnCpu ? CpuDtypes : CudaDtypes)
                .Where(dtype => dtype != PlacementPolicy.NameOf(first.Placement) && PlacementPolicy.Computes(dtype))
                .Select(dtype => first with { Placement = (compute with { Dtype = dtype }).Place() }),
        };

    /// <summary>1, 2, 4 … below a number.</summary>
    private static IEnumerable<int> Powers(int below)
    {
        for (var power = 1; power < below; power *= 2)
        {
            yield return power;
        }
    }

    private static string Table(IReadOnlyList<Row> rows)
    {
        string[] lines =
        [
            $"{"over", -9} {"size", 5} {"ControlNets", 12} {"batch", 6} {"threads", 8} {"dtype", 9} {"s a step", 9} "
                + $"{"min", 7} {"max", 7} {"of first", 9} {"GFLOP/s", 8}",
            .. rows.Select(row =>
                $"{row.Over, -9} {row.Size, 5} {row.Controls, 12} {row.Batch, 6} {row.Threads, 8} {row.Dtype, 9} "
                + $"{row.Seconds, 9:f2} {row.SecondsMin, 7:f2} {row.SecondsMax, 7:f2} "
                + $"{row.Seconds / rows[0].Seconds, 9:f2} {row.Gflop / row.Seconds, 8:f0}"
            ),
        ];
        return string.Join(Environment.NewLine, lines);
    }
}
