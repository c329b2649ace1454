using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Training;

/// <summary>
/// What a target is made of: a row for each, so that whoever trains, plans or saves asks for facts and not for names.
/// </summary>
internal sealed record TargetParts
{
    private static readonly Dictionary<TrainingTarget, TargetParts> Rows = new()
    {
        [TrainingTarget.ControlNet] = new() { HasControl = true },
        [TrainingTarget.ControlNetAndDecoder] = new() { HasControl = true, TrainsDecoder = true },
        [TrainingTarget.ControlLora] = new() { HasControl = true, UsualRank = 128 },
        [TrainingTarget.UNet] = new() { TrainsEncoder = true, TrainsDecoder = true },
        [TrainingTarget.Lcm] = new()
        {
            UsualRank = 64,
            UsualTeacherSteps = TimestepSpacing.LcmSteps,
            EmptyPrompts = 0,
            Usage = new(["LCM"], Scheduler: null, FewestSteps: 4, MostSteps: 8, GuidanceScale: 1),
        },
        [TrainingTarget.Progressive] = new()
        {
            IsForOneCount = true,
            UsualRank = 64,
            UsualTeacherSteps = 20,
            EmptyPrompts = 0,
            Usage = new(["Euler", "DDIM"], SamplerCatalogue.Trailing, FewestSteps: 4, MostSteps: 4, GuidanceScale: 1),
        },
    };

    /// <summary>Whether there is a network that controls, which is trained.</summary>
    public bool HasControl { get; private init; }

    /// <summary>
    /// The rank of published files where what is trained is changes of low rank to the UNet's weights: to those of its
    /// encoder half, which controls, or to all where nothing does. Null where weights themselves are trained.
    /// </summary>
    public int? UsualRank { get; private init; }

    /// <summary>Whether what is trained is changes of low rank.</summary>
    public bool IsLowRank => UsualRank is not null;

    /// <summary>Whether the locked UNet teaches a copy with changes to do many of its steps in one.</summary>
    public bool IsDistilled => Usage is not null;

    /// <summary>What a LoRA for few steps is for; null for other targets.</summary>
    public LoraUsage? Usage { get; private init; }

    /// <summary>Whether what is trained is for one number of steps, in which pictures then have to be made.</summary>
    public bool IsForOneCount { get; private init; }

    /// <summary>Steps of what teaches where none are asked for.</summary>
    public int UsualTeacherSteps { get; private init; }

    /// <summary>Share of prompts that are dropped where none is asked for.</summary>
    public double EmptyPrompts { get; private init; } = 0.5;

    /// <summary>Whether input blocks, middle block and embeddings of the UNet are trained.</summary>
    public bool TrainsEncoder { get; private init; }

    /// <summary>Whether the UNet's output blocks and its last layers are trained.</summary>
    public bool TrainsDecoder { get; private init; }

    /// <summary>How its sample pictures are made: sampler, steps and guidance.</summary>
    public GenerationRequest Sampling =>
        Usage is null
            ? new() { Prompt = "" }
            : new()
            {
                Prompt = "",
                Sampler = Usage.Samplers[0],
                Scheduler = Usage.Scheduler ?? SamplerCatalogue.Automatic,
                Steps = Usage.FewestSteps,
                GuidanceScale = Usage.GuidanceScale,
            };

    /// <summary>Whether any of the UNet is trained, so that a finished training writes a model.</summary>
    public bool ChangesModel => TrainsEncoder || TrainsDecoder;

    /// <summary>The row of a target.</summary>
    public static TargetParts Of(TrainingTarget target) => Rows[target];

    /// <summary>Whether a parameter of the UNet is trained.</summary>
    /// <param name="name">Its name without a prefix.</param>
    public bool Trains(string name) => IsOfDecoder(name) ? TrainsDecoder : TrainsEncoder;

    private static bool IsOfDecoder(string name) =>
        name.StartsWith("output_blocks.", StringComparison.Ordinal)
        || name.StartsWith("out.", StringComparison.Ordinal);
}
