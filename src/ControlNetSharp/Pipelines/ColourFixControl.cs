using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// Gives clean latents the low frequencies of a picture's: what a wide mean leaves of them is replaced by what it
/// leaves of those. The original does so at all steps; here it is done at those at which the unit acts.
/// </summary>
/// <param name="Hint">[1, 4, h, w], float32: latents of the picture. Borrowed.</param>
/// <param name="Fix">How.</param>
/// <param name="Strength">How strongly, 1 at most, and when.</param>
internal sealed record ColourFixControl(Tensor Hint, ColourFix Fix, ControlStrength Strength) : ICorrection
{
    /// <inheritdoc/>
    public bool ActsAt(int step, int steps) => Strength.ActsAt(step, steps);

    /// <summary>Nothing inside of the UNet.</summary>
    public UNetAdditions Additions(UNetCall call) => UNetAdditions.None;

    /// <inheritdoc/>
    public Tensor Corrected(Tensor clean, UNetCall call)
    {
        using var scope = NewDisposeScope();
        var unconditional = call.Unconditional;
        var corrected = (clean - Mean(clean)).Plus(Mean(Hint));
        if (Fix.Sharpness is { } sharpness && unconditional > 0)
        {
            // Guidance goes away from the unconditional side: blurred, it drives the picture to be sharp.
            var side = corrected.narrow(0, 0, unconditional);
            var blurred = Mean(side).Times(sharpness).Plus(side.Times(1 - sharpness));
            corrected = cat([blurred, corrected.narrow(0, unconditional, clean.shape[0] - unconditional)], 0);
        }

        var weight = Math.Clamp(Strength.Weight.At(call.Position), 0, 1);
        return corrected.Times(weight).Plus(clean.Times(1 - weight)).MoveToOuterDisposeScope();
    }

    /// <summary>The mean over a square around each place; beyond the border the last row or column goes on.</summary>
    private Tensor Mean(Tensor x)
    {
        long radius = Fix.Radius;
        return avg_pool2d(pad(x, [radius, radius, radius, radius], PaddingModes.Replicate), 2 * radius + 1, 1);
    }
}
