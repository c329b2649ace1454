namespace ControlNetSharp.Samplers;

/// <summary>A row of <see cref="SamplerCatalogue.Samplers"/>.</summary>
/// <param name="Name">The name that users know, as in stable-diffusion-webui where it has the sampler.</param>
/// <param name="Aliases">Other names of it.</param>
/// <param name="DefaultScheduler">Name of the scheduler that "automatic" means.</param>
/// <param name="Run">The function.</param>
/// <param name="DefaultEta">Its eta where the user gives none, 0..1; null where the sampler has no eta.</param>
/// <param name="EndsAtFirstTimestep">Whether it ends at the level of timestep 0 and not at clean latents, as LDM's DDIM and diffusers' set_alpha_to_one = false do.</param>
public sealed record SamplerEntry(
    string Name, IReadOnlyList<string> Aliases, string DefaultScheduler, SamplerFunction Run, double? DefaultEta = null, bool EndsAtFirstTimestep = false);
