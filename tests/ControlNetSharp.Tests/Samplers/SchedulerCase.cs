using System.Text.Json;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Samplers;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Samplers;

/// <summary>One case of schedulers.json: a diffusers scheduler class with its arguments, said in the words of this library.</summary>
internal sealed class SchedulerCase
{
    private static readonly string[] KnownSettings =
    [
        "beta_start", "beta_end", "beta_schedule", "num_train_timesteps", "timestep_spacing", "steps_offset", "clip_sample", "set_alpha_to_one", "prediction_type", "rescale_betas_zero_snr",
        "skip_prk_steps", "use_karras_sigmas", "algorithm_type", "solver_type", "final_sigmas_type", "original_inference_steps", "variance_type",
    ];

    private readonly string _class;
    private readonly JsonElement _config;
    private readonly double _eta;

    public SchedulerCase(string name, JsonElement json)
    {
        _class = json.GetProperty("cls").GetString()!;
        _config = json.GetProperty("config");
        _eta = json.GetProperty("step").TryGetProperty("eta", out var eta) ? eta.GetDouble() : 0;
        Count = int.Parse(name.Split('/')[^1]);
        Assert.Empty(_config.EnumerateObject().Select(setting => setting.Name).Except(KnownSettings));
        Assert.Equal("scaled_linear", Setting("beta_schedule", ""));
        Assert.False(Setting("clip_sample", false));

        Schedule = new() { Start = Setting("beta_start", 0.0), End = Setting("beta_end", 0.0), Count = Setting("num_train_timesteps", 1000), InFloat32 = true };
        if (Setting("rescale_betas_zero_snr", false))
        {
            Schedule = Schedule with { ZeroTerminalSnr = true };
        }

        Prediction = Setting("prediction_type", "epsilon") switch { "epsilon" => PredictionType.Epsilon, "v_prediction" => PredictionType.Velocity, var other => Enum.Parse<PredictionType>(other, ignoreCase: true) };
        Steps = MakeSteps();
        InitialScale = json.GetProperty("init_noise_sigma").GetDouble();
        ModelCalls = json.GetProperty("model_calls").GetInt32();
    }

    public int Count { get; }

    public int ModelCalls { get; }

    public double InitialScale { get; }

    public NoiseSchedule Schedule { get; }

    public PredictionType Prediction { get; }

    public IReadOnlyList<LevelStep> Steps { get; }

    /// <summary>Whether the reference holds latents as clean + sigma · noise.</summary>
    public bool DividesByAlpha => _class is "EulerDiscreteScheduler" or "EulerAncestralDiscreteScheduler" or "HeunDiscreteScheduler";

    /// <summary>Whether the reference draws noise for its last step too, although that ends without any: it multiplies it by zero.</summary>
    public bool DrawsInVain => Steps[^1].To.Sigma == 0 && _class switch
    {
        "EulerAncestralDiscreteScheduler" => true,
        "DDPMScheduler" => Steps[^1].From.Timestep > 0 && Setting("variance_type", "fixed_small") == "fixed_small",
        "DPMSolverMultistepScheduler" => Setting("algorithm_type", "dpmsolver++") == "sde-dpmsolver++",
        _ => false,
    };

    public Tensor Run(Denoiser denoise, Tensor latents, NoiseSource noise) => _class switch
    {
        "DDIMScheduler" => FirstOrderSamplers.Ddim(denoise, latents, Steps, _eta, noise),
        "EulerDiscreteScheduler" => FirstOrderSamplers.Euler(denoise, latents, Steps),
        "EulerAncestralDiscreteScheduler" => FirstOrderSamplers.EulerAncestral(denoise, latents, Steps, 1, noise),
        "DDPMScheduler" => FirstOrderSamplers.Ddpm(denoise, latents, Steps, Setting("variance_type", "fixed_small") == "fixed_large" ? DdpmVariance.Large : DdpmVariance.Small, noise),
        "HeunDiscreteScheduler" => HeunSampler.Heun(denoise, latents, Steps),
        "DPMSolverMultistepScheduler" when Setting("algorithm_type", "dpmsolver++") == "sde-dpmsolver++" => DpmSolverSamplers.DpmPlusPlus2MSde(denoise, latents, Steps, 1, noise),
        "DPMSolverMultistepScheduler" => DpmSolverSamplers.DpmPlusPlus2M(denoise, latents, Steps),
        "UniPCMultistepScheduler" => UniPcSampler.UniPc(denoise, latents, Steps, Setting("solver_type", "bh2") == "bh1" ? UniPcKind.Bh1 : UniPcKind.Bh2),
        "PNDMScheduler" => PlmsSampler.Plms(denoise, latents, Steps, Prediction),
        "LCMScheduler" => LcmSampler.Lcm(denoise, latents, Steps, noise),
        _ => throw new InvalidOperationException($"No sampler here for {_class}."),
    };

    private IReadOnlyList<LevelStep> MakeSteps()
    {
        switch (_class)
        {
            case "DDIMScheduler" or "PNDMScheduler":
            {
                // These subtract a fixed number of timesteps, whatever the spacing.
                var end = Setting("set_alpha_to_one", _class == "DDIMScheduler") ? NoiseLevel.Clean : Schedule.LevelAt(0);
                var distance = Schedule.Count / Count;
                return [.. Spaced(Count).Select(t => Math.Round(t)).Select(t => new LevelStep(Schedule.LevelAt(t), t >= distance ? Schedule.LevelAt(t - distance) : end))];
            }

            case "DDPMScheduler":
                return LevelStep.Through([.. Spaced(Count).Select(t => Math.Round(t)).Select(Schedule.LevelAt), NoiseLevel.Clean]);

            case "LCMScheduler":
                return LevelStep.Through([.. TimestepSpacing.Lcm(Schedule.Count, Count, Setting("original_inference_steps", 50)).Select(Schedule.LevelAt), NoiseLevel.Clean]);

            case "DPMSolverMultistepScheduler" or "UniPCMultistepScheduler":
            {
                // One timestep more is spaced, and the lowest dropped; Karras sigmas span the whole schedule and tell the network whole timesteps.
                var timesteps = Setting("timestep_spacing", "linspace") == "trailing" ? Spaced(Count) : Spaced(Count + 1).SkipLast(1);
                var karras = SigmaSpacing.Karras(Count, Schedule.SmallestSigma, Schedule.LargestSigma).Select(Schedule.LevelOfSigma).Select(level => level with { Timestep = Math.Round(level.Timestep) });
                var levels = Setting("use_karras_sigmas", false) ? karras : timesteps.Select(t => Math.Round(t)).Select(Schedule.LevelAt);
                return LevelStep.Through([.. levels, Setting("final_sigmas_type", "zero") == "sigma_min" ? Schedule.LevelAt(0) : NoiseLevel.Clean]);
            }

            default:
            {
                NoiseLevel[] levels = [.. Spaced(Count).Select(Schedule.LevelAt)];
                var karras = SigmaSpacing.Karras(Count, levels[^1].RelativeSigma, levels[0].RelativeSigma).Select(Schedule.LevelOfSigma);
                return LevelStep.Through([.. Setting("use_karras_sigmas", false) ? karras : levels, NoiseLevel.Clean]);
            }
        }
    }

    private IReadOnlyList<double> Spaced(int count) => Setting("timestep_spacing", _class is "DDIMScheduler" or "PNDMScheduler" or "DDPMScheduler" ? "leading" : "linspace") switch
    {
        "leading" => TimestepSpacing.Leading(Schedule.Count, count, Setting("steps_offset", 0)),
        "linspace" => TimestepSpacing.Linspace(Schedule.Count, count),
        "trailing" => TimestepSpacing.Trailing(Schedule.Count, count),
        var other => throw new InvalidOperationException($"No spacing here for {other}."),
    };

    private T Setting<T>(string name, T otherwise) => _config.TryGetProperty(name, out var value) ? value.Deserialize<T>()! : otherwise;
}
