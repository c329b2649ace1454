using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// What a control does inside of the blocks of a UNet during one call. Each member is a place; a control acts at those
/// that it has a body for. Several controls act one after the other: what one gives is what the next one gets.
/// </summary>
internal interface IBlockControl
{
    /// <summary>What goes into the projections of an attention layer.</summary>
    /// <param name="place">The layer.</param>
    /// <param name="inputs">What would go in. Borrowed.</param>
    AttentionInputs Into(AttentionPlace place, AttentionInputs inputs) => inputs;

    /// <summary>What an attention layer gives to its output projection.</summary>
    /// <param name="place">The layer.</param>
    /// <param name="projected">Queries, keys and values. Borrowed.</param>
    /// <param name="attend">What is attended without this control, to the same or to other tensors; fresh.</param>
    /// <returns>[B, L, C]; fresh.</returns>
    Tensor Attended(AttentionPlace place, AttentionTensors projected, Func<AttentionTensors, Tensor> attend) =>
        attend(projected);

    /// <summary>What a layer of a stage gives: a residual block, all transformers of a stage, a resampling.</summary>
    /// <param name="place">The layer.</param>
    /// <param name="output">[B, C, h, w]. Borrowed.</param>
    Tensor After(StagePlace place, Tensor output) => output;

    /// <summary>What a group norm gives.</summary>
    /// <param name="x">What goes in, [B, C, h, w]. Borrowed.</param>
    /// <param name="norm">The norm, of this or another tensor; fresh.</param>
    Tensor Normed(Tensor x, Func<Tensor, Tensor> norm) => norm(x);
}

/// <summary>An attention layer of a UNet.</summary>
/// <param name="Stage">
/// Its stage: input blocks from 0, then the middle block, then the output blocks, in LDM's order.
/// </param>
/// <param name="Block">Its transformer block within the stage, from 0.</param>
/// <param name="IsSelf">Whether it attends to the picture itself (attn1) or to the text (attn2).</param>
internal readonly record struct AttentionPlace(int Stage, int Block, bool IsSelf);

/// <summary>A layer of a stage of a UNet.</summary>
/// <param name="Stage">As <see cref="AttentionPlace.Stage"/>.</param>
/// <param name="Layer">Its number within the stage, from 0, as LDM's names have it.</param>
internal readonly record struct StagePlace(int Stage, int Layer);

/// <summary>What goes into the projections of an attention layer.</summary>
/// <param name="Query">[B, L, C].</param>
/// <param name="Key">[B, K, D]; the same tensor as the query where a picture attends to itself.</param>
/// <param name="Value">[B, K, D], likewise.</param>
/// <param name="Height">Rows of the feature map whose pixels are the L tokens.</param>
/// <param name="Width">Columns of it.</param>
internal sealed record AttentionInputs(Tensor Query, Tensor Key, Tensor Value, long Height, long Width);
