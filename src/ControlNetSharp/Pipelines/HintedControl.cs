using ControlNetSharp.Networks;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// What steers by a hint, ready for sampling. When, where and how strongly it acts is the same for all of them.
/// </summary>
/// <param name="Strength">How strongly and when it acts.</param>
internal abstract record HintedControl(ControlStrength Strength) : IControl
{
    /// <summary>Where it acts: [1, 1, H, W], 0..1, of any size; null for everywhere. Borrowed.</summary>
    public Tensor? Region { get; init; }

    /// <inheritdoc cref="PreparedControl.GlobalAveragePooling"/>
    public bool GlobalAveragePooling { get; init; }

    /// <summary>
    /// Whether the unconditional side of the guidance gets nothing, so that a network runs on half the batch.
    /// </summary>
    public bool IsConditionalOnly => UnconditionalFactor == 0;

    private double UnconditionalFactor =>
        Strength.UnconditionalFactor ?? (Strength.Mode == ControlMode.Control || GlobalAveragePooling ? 0 : 1);

    /// <inheritdoc/>
    public bool ActsAt(int step, int steps) => Strength.ActsAt(step, steps);

    /// <inheritdoc/>
    public abstract UNetAdditions Additions(UNetCall call);

    /// <summary>What is added, with the first rows, the unconditional side, as strong as they are to be.</summary>
    protected Tensor WithUnconditionalFactor(Tensor added, long unconditional)
    {
        if (unconditional == 0 || UnconditionalFactor == 1)
        {
            return added;
        }

        using var scope = NewDisposeScope();
        var side = added.narrow(0, 0, unconditional).Times(UnconditionalFactor);
        var rest = added.narrow(0, unconditional, added.shape[0] - unconditional);
        return cat([side, rest], 0).MoveToOuterDisposeScope();
    }

    /// <summary>The region over the tokens of a feature map: [1, height · width, 1]; null for everywhere.</summary>
    protected Tensor? RegionOf(long height, long width, ScalarType dtype) =>
        Region is null ? null : RegionOf(height, width).to(dtype).flatten(2).transpose(1, 2);

    /// <summary>The region at the size of a feature map: [1, 1, height, width].</summary>
    protected Tensor RegionOf(long height, long width) => nn.functional.adaptive_avg_pool2d(Region!, [height, width]);
}
