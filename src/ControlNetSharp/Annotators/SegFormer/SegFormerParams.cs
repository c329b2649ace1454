using ControlNetSharp.Annotators.Layers;

namespace ControlNetSharp.Annotators.SegFormer;

/// <summary>One of the stages of a SegFormer encoder.</summary>
/// <param name="Channels">Channels out.</param>
/// <param name="Patch">Side of the kernel that makes patches; they overlap.</param>
/// <param name="Stride">Pixels from patch to patch.</param>
/// <param name="Blocks">Transformer blocks.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Reduction">Side of the squares that keys and values are made of.</param>
/// <param name="MlpWidth">Width inside the MLPs.</param>
internal sealed record SegFormerStageParams(
    int Channels,
    int Patch,
    int Stride,
    int Blocks,
    int Heads,
    int Reduction,
    int MlpWidth
);

/// <summary>The shape of a SegFormer.</summary>
/// <param name="Stages">The stages, fine to coarse.</param>
/// <param name="DecoderWidth">Channels of the decoder.</param>
/// <param name="Labels">Classes.</param>
internal sealed record SegFormerParams(IReadOnlyList<SegFormerStageParams> Stages, int DecoderWidth, int Labels)
{
    /// <summary>Heads and strides of all published sizes, b0 to b5; shapes do not show them.</summary>
    private static readonly int[] PublishedHeads = [1, 2, 5, 8];
    private static readonly int[] PublishedStrides = [4, 2, 2, 2];

    /// <summary>Reads the shape off the names and shapes of the weights.</summary>
    /// <param name="shapes">Shapes by name, in the layout of transformers.</param>
    /// <param name="heads">Heads of each stage; those of all published sizes where null.</param>
    /// <param name="strides">Strides of each stage; those of all published sizes where null.</param>
    /// <exception cref="KeyNotFoundException">A name that every such file has is missing.</exception>
    public static SegFormerParams Infer(
        IReadOnlyDictionary<string, IReadOnlyList<long>> shapes,
        IReadOnlyList<int>? heads = null,
        IReadOnlyList<int>? strides = null
    )
    {
        (heads, strides) = (heads ?? PublishedHeads, strides ?? PublishedStrides);
        return new(
            [.. heads.Select((_, stage) => Stage(stage))],
            shapes.SizeOf("decode_head.linear_fuse.weight", 0),
            shapes.SizeOf("decode_head.classifier.weight", 0)
        );

        SegFormerStageParams Stage(int stage)
        {
            var (patches, block, reduction) = (
                $"segformer.encoder.patch_embeddings.{stage}.proj.weight",
                $"segformer.encoder.block.{stage}.",
                $"segformer.encoder.block.{stage}.0.attention.self.sr.weight"
            );
            return new(
                shapes.SizeOf(patches, 0),
                shapes.SizeOf(patches, 2),
                strides[stage],
                shapes.CountOf(i => $"{block}{i}.layer_norm_1.weight"),
                heads[stage],
                shapes.ContainsKey(reduction) ? shapes.SizeOf(reduction, 2) : 1,
                shapes.SizeOf($"{block}0.mlp.dense1.weight", 0)
            );
        }
    }
}
