namespace ControlNetSharp.Samplers;

/// <summary>A row of <see cref="SamplerCatalogue.Samplers"/>.</summary>
public sealed record SamplerEntry
{
    internal SamplerEntry(
        string name,
        IReadOnlyList<string> aliases,
        string defaultScheduler,
        SamplerFunction run,
        double? defaultEta = null,
        bool endsAtFirstTimestep = false
    ) =>
        (Name, Aliases, DefaultScheduler, Run, DefaultEta, EndsAtFirstTimestep) = (
            name,
            aliases,
            defaultScheduler,
            run,
            defaultEta,
            endsAtFirstTimestep
        );

    /// <summary>The name that users know, as in stable-diffusion-webui where it has the sampler.</summary>
    public string Name { get; }

    /// <summary>Other names of it.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>Name of the scheduler that "automatic" means.</summary>
    public string DefaultScheduler { get; }

    /// <summary>Its eta where the user gives none, 0..1; null where the sampler has no eta.</summary>
    public double? DefaultEta { get; }

    /// <summary>
    /// Whether it ends at the level of timestep 0 and not at clean latents, as LDM's DDIM and diffusers'
    /// set_alpha_to_one = false do.
    /// </summary>
    public bool EndsAtFirstTimestep { get; }

    /// <summary>The function.</summary>
    internal SamplerFunction Run { get; }
}
