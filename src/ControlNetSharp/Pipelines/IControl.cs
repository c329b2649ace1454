using ControlNetSharp.Networks;

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

    /// <summary>What it adds inside of the UNet in one call.</summary>
    /// <param name="call">What the UNet gets. Borrowed.</param>
    /// <returns>Tensors for all rows of the call; fresh.</returns>
    UNetAdditions Additions(UNetCall call);
}
