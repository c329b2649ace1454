using ControlNetSharp.Diffusion;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>What goes into the UNet in one call, for all sides of the guidance and all pictures. Borrowed.</summary>
/// <param name="Input">
/// [S·B, C, h, w], noisy latents in the compute dtype, without what an inpainting UNet takes beside them.
/// </param>
/// <param name="Timesteps">[S·B], float32.</param>
/// <param name="Context">[S·B, K, D].</param>
/// <param name="Vector">[S·B, VectorChannels] for SDXL, else null.</param>
/// <param name="Unconditional">
/// How many of the first rows are the unconditional side; 0 where it is not computed.
/// </param>
/// <param name="Level">The noise level of the latents.</param>
/// <param name="Step">The step of the run, from 0.</param>
/// <param name="Position">Share of the steps that are done, 0 to 1.</param>
internal sealed record UNetCall(
    Tensor Input,
    Tensor Timesteps,
    Tensor Context,
    Tensor? Vector,
    long Unconditional,
    NoiseLevel Level,
    int Step,
    double Position = 0
)
{
    /// <summary>The same without the unconditional side; rows are views.</summary>
    internal UNetCall ConditionalSides()
    {
        Tensor Conditional(Tensor all) => all.narrow(0, Unconditional, all.shape[0] - Unconditional);
        return this with
        {
            Input = Conditional(Input),
            Timesteps = Conditional(Timesteps),
            Context = Conditional(Context),
            Vector = Vector is null ? null : Conditional(Vector),
            Unconditional = 0,
        };
    }
}
