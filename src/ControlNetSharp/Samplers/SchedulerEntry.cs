using ControlNetSharp.Diffusion;

namespace ControlNetSharp.Samplers;

/// <summary>A row of <see cref="SamplerCatalogue.Schedulers"/>: which noise levels are visited.</summary>
/// <param name="Name">The short name, as in stable-diffusion-webui where it has the scheduler.</param>
/// <param name="Label">The name on a page.</param>
/// <param name="Levels">(schedule, steps) to the levels, noisiest first, without the last one where a sampler ends.</param>
/// <param name="StartsLow">
/// Whether the first level may lie well below the noisiest one. Pure noise then enters with standard deviation 1, as diffusers does for leading spacing, and not with the level's Sigma: latents of that level would have variance 1 too.
/// </param>
/// <param name="MostSteps">The most steps that it can be divided into.</param>
public sealed record SchedulerEntry(string Name, string Label, Func<NoiseSchedule, int, IReadOnlyList<NoiseLevel>> Levels, bool StartsLow = false, int MostSteps = SamplingPlan.MostSteps);
