using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Training;

/// <summary>
/// What is to be trained, on what and how: plain data, the same in C# and JSON; <see cref="RequestedTraining"/> does
/// it. Defaults are the original's: AdamW at 1e-5, batches of 4, every second prompt dropped.
/// </summary>
public sealed record TrainingRequest
{
    /// <summary>The version of the form described here.</summary>
    public const int CurrentVersion = 1;

    private const double UsualGuidance = 7;

    /// <summary>Version of the request's form; 1.</summary>
    [Range(CurrentVersion, CurrentVersion)]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The folder of the dataset.</summary>
    public required string Data { get; init; }

    /// <summary>
    /// What the hints show, such as <c>canny</c>; several kinds where annotators make the hints; any name of letters,
    /// digits, _ and - where the dataset brings them.
    /// </summary>
    public required IReadOnlyList<string> Conditions { get; init; }

    /// <summary>Folder for the finished network, checkpoints, samples and the report; made if need be.</summary>
    public required string Out { get; init; }

    /// <summary>Name, path or hash of the locked model; default the embedded one.</summary>
    public string Model { get; init; } = GenerationRequest.EmbeddedModel;

    /// <summary>Whether the training goes on from the newest checkpoint in <see cref="Out"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether finished files that are in <see cref="Out"/> may be replaced.</summary>
    public bool Overwrite { get; init; }

    /// <summary>What is trained; default the ControlNet alone.</summary>
    public TrainingTarget Target { get; init; }

    /// <summary>
    /// The rank of a LoRA, 1 to 4096; null (the default) for that of published ones: 128 of a Control-LoRA, 64 of one
    /// for few steps. Matrices with fewer inputs or outputs have that many.
    /// </summary>
    [Range(1, 4096)]
    public int? Rank { get; init; }

    /// <summary>
    /// Name, path or hash of a ControlNet to start from; null (the default) for a copy of the UNet. A Control-LoRA
    /// starts from the UNet itself. For a LoRA for few steps the ControlNet of <see cref="ControlledShare"/>.
    /// </summary>
    public string? Start { get; init; }

    /// <summary>
    /// The guidance scale that a LoRA for few steps makes needless, 1 to 30; null (the default) for 7.
    /// </summary>
    [Range(1.0, 30.0)]
    public double? GuidanceScale { get; init; }

    /// <summary>
    /// Steps of the teacher of a LoRA for few steps from pure noise to a picture, 4 to 500; null (the default) for 50,
    /// or 20 of <see cref="TrainingTarget.Progressive"/>, where they are a multiple of <see cref="StudentSteps"/>.
    /// Fewer are learned from faster, and less exactly.
    /// </summary>
    [Range(4, 500)]
    public int? TeacherSteps { get; init; }

    /// <summary>
    /// The number of steps that a LoRA of <see cref="TrainingTarget.Progressive"/> is for, 1 to 100; null (the default)
    /// for 4.
    /// </summary>
    [Range(1, 100)]
    public int? StudentSteps { get; init; }

    /// <summary>
    /// Share of the batches of a LoRA for few steps in which teacher and student are controlled, 0 to 1, so that it
    /// serves with ControlNets, too: by <see cref="Start"/>, or by the model's ControlNet of each example's condition.
    /// Default 0.
    /// </summary>
    [Range(0.0, 1.0)]
    public double ControlledShare { get; init; }

    /// <summary>
    /// Side of square pictures, a multiple of 64 from 64 to 4096; others have about its area. Null (the default) for
    /// that of the model.
    /// </summary>
    [Range(64, 4096)]
    public int? Resolution { get; init; }

    /// <summary>Pictures whose gradients are computed together, 1 to 1024; default 4.</summary>
    [Range(1, 1024)]
    public int BatchSize { get; init; } = 4;

    /// <summary>Batches a step, 1 to 1024; default 1.</summary>
    [Range(1, 1024)]
    public int Accumulation { get; init; } = 1;

    /// <summary>
    /// Steps of the whole run, 1 to 10000000; null (the default) to end when the control has converged and gets no
    /// better.
    /// </summary>
    [Range(1, 10_000_000)]
    public int? Steps { get; init; }

    /// <summary>
    /// The highest learning rate, 0 to 1; null (the default) for 1e-5 at the width of Stable Diffusion (a LoRA for few
    /// steps: 1e-4) and more for narrower models.
    /// </summary>
    [Range(0.0, 1.0)]
    public double? LearningRate { get; init; }

    /// <summary>How the rate runs; those that fall need <see cref="Steps"/>. Default constant.</summary>
    public LearningRateShape LearningRateShape { get; init; }

    /// <summary>Steps over which the rate rises, 0 to 1000000; default 0.</summary>
    [Range(0, 1_000_000)]
    public int WarmUpSteps { get; init; }

    /// <summary>By what weights are moved; default AdamW.</summary>
    public TrainingOptimizer Optimizer { get; init; }

    /// <summary>AdamW's decay of the mean of the gradients, 0 to 0.99999; default 0.9.</summary>
    [Range(0.0, 0.99999)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's decay of the mean of the squared gradients, 0 to 0.9999999; default 0.999.</summary>
    [Range(0.0, 0.9999999)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of AdamW's second moment, 0 to 1; default 1e-8.</summary>
    [Range(0.0, 1.0)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>
    /// Share of a weight that is taken away each step, times the learning rate, 0 to 10; default 0.01.
    /// </summary>
    [Range(0.0, 10.0)]
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Whether AdamW's means are kept in eight bits; on the CPU only.</summary>
    public bool EightBitState { get; init; }

    /// <summary>Whether inner values are computed again in the backward pass: less memory, a third more work.</summary>
    public bool Checkpointing { get; init; }

    /// <summary>Gradients are scaled down to this norm, 0 to 1000000; 0 for no clipping. Default 1.</summary>
    [Range(0.0, 1e6)]
    public double LargestGradientNorm { get; init; } = 1;

    /// <summary>
    /// Share of prompts that are dropped, 0 to 1; null (the default) for 0.5, and 0 for a LoRA for few steps.
    /// </summary>
    [Range(0.0, 1.0)]
    public double? EmptyPrompts { get; init; }

    /// <summary>Gamma of min-SNR weighting, 0.01 to 1000; null (the default) for none.</summary>
    [Range(0.01, 1000.0)]
    public double? SnrGamma { get; init; }

    /// <summary>Deviation of a noise that is the same in all pixels of a channel, 0 to 1; default 0.</summary>
    [Range(0.0, 1.0)]
    public double NoiseOffset { get; init; }

    /// <summary>
    /// The weight of a reward for pictures that show what their hints say, 0 to 1000, for targets that control and
    /// conditions that the embedded annotators read: of the difference between hint and what is read in a picture that
    /// is predicted in one step. 0 or null (the default) for none.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double? Reward { get; init; }

    /// <summary>
    /// The last timestep at which pictures are rewarded, 0 to 999: behind it they are too blurred to be read. Null (the
    /// default) for 200.
    /// </summary>
    [Range(0, 999)]
    public int? RewardTimestep { get; init; }

    /// <summary>
    /// Decay of the average of the weights, 0 to 0.9999999, which is then what is written; null (the default) for none.
    /// </summary>
    [Range(0.0, 0.9999999)]
    public double? AverageDecay { get; init; }

    /// <summary>Steps between two validations, 1 to 1000000; default 500.</summary>
    [Range(1, 1_000_000)]
    public int ValidateEvery { get; init; } = 500;

    /// <summary>Pictures made at each validation, 1 to 64; default 8.</summary>
    [Range(1, 64)]
    public int Samples { get; init; } = 8;

    /// <summary>Steps between two checkpoints, 1 to 1000000; default 500.</summary>
    [Range(1, 1_000_000)]
    public int SaveEvery { get; init; } = 500;

    /// <summary>Checkpoints that are kept, 1 to 1000; default 2.</summary>
    [Range(1, 1000)]
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>Seed of everything that is drawn, 0 to 2147483647; default 1.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; } = 1;

    /// <summary>Folder for encoded examples; null (the default) for <c>cache</c> in <see cref="Out"/>.</summary>
    public string? Cache { get; init; }

    /// <summary>Type of the finished weights; default fp16.</summary>
    public SavedDtype SaveDtype { get; init; }

    /// <summary>The rank of the LoRA that is trained; null where none is.</summary>
    internal int? TrainedRank => TargetParts.Of(Target).UsualRank is { } usual ? Rank ?? usual : null;

    /// <summary>The guidance scale of the teacher of a distillation.</summary>
    internal double TaughtGuidance => GuidanceScale ?? UsualGuidance;

    /// <summary>The steps of the teacher of a distillation.</summary>
    internal int TaughtSteps => TeacherSteps ?? TargetParts.Of(Target).UsualTeacherSteps;

    /// <summary>The steps in which a picture is made with what is trained.</summary>
    internal int LearnedSteps => StudentSteps ?? TargetParts.Of(Target).Sampling.Steps;

    /// <summary>The reward that is given; null for none.</summary>
    internal RewardOptions? RewardOptions =>
        Reward is > 0 ? new(Reward.Value, RewardTimestep ?? Training.RewardOptions.UsualTimestep) : null;

    /// <summary>Reads a request and checks it.</summary>
    /// <param name="utf8">JSON in UTF-8; what is left out has its default.</param>
    /// <param name="folder">Where relative paths count from; null for the present folder.</param>
    /// <exception cref="RequestException">
    /// It is no JSON, no request, or asks for what is not allowed; the message has the path of the member.
    /// </exception>
    public static TrainingRequest Read(ReadOnlySpan<byte> utf8, string? folder = null)
    {
        var request = RequestJson.Parse(utf8, TrainingJsonContext.Default.TrainingRequest);
        request = folder is null ? request : request.From(folder);
        request.Check();
        return request;
    }

    /// <summary>The request as indented JSON; members that are null are left out.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TrainingJsonContext.Default.TrainingRequest);

    /// <summary>
    /// Checks all that is told from the request alone, before a file is opened. Problems name other members in
    /// backquotes.
    /// </summary>
    /// <exception cref="RequestException">
    /// A value is not allowed; the member, its value and what is allowed are named.
    /// </exception>
    internal void Check()
    {
        MemberRanges.Check(this, "");
        RequestRules.Require(
            Resolution is null || Resolution % 64 == 0,
            "resolution",
            Resolution,
            "must be a multiple of 64 from 64 to 4096."
        );
        RequestRules.Require(
            LearningRateShape == LearningRateShape.Constant || Steps is not null,
            "learningRateShape",
            RequestValues.WordOf(LearningRateShape),
            "a rate that falls needs to know where it ends: give `steps`."
        );
        var parts = TargetParts.Of(Target);
        RequestRules.Require(
            Rank is null || parts.IsLowRank,
            "rank",
            Rank,
            "is that of a Control-LoRA or of a LoRA for few steps; leave it out with another `target`."
        );
        RequestRules.Require(
            Start is null || parts.IsDistilled || (parts.HasControl && !parts.IsLowRank),
            "start",
            Start,
            "is a ControlNet that is trained on; leave it out with this `target`, which starts from the model."
        );
        RequestRules.Require(
            Start is null || !parts.IsDistilled || ControlledShare > 0,
            "start",
            Start,
            "controls a part of the batches with this `target`; say how many by `controlledShare`."
        );
        RequestRules.Require(
            GuidanceScale is null || parts.IsDistilled,
            "guidanceScale",
            GuidanceScale,
            "is that of what teaches few steps; leave it out with another `target`."
        );
        RequestRules.Require(
            TeacherSteps is null || parts.IsDistilled,
            "teacherSteps",
            TeacherSteps,
            "are those of what teaches few steps; leave it out with another `target`."
        );
        RequestRules.Require(
            StudentSteps is null || parts.IsForOneCount,
            "studentSteps",
            StudentSteps,
            "is for the `target` progressive; leave it out with another."
        );
        RequestRules.Require(
            !parts.IsForOneCount || TaughtSteps % LearnedSteps == 0,
            "teacherSteps",
            TaughtSteps,
            $"must be a multiple of the {LearnedSteps} steps that are learned."
        );
        RequestRules.Require(
            ControlledShare == 0 || parts.IsDistilled,
            "controlledShare",
            ControlledShare,
            "is for a LoRA for few steps; leave it out with another `target`."
        );
        RequestRules.Require(
            SnrGamma is null || !parts.IsDistilled,
            "snrGamma",
            SnrGamma,
            "weights a loss that this `target` does not have; leave it out."
        );
        RequestRules.Require(
            Reward is null || parts.HasControl,
            "reward",
            Reward,
            "is for what controls; leave it out with this `target`."
        );
        RequestRules.Require(
            RewardTimestep is null || Reward is not null,
            "rewardTimestep",
            RewardTimestep,
            "is that of a reward; give a `reward`, or leave it out."
        );
        RequestRules.Require(Conditions.Count > 0, "conditions", null, "at least one must be named.");
        _ = TrainingConditions.Of(Conditions);
    }

    private TrainingRequest From(string folder) =>
        this with
        {
            Data = RequestPaths.Rooted(Data, folder)!,
            Out = RequestPaths.Rooted(Out, folder)!,
            Cache = RequestPaths.Rooted(Cache, folder),
            Model = RequestPaths.RootedNetwork(Model, folder)!,
            Start = RequestPaths.RootedNetwork(Start, folder),
        };
}

/// <summary>By what weights are moved.</summary>
public enum TrainingOptimizer
{
    /// <summary>AdamW moves all.</summary>
    [JsonStringEnumMemberName("adamw")]
    AdamW,

    /// <summary>Muon moves the matrices inside the networks, AdamW the rest; best with batches of 16 or more.</summary>
    Muon,
}

/// <summary>The type of weights in a file.</summary>
public enum SavedDtype
{
    /// <summary>Half precision.</summary>
    Fp16,

    /// <summary>bfloat16.</summary>
    Bf16,

    /// <summary>Single precision.</summary>
    Fp32,
}

/// <summary>The generated code for requests of trainings.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    Converters = [
        typeof(Words<TrainingTarget>),
        typeof(Words<LearningRateShape>),
        typeof(Words<TrainingOptimizer>),
        typeof(Words<SavedDtype>),
    ]
)]
[JsonSerializable(typeof(TrainingRequest))]
internal sealed partial class TrainingJsonContext : JsonSerializerContext;
