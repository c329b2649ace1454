using static TorchSharp.torch;

namespace ControlNetSharp.Networks;

/// <summary>
/// Runs a block without keeping what lies inside it; the backward pass computes it again. A training step then holds
/// one block's inner values at a time, for a third more computing.
/// Source: Chen et al. 2016, arXiv:1604.06174.
/// </summary>
internal sealed class GradientCheckpoint : autograd.MultiTensorFunction<GradientCheckpoint>
{
    private const string Block = "block";

    // A block's inputs may have no gradient while its weights do; this one makes the result a part of the graph all the
    // same.
    private static readonly Tensor Anchor = zeros(1, requires_grad: true).DetachFromDisposeScope();

    /// <inheritdoc/>
    public override string Name => nameof(GradientCheckpoint);

    /// <summary>block(x, time, context), which must give the same result each time.</summary>
    public static Tensor Run(Func<Tensor, Tensor, Tensor, Tensor> block, Tensor x, Tensor time, Tensor context) =>
        apply([block, x, time, context, Anchor])[0];

    /// <inheritdoc/>
    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        using var _ = no_grad();
        var (block, x, time, context) = (
            (Func<Tensor, Tensor, Tensor, Tensor>)vars[0],
            (Tensor)vars[1],
            (Tensor)vars[2],
            (Tensor)vars[3]
        );
        ctx.save_data(Block, block);
        ctx.save_for_backward([x, time, context]);
        return [block(x, time, context)];
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ArgumentNullException.ThrowIfNull(grad_outputs);
        using var scope = NewDisposeScope();
        using var _ = enable_grad();
        var block = (Func<Tensor, Tensor, Tensor, Tensor>)ctx.get_data(Block);
        var inputs = ctx.get_saved_variables()
            .Select(saved => saved.detach().requires_grad_(saved.requires_grad))
            .ToArray();
        autograd.backward(block(inputs[0], inputs[1], inputs[2]), grad_outputs[0]);
        // One for each argument of apply; the block itself and the anchor have none.
        return [null!, .. inputs.Select(input => input.grad?.MoveToOuterDisposeScope()!), null!];
    }
}
