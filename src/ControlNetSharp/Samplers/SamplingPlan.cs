using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>
/// A sampler with the noise levels that it will visit: everything about a run that does not depend on the picture. Host
/// values; can be used for many runs.
/// </summary>
internal sealed class SamplingPlan
{
    /// <summary>The most steps that any scheduler takes.</summary>
    public const int MostSteps = 1000;

    private readonly double _eta;

    private SamplingPlan(SamplerEntry sampler, SchedulerEntry scheduler, IReadOnlyList<LevelStep> steps, double eta)
    {
        (Sampler, Scheduler, Steps, _eta) = (sampler, scheduler, steps, eta);
    }

    /// <summary>The sampler.</summary>
    public SamplerEntry Sampler { get; }

    /// <summary>The scheduler, resolved where "automatic" was asked for.</summary>
    public SchedulerEntry Scheduler { get; }

    /// <summary>
    /// The steps that are run, at least one. Usually one denoiser call each; Heun has two in all but the last, PLMS two
    /// in the first.
    /// </summary>
    public IReadOnlyList<LevelStep> Steps { get; }

    /// <summary>The noise level at which the run starts.</summary>
    public NoiseLevel Start => Steps[0].From;

    /// <summary>Makes a plan.</summary>
    /// <param name="options">Names, steps, the part of the schedule, eta.</param>
    /// <param name="schedule">The schedule that the network was trained with.</param>
    /// <exception cref="ArgumentException">
    /// A name is unknown or a number out of range; the message names the option, the value and what is allowed.
    /// </exception>
    public static SamplingPlan Create(SamplingOptions options, NoiseSchedule schedule)
    {
        Require(options.Steps is >= 1 and <= MostSteps, nameof(options.Steps), options.Steps, $"from 1 to {MostSteps}");
        Require(options.Denoise is >= 0 and <= 1, nameof(options.Denoise), options.Denoise, "from 0 to 1");
        Require(
            options is not { RunAllSteps: true, Denoise: 0 },
            nameof(options.Denoise),
            options.Denoise,
            "above 0 where RunAllSteps is set"
        );
        Require(options.Eta is null or (>= 0 and <= 1), nameof(options.Eta), options.Eta, "from 0 to 1");

        var (sampler, scheduler) = RowsOf(options.Sampler, options.Scheduler, schedule);
        var scheduled = options is { RunAllSteps: true, Denoise: < 1 }
            ? (int)(options.Steps / options.Denoise)
            : options.Steps;
        var levels = scheduler.Levels(schedule, scheduled);
        var first = schedule.LevelAt(0);
        var end = sampler.EndsAtFirstTimestep && levels[^1].Timestep > 0 ? first : NoiseLevel.Clean;
        var steps = LevelStep.Through([.. levels, end]);
        var run =
            options.Denoise == 1 ? steps.Count
            : options.RunAllSteps ? options.Steps
            : Math.Min(steps.Count, (int)(options.Denoise * steps.Count) + 1);
        var eta = options.Eta ?? sampler.DefaultEta ?? 0;
        if (sampler.EtaLowersTimesteps)
        {
            steps = [.. steps.Select(step => step with { Below = Below(step.To, eta, schedule) })];
        }

        return new(sampler, scheduler, [.. steps.TakeLast(run)], eta);
    }

    /// <summary>The rows that two names mean with a model's noise, which may choose the scheduler.</summary>
    /// <exception cref="ArgumentException">A name is unknown; the message lists the known ones.</exception>
    internal static (SamplerEntry Sampler, SchedulerEntry Scheduler) RowsOf(
        string sampler,
        string scheduler,
        NoiseSchedule noise
    ) => SamplerCatalogue.Resolve(sampler, scheduler, noise.PrefersTrailing ? SamplerCatalogue.Trailing : null);

    /// <summary>
    /// The level at ⌊(1 - eta) · t⌋; the level of t itself where eta is 0, though t is no whole number.
    /// </summary>
    private static NoiseLevel Below(NoiseLevel level, double eta, NoiseSchedule schedule) =>
        eta == 0 ? level : schedule.LevelAt(Math.Floor((1 - eta) * level.Timestep));

    /// <summary>The latents that <see cref="Run"/> starts from; fresh, owned by the caller.</summary>
    /// <param name="noise">[B, 4, h, w], standard normal. Borrowed.</param>
    /// <param name="clean">Latents of a picture to start from, [B, 4, h, w], or null for noise alone. Borrowed.</param>
    public Tensor StartFrom(Tensor noise, Tensor? clean = null)
    {
        using var scope = NewDisposeScope();
        var latents = clean is null
            ? noise.Times(Scheduler.StartsLow ? Math.Sqrt(Start.Variance) : Start.Sigma)
            : clean.Times(Start.Alpha).Plus(noise.Times(Start.Sigma));
        return latents.MoveToOuterDisposeScope();
    }

    /// <summary>Runs the sampler, without gradients.</summary>
    /// <param name="denoise">The denoiser.</param>
    /// <param name="latents">[B, 4, h, w] from <see cref="StartFrom"/>. Borrowed.</param>
    /// <param name="noise">Draws fresh noise for the samplers that use it.</param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <returns>Clean latents, [B, 4, h, w]; fresh, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Tensor Run(
        Denoiser denoise,
        Tensor latents,
        NoiseSource noise,
        Action<SamplerStep>? onStep = null,
        CancellationToken cancellationToken = default
    )
    {
        using var withoutGradients = no_grad();
        return Sampler.Run(denoise, latents, Steps, _eta, noise, onStep, cancellationToken);
    }

    private static void Require(bool holds, string name, object? value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {rule}.");
        }
    }
}
