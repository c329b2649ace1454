using System.Diagnostics;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Foretells time and memory of a training: each different stage of the networks is made once, with random weights, and
/// a forward and a backward pass of it are measured; the rest is counting.
/// </summary>
/// <param name="p">The shape of the UNet.</param>
/// <param name="otherParameters">Parameters of Autoencoder and text encoder, which are in memory as well.</param>
/// <param name="target">What is trained.</param>
/// <param name="compute">The type that is computed in; locked weights are in it.</param>
/// <param name="rank">The rank of a LoRA; null for targets that are none.</param>
/// <param name="autoencoder">The shape of the Autoencoder, for a reward.</param>
internal sealed class TrainingPlanner(
    UNetParams p,
    long otherParameters,
    TrainingTarget target,
    ScalarType compute,
    int? rank = null,
    AutoencoderParams? autoencoder = null
)
{
    private const int ContextTokens = 77;
    private const int OptimizerProbe = 1 << 22;
    private const int Float = 4;
    private readonly TargetParts _target = TargetParts.Of(target);
    private readonly Dictionary<(string, int, int, int, StageWeights), StageCost> _measured = [];

    private int ComputeBytes => compute == ScalarType.Float32 ? 4 : 2;

    /// <summary>Measures and counts.</summary>
    /// <param name="options">How is trained: batch size, accumulation, workers, optimizer, average.</param>
    /// <param name="width">Width of the pictures in pixels.</param>
    /// <param name="height">Height of the pictures in pixels.</param>
    /// <param name="checkpointing">Whether blocks are computed again in the backward pass.</param>
    public TrainingPlan Plan(TrainingRunOptions options, int width, int height, bool checkpointing)
    {
        ArgumentNullException.ThrowIfNull(options);
        SideBySide.OneLibtorchThread(options.Workers);
        // What finalizers free while a stage is measured would be taken off what the stage keeps.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var program = Environment.WorkingSet;
        var batch = options.BatchSize / options.Workers;
        var parts = Parts(options.Loss.TaughtPasses).ToList();
        foreach (var part in parts.DistinctBy(part => Key(part.Stage, part.Weights)))
        {
            _measured[Key(part.Stage, part.Weights)] = Measure(
                part.Stage,
                part.Weights,
                options.Workers,
                batch,
                height / 8,
                width / 8
            );
        }

        var costs = parts
            .Where(part => part.Gradient)
            .Select(part => (Cost: CostOf(part), part.Stage, part.Joined))
            .ToList();
        var ahead = parts.Where(part => !part.Gradient).Sum(part => CostOf(part).ForwardOnly);
        var seconds =
            ahead
            + costs.Sum(stage =>
                stage.Cost.Backward + stage.Cost.Forward + (checkpointing ? stage.Cost.ForwardOnly : 0)
            );
        var (trained, locked) = Parameters();
        var state = options.Optimizer.EightBitState ? 2 + 2.0 * Float / Moment.BlockLength : 2 * Float;
        var activations =
            options.Workers
            * Activations(
                costs.Select(stage => (stage.Cost, stage.Stage, stage.Joined)),
                batch,
                height / 8,
                width / 8,
                checkpointing
            );
        var reward =
            options.Reward is { } rewarded && autoencoder is not null
                ? RewardCost
                    .Of(autoencoder, compute, width, height)
                    .For(batch * rewarded.Share(options.Loss.Schedule.Count), options.Workers)
                : null;
        List<MemoryPart> memory =
        [
            new("program and libtorch", program),
            new("locked weights", locked * (_target.ChangesModel ? Float : ComputeBytes)),
            new("trained weights", trained * Float),
            new("gradients", trained * Float),
            new("optimizer", (long)(trained * state)),
            new("average of the weights", options.AverageDecay is null ? 0 : trained * Float),
            new("activations", activations),
            .. reward is null ? [] : new[] { new MemoryPart("reward", reward.Bytes) },
        ];
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var needed = memory.Sum(part => part.Bytes);
        return new TrainingPlan(
            memory,
            (seconds + (reward?.Seconds ?? 0)) * options.Accumulation + trained * OptimizerSeconds(options.Optimizer),
            available,
            needed <= available ? [] : Advice(options, checkpointing).ToList()
        );
    }

    private static IEnumerable<TrainingAdvice> Advice(TrainingRunOptions options, bool checkpointing)
    {
        if (!checkpointing)
        {
            yield return TrainingAdvice.Checkpointing;
        }

        if (!options.Optimizer.EightBitState)
        {
            yield return TrainingAdvice.EightBitOptimizer;
        }

        if (options.BatchSize > 1)
        {
            yield return TrainingAdvice.Accumulation;
        }

        if (options.AverageDecay is not null)
        {
            yield return TrainingAdvice.NoAverage;
        }

        yield return TrainingAdvice.SmallerPictures;
    }

    /// <summary>
    /// The stages of a step: what happens to their weights, whether gradients go through them, and whether their input
    /// is joined from two.
    /// </summary>
    /// <param name="taughtPasses">See <see cref="DenoisingLoss.TaughtPasses"/>.</param>
    private IEnumerable<(StageShape Stage, StageWeights Weights, bool Gradient, bool Joined)> Parts(int taughtPasses)
    {
        static StageWeights Of(bool trained) => trained ? StageWeights.Trained : StageWeights.Locked;
        var encoder = UNetStages.Input(p).Append(UNetStages.Middle(p)).ToList();
        var copied = _target.IsLowRank ? StageWeights.LowRank : StageWeights.Trained;
        if (_target.IsDistilled)
        {
            var locked = encoder
                .Concat(UNetStages.Output(p))
                .Select(stage => (stage, StageWeights.Locked, false, false));
            return
            [
                .. encoder.Select(stage => (stage, copied, true, false)),
                .. UNetStages.Output(p).Select(stage => (stage, copied, true, true)),
                .. Enumerable.Repeat(locked, taughtPasses).SelectMany(stages => stages),
            ];
        }

        return
        [
            .. encoder.Select(stage => (stage, Of(_target.TrainsEncoder), _target.TrainsEncoder, false)),
            .. _target.HasControl
                ?
                [
                    (UNetStages.Hint(new ControlNetParams { UNet = p }), StageWeights.Trained, true, false),
                    .. encoder.Select(stage => (stage, copied, true, false)),
                    .. encoder.Select(stage => (UNetStages.ZeroConvolution(stage), StageWeights.Trained, true, false)),
                ]
                : Array.Empty<(StageShape, StageWeights, bool, bool)>(),
            .. UNetStages.Output(p).Select(stage => (stage, Of(_target.TrainsDecoder), true, true)),
        ];
    }

    private StageCost CostOf((StageShape Stage, StageWeights Weights, bool Gradient, bool Joined) part) =>
        _measured[Key(part.Stage, part.Weights)];

    private static (string, int, int, int, StageWeights) Key(StageShape stage, StageWeights weights) =>
        (stage.Layers, stage.ChannelsIn, stage.ChannelsOut, stage.Level, weights);

    /// <summary>
    /// What a stage keeps, measured alone; and its time while all workers compute it, as they share caches and memory.
    /// </summary>
    private StageCost Measure(StageShape shape, StageWeights weights, int workers, int batch, int height, int width)
    {
        var kept = Probe(shape, weights, batch, height, width, rounds: 2).KeptBytes;
        var costs = new StageCost[workers];
        SideBySide.Compute(
            Enumerable.Range(0, workers),
            workers,
            (_, worker) => costs[worker] = Probe(shape, weights, batch, height, width, rounds: 4)
        );
        return new(
            costs.Average(cost => cost.ForwardOnly),
            costs.Average(cost => cost.Forward),
            costs.Average(cost => cost.Backward),
            kept
        );
    }

    private StageCost Probe(StageShape shape, StageWeights weights, int batch, int height, int width, int rounds)
    {
        using var scope = NewDisposeScope();
        var trained = weights != StageWeights.Locked;
        var locked = new Placement(CPU, compute);
        using var stage = shape.Create(trained ? Placement.Cpu32 : locked);
        if (weights == StageWeights.LowRank)
        {
            using var source = shape.Create(locked);
            LowRankLayers.Share(stage, source, rank!.Value, Placement.Cpu32);
        }

        foreach (var parameter in stage.parameters())
        {
            nn.init.uniform_(parameter, -0.02, 0.02);
        }

        foreach (var (_, parameter) in trained ? LowRankLayers.Trained(stage) : [])
        {
            parameter.requires_grad = true;
            parameter.grad = zeros_like(parameter);
        }

        var side = shape.InputSize(height, width);
        var (x, time, context) = (
            randn([batch, shape.ChannelsIn, side.Height, side.Width], compute),
            randn([batch, p.TimeChannels], compute),
            randn([batch, ContextTokens, p.ContextChannels], compute)
        );
        x.requires_grad_(!shape.TakesData);
        time.requires_grad_(trained);
        StageCost best = new(double.MaxValue, double.MaxValue, double.MaxValue, 0);
        // The first round also pays for memory and for kernels that are made ready.
        for (var round = 0; round < rounds; round++)
        {
            using var inner = NewDisposeScope();
            var clock = Stopwatch.StartNew();
            using (no_grad())
            {
                stage.Forward(x, time, context);
            }

            var forwardOnly = clock.Elapsed.TotalSeconds;
            if (!x.requires_grad && !trained)
            {
                best = best with { ForwardOnly = Math.Min(best.ForwardOnly, forwardOnly) };
                continue;
            }

            var before = AllocatedMemory.Bytes ?? Environment.WorkingSet;
            clock.Restart();
            var y = stage.Forward(x, time, context);
            var forward = clock.Elapsed.TotalSeconds;
            var kept = (AllocatedMemory.Bytes ?? Environment.WorkingSet) - before;
            var gradient = ones_like(y);
            clock.Restart();
            y.backward([gradient]);
            best = new(
                Math.Min(best.ForwardOnly, forwardOnly),
                Math.Min(best.Forward, forward),
                Math.Min(best.Backward, clock.Elapsed.TotalSeconds),
                Math.Max(best.KeptBytes, kept)
            );
            x.grad = null;
            time.grad = null;
        }

        foreach (var parameter in stage.parameters())
        {
            parameter.grad = null;
        }

        return best;
    }

    /// <summary>
    /// Without checkpointing all that stages keep, and the joined inputs of the way up; with it the stages' inputs, and
    /// what the largest of them keeps while it is computed again. Either way
    /// the gradients inside the largest stage come on top.
    /// </summary>
    private long Activations(
        IEnumerable<(StageCost Cost, StageShape Stage, bool Joined)> stages,
        int batch,
        int height,
        int width,
        bool checkpointing
    )
    {
        var list = stages.ToList();
        long InputBytes(StageShape stage)
        {
            var side = stage.InputSize(height, width);
            return (long)batch * stage.ChannelsIn * side.Height * side.Width * ComputeBytes;
        }

        var largest = list.Max(stage => stage.Cost.KeptBytes);
        return largest
            + (
                checkpointing
                    ? list.Sum(stage => InputBytes(stage.Stage)) + largest / 2
                    : list.Sum(stage => stage.Cost.KeptBytes + (stage.Joined ? InputBytes(stage.Stage) : 0))
            );
    }

    /// <summary>How many are trained, and how many are in memory beside them.</summary>
    private (long Trained, long Locked) Parameters()
    {
        using var unet = new UNet(p, Placement.Meta);
        using var control = _target.HasControl
            ? new ControlNet(new ControlNetParams { UNet = p }, Placement.Meta)
            : null;
        if (control is not null && rank is { } changes)
        {
            LowRankLayers.Share(control, unet, changes, Placement.Meta);
        }

        if (_target.IsDistilled)
        {
            var unchanged = Count(unet.named_parameters());
            LowRankLayers.Share(unet, unet, rank!.Value, Placement.Meta);
            var ofLora = LowRankLayers.Changes(unet).Sum(layer => layer.Change.Down.numel() + layer.Change.Up.numel());
            return (ofLora, otherParameters + unchanged);
        }

        var trained = Count(unet.named_parameters().Where(parameter => _target.Trains(parameter.name)));
        return (
            trained + (control is null ? 0 : Count(LowRankLayers.Trained(control))),
            otherParameters + Count(unet.named_parameters()) - trained
        );
    }

    private static long Count(IEnumerable<(string Name, Parameter Parameter)> parameters) =>
        parameters.Sum(parameter => parameter.Parameter.numel());

    /// <summary>Seconds of an optimizer step for one parameter.</summary>
    private static double OptimizerSeconds(AdamWOptions options)
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(zeros(OptimizerProbe));
        using var optimizer = new AdamW([parameter], options);
        var best = double.MaxValue;
        for (var round = 0; round < 4; round++)
        {
            var clock = Stopwatch.StartNew();
            optimizer.Step(1e-5, 1);
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return best / OptimizerProbe;
    }

    /// <summary>What happens to the weights of a stage.</summary>
    private enum StageWeights
    {
        Locked,
        Trained,

        /// <summary>Matrices are locked; changes of low rank to them, norms and biases are trained.</summary>
        LowRank,
    }

    /// <summary>What one stage costs.</summary>
    /// <param name="ForwardOnly">Seconds of a forward pass without gradients.</param>
    /// <param name="Forward">Seconds of one with gradients.</param>
    /// <param name="Backward">Seconds of a backward pass.</param>
    /// <param name="KeptBytes">What a forward pass keeps for it, its result included.</param>
    private sealed record StageCost(double ForwardOnly, double Forward, double Backward, long KeptBytes);
}
