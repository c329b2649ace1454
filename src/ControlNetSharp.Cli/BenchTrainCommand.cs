using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet bench train</c>: what a training step of full fine-tuning costs, and what one of a ControlNet does,
/// with random weights at a family's exact shapes; each in a process of
/// its own, so that the peak of memory is its own, too.
/// </summary>
internal static class BenchTrainCommand
{
    private const int ContextTokens = 77;
    private const double Rate = 1e-5;
    private const int Rank = 128;
    private static readonly Option<string?> Steps = new("--steps")
    {
        Description = "Steps that are measured, after two that are not; default 5.",
    };
    private static readonly Option<bool> Checkpointing = new("--gradient_checkpointing")
    {
        Description = "Computes the inside of blocks again in the backward pass.",
    };
    private static readonly Option<bool> EightBit = new("--use_8bit_adam")
    {
        Description = "Keeps AdamW's state in eight bits.",
    };
    private static readonly Option<string?> Target = new("--target")
    {
        Description = $"Only one, in this process: unet, controlnet or control_lora (of rank {Rank}).",
    };

    public static Command Create() =>
        ComputeSettings.AddedTo(
            new Command("train", "Seconds and memory for a training step.")
            {
                BenchOptions.Family,
                BenchOptions.Size,
                BenchOptions.Batch,
                Steps,
                Checkpointing,
                EightBit,
                Target,
            }
        );

    public static void Run(
        ParseResult arguments,
        IReadOnlyList<string> words,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        var (family, p) = BenchOptions.ReadFamily(arguments);
        var size = BenchOptions.ReadSize(arguments);
        var (batch, steps) = (arguments.Whole(BenchOptions.Batch, 1, 1, 64), arguments.Whole(Steps, 5, 1, 100));
        var compute = ComputeSettings.Read(arguments).RequireCpu().RequireFloats();
        var target = arguments.GetValue(Target) switch
        {
            null => (TrainingTarget?)null,
            "unet" => TrainingTarget.UNet,
            "controlnet" => TrainingTarget.ControlNet,
            "control_lora" => TrainingTarget.ControlLora,
            var other => throw UsageException.Of(Target.Name, other, "must be unet, controlnet or control_lora."),
        };
        if (target is { } one)
        {
            var side = Measure(
                p,
                one,
                size,
                batch,
                steps,
                arguments.GetValue(Checkpointing),
                arguments.GetValue(EightBit),
                compute.Place(),
                cancellationToken
            );
            output.Report(json, side, $"{one}: {Text(side)}");
            return;
        }

        var fullFineTune = InProcess(words, "unet", cancellationToken);
        var controlNet = InProcess(words, "controlnet", cancellationToken);
        var (timeRatio, memoryRatio) = (
            controlNet.SecondsPerStep / fullFineTune.SecondsPerStep,
            (double)controlNet.PeakMemoryBytes / fullFineTune.PeakMemoryBytes
        );
        var report = new
        {
            family,
            width = size,
            height = size,
            batch,
            gradientCheckpointing = arguments.GetValue(Checkpointing),
            eightBitState = arguments.GetValue(EightBit),
            fullFineTune,
            controlNet,
            timeRatio,
            memoryRatio,
        };
        output.Report(
            json,
            report,
            $"full fine-tuning  {Text(fullFineTune)}\nControlNet        {Text(controlNet)}\nratio             "
                + $"{timeRatio:f3} of the time, {memoryRatio:f3} of the memory"
        );
    }

    private static string Text(TrainingCost cost) =>
        $"{cost.SecondsPerStep:f2} s a step ({cost.SecondsPerStepMin:f2} to {cost.SecondsPerStepMax:f2}), "
        + $"{cost.PeakMemoryBytes / 1e9:f2} GB at most, {cost.GflopsReached:f0} of {cost.GflopsPeak:f0} GFLOP/s "
        + $"({cost.FractionOfPeak:p0}); planned {cost.PlannedSecondsPerStep:f2} s, "
        + $"{cost.PlannedMemoryBytes / 1e9:f2} GB";

    /// <summary>Runs this command again in another process, for one target.</summary>
    private static TrainingCost InProcess(
        IReadOnlyList<string> words,
        string target,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        // Under `dotnet controlnet.dll` the process is dotnet, and the program its first argument.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(
                Path.Combine(AppContext.BaseDirectory, typeof(BenchTrainCommand).Assembly.GetName().Name + ".dll")
            );
        }

        foreach (var word in words.Where(word => word != "--json").Concat(["--json", Target.Name, target]))
        {
            start.ArgumentList.Add(word);
        }

        using var process = Process.Start(start)!;
        using var registration = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<TrainingCost>(text, JsonSerializerOptions.Web)!
            : throw new InvalidOperationException(
                $"the process for --target {target} ended with {process.ExitCode}; if memory was short, try "
                    + "--gradient_checkpointing or --use_8bit_adam."
            );
    }

    private static TrainingCost Measure(
        UNetParams p,
        TrainingTarget target,
        int size,
        int batch,
        int steps,
        bool checkpointing,
        bool eightBit,
        Placement placement,
        CancellationToken cancellationToken
    )
    {
        // As train does.
        AllocatorTuning.KeepFreedMemory(1);
        var parts = TargetParts.Of(target);
        int? rank = parts.IsLowRank ? Rank : null;
        var plan = new TrainingPlanner(p, otherParameters: 0, target, placement.Dtype, rank).Plan(
            new TrainingRunOptions
            {
                Folder = "",
                BatchSize = batch,
                LearningRate = new LearningRate { Peak = Rate },
                Loss = new DiffusionLoss(),
                Optimizer = new AdamWOptions { EightBitState = eightBit },
            },
            size,
            size,
            checkpointing
        );
        using var scope = NewDisposeScope();
        var unet = BenchOptions.Randomised(new UNet(p, parts.ChangesModel ? Placement.Cpu32 : placement));
        var controlNet = parts.HasControl ? TrainableCopy.Of(unet, seed: 1, Placement.Cpu32, rank).ControlNet : null;
        var denoiser = new TrainableDenoiser(unet, controlNet, target, placement.Dtype)
        {
            Checkpointing = checkpointing,
        };
        using var optimizer = new AdamW(
            denoiser.Parameters.Select(parameter => parameter.Parameter),
            new AdamWOptions { EightBitState = eightBit }
        );
        var (latents, context, hint, vector) = (
            randn(batch, p.InChannels, size / 8, size / 8),
            randn(batch, ContextTokens, p.ContextChannels),
            rand(batch, 3, size, size),
            p.VectorChannels is { } channels ? randn(batch, channels) : null
        );
        var seconds = new List<double>();
        // Behind the zero convolutions nothing has a gradient in the first step, and the hint encoder's inside has none
        // in the second.
        for (var step = -2; step < steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var clock = Stopwatch.StartNew();
            using (NewDisposeScope())
            {
                var loss = new DiffusionLoss().Of(
                    (noisy, timesteps) => denoiser.Predict(noisy, timesteps, context, hint, vector),
                    latents,
                    randn_like(latents),
                    randint(0, 1000, [batch])
                );
                loss.backward();
            }

            optimizer.Step(Rate, largestNorm: 1);
            if (step >= 0)
            {
                seconds.Add(clock.Elapsed.TotalSeconds);
            }
        }

        // Read before the matrices of the peak measurement are made.
        var memory = MachineMemory.PeakBytes;
        seconds.Sort();
        var (secondsPerStep, peak) = (BenchedStep.Median(seconds), MatmulPeak.Measure(placement));
        var gflop = batch * TrainingWork.Gflop(p, target, size / 8, size / 8, checkpointing);
        return new TrainingCost(
            secondsPerStep,
            seconds[0],
            seconds[^1],
            memory,
            gflop,
            gflop / secondsPerStep,
            peak,
            gflop / secondsPerStep / peak,
            plan.SecondsPerStep,
            plan.TotalBytes
        );
    }

    /// <summary>What a step costs, the median of several, and what <c>train --plan</c> says that it will.</summary>
    private sealed record TrainingCost(
        double SecondsPerStep,
        double SecondsPerStepMin,
        double SecondsPerStepMax,
        long PeakMemoryBytes,
        double GflopPerStep,
        double GflopsReached,
        double GflopsPeak,
        double FractionOfPeak,
        double PlannedSecondsPerStep,
        long PlannedMemoryBytes
    );
}
