using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>The features of a T2I-Adapter, which are the same at all steps.</summary>
/// <param name="Features">As <see cref="UNetAdditions.Features"/>, [1, C, h, w] each. Borrowed.</param>
/// <param name="Strength">How strongly and when it acts.</param>
internal sealed record AttachedAdapter(IReadOnlyDictionary<int, Tensor> Features, ControlStrength Strength)
    : ResidualControl(Strength)
{
    /// <summary>
    /// Factors in the modes prompt and control, the largest features first. Source: sd-webui-controlnet, soft weights
    /// of T2I-Adapters (behaviour).
    /// </summary>
    private static readonly double[] Soft = [0.25, 0.62, 0.825, 1];

    /// <inheritdoc/>
    protected override UNetAdditions Unweighted(UNetCall call)
    {
        var rows = call.Input.shape[0];
        return new()
        {
            Features = Features.ToDictionary(feature => feature.Key, feature => feature.Value.expand(rows, -1, -1, -1)),
        };
    }

    /// <inheritdoc/>
    protected override double FactorOf(int index) =>
        Strength.FactorOf(
            index,
            Features.Count,
            Soft[Math.Clamp(Soft.Length - Features.Count + index, 0, Soft.Length - 1)]
        );
}
