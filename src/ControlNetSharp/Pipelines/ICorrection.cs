using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A control that changes the clean latents that were predicted, before guidance joins its sides.</summary>
internal interface ICorrection : IControl
{
    /// <summary>What it makes of them.</summary>
    /// <param name="clean">[S·B, 4, h, w], float32: all sides of the guidance. Borrowed.</param>
    /// <param name="call">What the UNet got, whose rows these are. Borrowed.</param>
    /// <returns>Of the same shape; fresh.</returns>
    Tensor Corrected(Tensor clean, UNetCall call);
}
