using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>The controls that act inside of an attention layer in one call of a UNet.</summary>
/// <param name="Controls">At least one; the last one is outermost.</param>
/// <param name="Place">The layer.</param>
/// <param name="Height">Rows of the feature map whose pixels are the tokens.</param>
/// <param name="Width">Columns of it.</param>
internal sealed record AttentionControls(
    IReadOnlyList<IBlockControl> Controls,
    AttentionPlace Place,
    long Height,
    long Width
)
{
    /// <summary>Those of the attention to the text in the same transformer block.</summary>
    public AttentionControls ToText => this with { Place = Place with { IsSelf = false } };

    /// <inheritdoc cref="IBlockControl.Into"/>
    public AttentionInputs Into(AttentionInputs inputs) =>
        Controls.Aggregate(inputs, (seen, control) => control.Into(Place, seen));

    /// <inheritdoc cref="IBlockControl.Attended"/>
    public Tensor Attended(AttentionTensors projected) =>
        Controls.Aggregate<IBlockControl, Func<AttentionTensors, Tensor>>(
            seen => seen.Attend(),
            (inner, control) => seen => control.Attended(Place, seen, inner)
        )(projected);
}
