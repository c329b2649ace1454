using ControlNetSharp.Diffusion;

namespace ControlNetSharp.Samplers;

/// <summary>A row of <see cref="SamplerCatalogue.Schedulers"/>: which noise levels are visited.</summary>
public sealed record SchedulerEntry
{
    internal SchedulerEntry(
        string name,
        string label,
        Func<NoiseSchedule, int, IReadOnlyList<NoiseLevel>> levels,
        bool startsLow = false,
        int mostSteps = SamplingPlan.MostSteps
    ) => (Name, Label, Levels, StartsLow, MostSteps) = (name, label, levels, startsLow, mostSteps);

    /// <summary>The short name, as in stable-diffusion-webui where it has the scheduler.</summary>
    public string Name { get; }

    /// <summary>The name on a page.</summary>
    public string Label { get; }

    /// <summary>
    /// Whether the first level may lie well below the noisiest one. Pure noise then enters with the standard deviation
    /// that latents of that level would have (1 for Stable Diffusion, as diffusers does for leading spacing) and not
    /// with the level's Sigma.
    /// </summary>
    public bool StartsLow { get; }

    /// <summary>The most steps that it can be divided into.</summary>
    public int MostSteps { get; }

    /// <summary>(schedule, steps) to the levels, noisiest first, without the last one where a sampler ends.</summary>
    internal Func<NoiseSchedule, int, IReadOnlyList<NoiseLevel>> Levels { get; }
}
