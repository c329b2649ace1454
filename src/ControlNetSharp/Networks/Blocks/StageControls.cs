using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>The controls that act inside of a UNet in one call, at one stage.</summary>
/// <param name="Controls">At least one; the last one is outermost.</param>
/// <param name="Stage">As <see cref="AttentionPlace.Stage"/>.</param>
internal sealed record StageControls(IReadOnlyList<IBlockControl> Controls, int Stage)
{
    /// <summary>Those of the self-attention of a transformer block.</summary>
    /// <param name="block">Its number within the stage.</param>
    /// <param name="map">[B, C, h, w]: the feature map that it works over.</param>
    public AttentionControls Of(int block, Tensor map) =>
        new(Controls, new(Stage, block, IsSelf: true), map.shape[2], map.shape[3]);

    /// <inheritdoc cref="IBlockControl.After"/>
    public Tensor After(int layer, Tensor output) =>
        Controls.Aggregate(output, (h, control) => control.After(new(Stage, layer), h));

    /// <inheritdoc cref="IBlockControl.Normed"/>
    public Tensor Normed(Tensor x, Func<Tensor, Tensor> norm) =>
        Controls.Aggregate(norm, (inner, control) => seen => control.Normed(seen, inner))(x);
}
