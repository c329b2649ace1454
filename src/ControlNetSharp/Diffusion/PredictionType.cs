using System.Text.Json.Serialization;

namespace ControlNetSharp.Diffusion;

/// <summary>What a network was trained to predict from noisy latents.</summary>
public enum PredictionType
{
    /// <summary>The noise (SD 1.x, SDXL, SD 2 base).</summary>
    Epsilon,

    /// <summary>
    /// v = Alpha · noise - Sigma · clean (SD 2 at 768 pixels). Source: Salimans and Ho 2022, arXiv:2202.00512, appendix
    /// D.
    /// </summary>
    [JsonStringEnumMemberName("v")]
    Velocity,

    /// <summary>The clean latents.</summary>
    Sample,
}
