namespace ControlNetSharp.Samplers;

/// <summary>The two fixed variances of a DDPM step. Source: Ho et al. 2020, arXiv:2006.11239, section 3.2.</summary>
internal enum DdpmVariance
{
    /// <summary>That of the posterior given the clean latents.</summary>
    Small,

    /// <summary>Beta of the step: right for data that is itself standard normal noise.</summary>
    Large,
}
