using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// What steers a UNet from outside. The denoiser knows nothing else of a control: what kind of network it is, how
/// strongly it acts
/// and where are its own affairs. Without state: one object may serve several runs at once.
/// </summary>
internal interface IControl
{
    /// <summary>Whether it acts at a step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Steps of the whole run.</param>
    bool ActsAt(int step, int steps);

    /// <summary>What is added to the UNet's skip connections and its middle block in one call.</summary>
    /// <param name="call">What the UNet gets. Borrowed.</param>
    /// <returns>
    /// In encoder order, the middle block last (13 for SD 1.x and 2.x, 10 for SDXL), each [S·B, C, h, w] or [S·B, C, 1,
    /// 1]; fresh.
    /// </returns>
    IReadOnlyList<Tensor> Residuals(UNetCall call);
}
