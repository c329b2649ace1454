using System.CommandLine;

namespace ControlNetSharp.Cli;

/// <summary>
/// The options of <c>controlnet train</c>. Those for the training itself are named as in diffusers'
/// train_controlnet.py.
/// </summary>
internal static class TrainOptions
{
    public static readonly Option<string> Data = new("--data")
    {
        Description = "The folder of the dataset.",
        Required = true,
    };
    public static readonly Option<string[]> Condition = new("--condition")
    {
        Description =
            "What the hints show, such as canny; several kinds where annotators make the hints; any name where the "
            + "dataset brings them.",
        Required = true,
    };
    public static readonly Option<string> Out = new("--out")
    {
        Description = "Folder for the finished network, checkpoints, samples, report.",
        Required = true,
    };
    public static readonly Option<string?> Model = new("--model", "-m")
    {
        Description = "The locked model: pocket (embedded, the default) or a .safetensors checkpoint.",
    };
    public static readonly Option<string?> Models = new("--models")
    {
        Description = "Folder in which annotators look for their weights.",
    };
    public static readonly Option<bool> Resume = new("--resume")
    {
        Description = "Continues from the newest checkpoint in --out.",
    };
    public static readonly Option<bool> Plan = new("--plan")
    {
        Description = "Says what the training will cost in memory and time, and does nothing else.",
    };
    public static readonly Option<string?> Target = new("--target")
    {
        Description =
            "controlnet (default), controlnet_and_decoder (the UNet's decoder is trained, too), control_lora (a small "
            + "file: changes of --rank to the model's weights), unet (full fine-tuning), or a LoRA of --rank with "
            + "which few steps without guidance do: lcm (for the LCM sampler, 4 steps and more) or progressive (for "
            + "Euler and one number of steps; learned sooner).",
    };
    public static readonly Option<string?> Rank = new("--rank")
    {
        Description = "Rank of a control_lora (default 128), of lcm or progressive (default 64), 1 to 4096.",
    };
    public static readonly Option<string?> Start = new("--controlnet_model_name_or_path")
    {
        Description =
            "A ControlNet to start from; default: a copy of the UNet. For lcm and progressive the one that controls; "
            + "default: that of each example's condition.",
    };
    public static readonly Option<string?> Guidance = new("--guidance_scale")
    {
        Description = "For lcm and progressive: the guidance scale that becomes needless, 1 to 30; default 7.",
    };
    public static readonly Option<string?> TeacherSteps = new("--num_ddim_timesteps")
    {
        Description =
            "For lcm and progressive: steps of the teacher for a picture, 4 to 500; default 50, progressive 20. Fewer "
            + "are learned from faster, and less exactly.",
    };
    public static readonly Option<string?> StudentSteps = new("--num_inference_steps")
    {
        Description = "For progressive: steps that it is for, of which the teacher's are a multiple; default 4.",
    };
    public static readonly Option<string?> Controlled = new("--proportion_controlled")
    {
        Description =
            "For lcm and progressive: share of batches that are controlled by ControlNets, 0 to 1; default 0.",
    };
    public static readonly Option<string?> Reward = new("--reward")
    {
        Description =
            "For what controls: weight of a reward for pictures that show what their hints say, as the embedded "
            + "annotators read them; default: none.",
    };
    public static readonly Option<string?> RewardTimestep = new("--reward_timestep")
    {
        Description = "The last timestep at which there is a reward, 0 to 999; default 200.",
    };
    public static readonly Option<string?> Resolution = new("--resolution")
    {
        Description =
            "Side of square pictures, a multiple of 64; others have about its area. Default: that of the model.",
    };
    public static readonly Option<string?> Batch = new("--train_batch_size")
    {
        Description = "Pictures a batch; default 4.",
    };
    public static readonly Option<string?> Accumulation = new("--gradient_accumulation_steps")
    {
        Description = "Batches a step; default 1.",
    };
    public static readonly Option<string?> Steps = new("--max_train_steps")
    {
        Description = "Steps; default: until the control has converged and gets no better.",
    };
    public static readonly Option<string?> Rate = new("--learning_rate")
    {
        Description =
            "Default 1e-5 for the width of Stable Diffusion, more for narrower models (pocket: 4e-4); for lcm and "
            + "progressive 1e-4 (pocket: 1e-3).",
    };
    public static readonly Option<string?> Schedule = new("--lr_scheduler")
    {
        Description = "constant (default), linear, cosine or plateau; those that fall need --max_train_steps.",
    };
    public static readonly Option<string?> WarmUp = new("--lr_warmup_steps")
    {
        Description = "Steps over which the rate rises; default 0.",
    };
    public static readonly Option<string?> Optimizer = new("--optimizer")
    {
        Description =
            "adamw (default), or muon, by which the matrices inside the networks learn faster; the rest stays "
            + "AdamW's. Best with --train_batch_size 16 or more.",
    };
    public static readonly Option<string?> Beta1 = new("--adam_beta1") { Description = "Default 0.9." };
    public static readonly Option<string?> Beta2 = new("--adam_beta2") { Description = "Default 0.999." };
    public static readonly Option<string?> Epsilon = new("--adam_epsilon") { Description = "Default 1e-8." };
    public static readonly Option<string?> Decay = new("--adam_weight_decay") { Description = "Default 0.01." };
    public static readonly Option<bool> EightBit = new("--use_8bit_adam")
    {
        Description = "Keeps the optimizer's state in eight bits.",
    };
    public static readonly Option<bool> Checkpointing = new("--gradient_checkpointing")
    {
        Description = "Less memory, a third more computing.",
    };
    public static readonly Option<string?> Norm = new("--max_grad_norm")
    {
        Description = "Gradients are scaled down to this norm; 0 for no clipping. Default 1.",
    };
    public static readonly Option<string?> Empty = new("--proportion_empty_prompts")
    {
        Description = "Share of prompts that are dropped; default 0.5, for lcm and progressive 0.",
    };
    public static readonly Option<string?> Snr = new("--snr_gamma")
    {
        Description = "Gamma of min-SNR weighting; default: none.",
    };
    public static readonly Option<string?> Offset = new("--noise_offset") { Description = "Default 0." };
    public static readonly Option<string?> Average = new("--ema_decay")
    {
        Description = "Keeps an average of the weights, and writes that; default: none.",
    };
    public static readonly Option<string?> Validate = new("--validation_steps")
    {
        Description = "Steps between two validations; default 500.",
    };
    public static readonly Option<string?> Samples = new("--num_validation_images")
    {
        Description = "Pictures made at each; default 8.",
    };
    public static readonly Option<string?> Save = new("--checkpointing_steps")
    {
        Description = "Steps between two checkpoints; default 500.",
    };
    public static readonly Option<string?> Keep = new("--checkpoints_total_limit")
    {
        Description = "Checkpoints that are kept; default 2.",
    };
    public static readonly Option<string?> Seed = new("--seed") { Description = "Default 1." };
    public static readonly Option<string?> Cache = new("--cache_dir")
    {
        Description = "Folder for encoded examples; default: cache in --out.",
    };
    public static readonly Option<string?> SaveDtype = new("--save_dtype")
    {
        Description = "Type of the finished weights: fp16 (default), bf16 or fp32.",
    };

    /// <summary>The option of each member of a request, for errors.</summary>
    public static readonly IReadOnlyDictionary<string, string> ByMember = new Dictionary<string, string>
    {
        ["data"] = Data.Name,
        ["conditions"] = Condition.Name,
        ["out"] = Out.Name,
        ["model"] = Model.Name,
        ["resume"] = Resume.Name,
        ["plan"] = Plan.Name,
        ["overwrite"] = OutputPlace.Overwrite.Name,
        ["target"] = Target.Name,
        ["rank"] = Rank.Name,
        ["start"] = Start.Name,
        ["guidanceScale"] = Guidance.Name,
        ["teacherSteps"] = TeacherSteps.Name,
        ["studentSteps"] = StudentSteps.Name,
        ["controlledShare"] = Controlled.Name,
        ["reward"] = Reward.Name,
        ["rewardTimestep"] = RewardTimestep.Name,
        ["resolution"] = Resolution.Name,
        ["batchSize"] = Batch.Name,
        ["accumulation"] = Accumulation.Name,
        ["steps"] = Steps.Name,
        ["learningRate"] = Rate.Name,
        ["learningRateShape"] = Schedule.Name,
        ["warmUpSteps"] = WarmUp.Name,
        ["optimizer"] = Optimizer.Name,
        ["beta1"] = Beta1.Name,
        ["beta2"] = Beta2.Name,
        ["epsilon"] = Epsilon.Name,
        ["weightDecay"] = Decay.Name,
        ["eightBitState"] = EightBit.Name,
        ["checkpointing"] = Checkpointing.Name,
        ["largestGradientNorm"] = Norm.Name,
        ["emptyPrompts"] = Empty.Name,
        ["snrGamma"] = Snr.Name,
        ["noiseOffset"] = Offset.Name,
        ["averageDecay"] = Average.Name,
        ["validateEvery"] = Validate.Name,
        ["samples"] = Samples.Name,
        ["saveEvery"] = Save.Name,
        ["keepCheckpoints"] = Keep.Name,
        ["seed"] = Seed.Name,
        ["cache"] = Cache.Name,
        ["saveDtype"] = SaveDtype.Name,
        ["device"] = ComputeSettings.DeviceName,
        ["dtype"] = ComputeSettings.DtypeName,
    };

    public static IEnumerable<Option> All =>
        [
            Data,
            Condition,
            Out,
            Model,
            Models,
            Resume,
            Plan,
            Target,
            Rank,
            Start,
            Guidance,
            TeacherSteps,
            StudentSteps,
            Controlled,
            Reward,
            RewardTimestep,
            Resolution,
            Batch,
            Accumulation,
            Steps,
            Rate,
            Schedule,
            WarmUp,
            Optimizer,
            Beta1,
            Beta2,
            Epsilon,
            Decay,
            EightBit,
            Checkpointing,
            Norm,
            Empty,
            Snr,
            Offset,
            Average,
            Validate,
            Samples,
            Save,
            Keep,
            Seed,
            Cache,
            SaveDtype,
            OutputPlace.Overwrite,
        ];
}
