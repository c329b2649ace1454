namespace ControlNetSharp.Samplers;

/// <summary>What a sampling run is to be. Checked by <see cref="SamplingPlan.Create"/>.</summary>
internal sealed record SamplingOptions
{
    /// <summary>
    /// Name, alias or combined name of a sampler: <see cref="SamplerCatalogue.Resolve"/>. Default "Euler".
    /// </summary>
    public string Sampler { get; init; } = "Euler";

    /// <summary>Name or label of a scheduler, or "automatic" (the default).</summary>
    public string Scheduler { get; init; } = SamplerCatalogue.Automatic;

    /// <summary>Steps, 1 to 1000. Default 20. With the scheduler "ldm" the run may have more.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>
    /// How much of the schedule is run, from its clean end: 1 (the default) all of it, 0.5 the cleaner half. Below 1
    /// the run needs clean latents to start from. 0 to 1.
    /// </summary>
    public double Denoise { get; init; } = 1;

    /// <summary>
    /// What <see cref="Steps"/> counts where <see cref="Denoise"/> is below 1. False (the default): the steps of the
    /// whole schedule, of which floor(Denoise · Steps) + 1 are run. True: the steps that are run, of a schedule that is
    /// longer by 1/Denoise;
    /// Denoise must then be above 0. Both as in stable-diffusion-webui (img2img, and its second pass).
    /// </summary>
    public bool RunAllSteps { get; init; }

    /// <summary>
    /// Amount of fresh noise, 0 to 1; null (the default) for the sampler's own: 1 for the ancestral and SDE ones, 0 for
    /// DDIM. Samplers whose <see cref="SamplerEntry.DefaultEta"/> is null have no eta.
    /// </summary>
    public double? Eta { get; init; }
}
