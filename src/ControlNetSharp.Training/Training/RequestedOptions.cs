using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;

namespace ControlNetSharp.Training;

/// <summary>A request in the terms of the training itself.</summary>
internal static class RequestedOptions
{
    private const double OriginalRate = 1e-5;
    private const double OriginalWidth = 320;

    /// <summary>That of the published LoRAs for few steps (diffusers' train_lcm_distill_lora_sd_wds.py).</summary>
    private const double PublishedLoraRate = 1e-4;

    /// <summary>
    /// Narrow networks bear and need a higher rate. Chosen by trial on the embedded model, of a tenth of the width: it
    /// converges at 4e-4 within 1000 steps, at 1e-4 within several thousand.
    /// </summary>
    private const double WidthExponent = 1.6;

    /// <summary>The options for a model.</summary>
    /// <param name="request">The request.</param>
    /// <param name="workers">Threads that compute side by side.</param>
    /// <param name="model">The locked model. Borrowed.</param>
    /// <param name="modelHash">Digest of its files.</param>
    /// <param name="conditions">The request's conditions by their own names.</param>
    public static TrainingRunOptions ToOptions(
        this TrainingRequest request,
        int workers,
        DiffusionModel model,
        string modelHash,
        IEnumerable<string> conditions
    )
    {
        var options = request.ToOptions(workers);
        return options with
        {
            Identity = Identity(request, model, modelHash, conditions),
            LearningRate = options.LearningRate with
            {
                Peak = request.LearningRate ?? UsualRate(request.Target, model.UNet.Params.ModelChannels),
            },
            Loss = request.Loss() with
            {
                Schedule = model.Noise,
                Prediction = model.Prediction ?? model.Family.Prediction,
            },
        };
    }

    /// <summary>The same without a model: enough for a plan.</summary>
    public static TrainingRunOptions ToOptions(this TrainingRequest request, int workers) =>
        new()
        {
            Folder = request.Out,
            Steps = request.Steps,
            BatchSize = request.BatchSize,
            Accumulation = request.Accumulation,
            LearningRate = new LearningRate
            {
                Peak = request.LearningRate ?? 0,
                Shape = request.LearningRateShape,
                WarmUpSteps = request.WarmUpSteps,
            },
            Optimizer = new AdamWOptions
            {
                Beta1 = request.Beta1,
                Beta2 = request.Beta2,
                Epsilon = request.Epsilon,
                WeightDecay = request.WeightDecay,
                EightBitState = request.EightBitState,
            },
            Muon = request.Optimizer == TrainingOptimizer.Muon ? TrainableDenoiser.ForMuon : null,
            LargestGradientNorm = request.LargestGradientNorm == 0 ? null : request.LargestGradientNorm,
            EmptyPrompts = request.EmptyPrompts ?? TargetParts.Of(request.Target).EmptyPrompts,
            Loss = request.Loss(),
            Reward = request.RewardOptions,
            ControlledShare = request.ControlledShare,
            NoiseOffset = request.NoiseOffset,
            AverageDecay = request.AverageDecay,
            ValidateEvery = request.ValidateEvery,
            Samples = request.Samples,
            Sampling = TargetParts.Of(request.Target).Sampling with { Steps = request.LearnedSteps },
            SaveEvery = request.SaveEvery,
            KeepCheckpoints = request.KeepCheckpoints,
            Workers = workers,
            Seed = request.Seed,
        };

    private static DenoisingLoss Loss(this TrainingRequest request) =>
        request.Target switch
        {
            TrainingTarget.Lcm => new ConsistencyLoss { TeacherSteps = request.TaughtSteps },
            TrainingTarget.Progressive => new ProgressiveLoss
            {
                Steps = request.LearnedSteps,
                TeacherSteps = request.TaughtSteps,
            },
            _ => new DiffusionLoss { SnrGamma = request.SnrGamma },
        };

    private static Dictionary<string, string> Identity(
        TrainingRequest request,
        DiffusionModel model,
        string modelHash,
        IEnumerable<string> conditions
    )
    {
        var identity = new Dictionary<string, string>
        {
            ["model"] = modelHash[..10],
            ["resolution"] = $"{request.Resolution ?? model.NativeSize}",
            ["condition"] = string.Join(", ", conditions),
        };
        if (request.TrainedRank is { } rank)
        {
            identity["rank"] = $"{rank}";
        }

        var parts = TargetParts.Of(request.Target);
        if (parts.HasControl)
        {
            // Said without one, too: a training does not begin to be rewarded half-way.
            identity["reward"] = string.Create(CultureInfo.InvariantCulture, $"{request.RewardOptions?.Weight ?? 0:r}");
        }

        if (request.RewardOptions is { } reward)
        {
            identity["reward timestep"] = $"{reward.Timestep}";
        }

        if (parts.IsDistilled)
        {
            identity["guidance scale"] = string.Create(CultureInfo.InvariantCulture, $"{request.TaughtGuidance:r}");
            identity["teacher steps"] = $"{request.TaughtSteps}";
            identity["controlled share"] = string.Create(CultureInfo.InvariantCulture, $"{request.ControlledShare:r}");
        }

        if (parts.IsForOneCount)
        {
            identity["learned steps"] = $"{request.LearnedSteps}";
        }

        return identity;
    }

    private static double UsualRate(TrainingTarget target, int width) =>
        TargetParts.Of(target).IsDistilled ? PublishedLoraRate * OriginalWidth / width : DefaultRate(width);

    /// <summary>The learning rate where none is given and whole weights are trained.</summary>
    /// <param name="width">Channels of the UNet's first level.</param>
    internal static double DefaultRate(int width) => OriginalRate * Math.Pow(OriginalWidth / width, WidthExponent);
}
