namespace ControlNetSharp.Samplers;

/// <summary>
/// A row of <see cref="SamplerCatalogue.Samplers"/>; a program adds its own by <see cref="SamplerCatalogue.Register"/>.
/// </summary>
public sealed record SamplerEntry
{
    /// <summary>A sampler.</summary>
    /// <param name="name">The name that users know.</param>
    /// <param name="aliases">Other names of it.</param>
    /// <param name="defaultScheduler">
    /// Name of the scheduler that "automatic" means: a row of <see cref="SamplerCatalogue.Schedulers"/>.
    /// </param>
    /// <param name="run">The function; without state, as several runs may call it at once.</param>
    /// <param name="defaultEta">Its eta where the user gives none, 0 to 1; null where it has no eta.</param>
    /// <param name="endsAtFirstTimestep">Whether it ends at timestep 0 and not at clean latents.</param>
    /// <exception cref="ArgumentException">The eta is out of range.</exception>
    public SamplerEntry(
        string name,
        IReadOnlyList<string> aliases,
        string defaultScheduler,
        SamplerFunction run,
        double? defaultEta = null,
        bool endsAtFirstTimestep = false
    )
    {
        ArgumentNullException.ThrowIfNull(run);
        if (defaultEta is not (null or (>= 0 and <= 1)))
        {
            throw new ArgumentOutOfRangeException(nameof(defaultEta), defaultEta, "must be from 0 to 1.");
        }

        (Name, Aliases, DefaultScheduler, Run, DefaultEta, EndsAtFirstTimestep) = (
            name,
            aliases,
            defaultScheduler,
            run,
            defaultEta,
            endsAtFirstTimestep
        );
    }

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

    /// <summary>
    /// Whether eta says by which share of the next timestep a step goes below it, <see cref="LevelStep.Below"/>, and
    /// not how much of the possible fresh noise there is.
    /// </summary>
    internal bool EtaLowersTimesteps { get; init; }

    /// <summary>The function.</summary>
    internal SamplerFunction Run { get; }
}
