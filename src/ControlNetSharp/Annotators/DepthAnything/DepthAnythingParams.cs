using ControlNetSharp.Annotators.Layers;

namespace ControlNetSharp.Annotators.DepthAnything;

/// <summary>The shape of a Depth Anything network.</summary>
internal sealed record DepthAnythingParams
{
    /// <summary>Channels of a head, in all published sizes.</summary>
    private const int HeadWidth = 64;

    /// <summary>Width of the transformer's tokens.</summary>
    public required int Width { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Width inside the transformer's MLPs.</summary>
    public required int MlpWidth { get; init; }

    /// <summary>Transformer blocks.</summary>
    public required int Blocks { get; init; }

    /// <summary>The numbers of blocks after which features go to the decoder: four, rising.</summary>
    public required IReadOnlyList<int> Taps { get; init; }

    /// <summary>Pixels along a side of a patch.</summary>
    public required int Patch { get; init; }

    /// <summary>Patches along a side of the grid that the positions were trained on.</summary>
    public required int Grid { get; init; }

    /// <summary>Channels of the four levels, fine to coarse.</summary>
    public required IReadOnlyList<int> LevelChannels { get; init; }

    /// <summary>Channels of the decoder.</summary>
    public required int FusionChannels { get; init; }

    /// <summary>Channels before the last convolution.</summary>
    public required int HeadChannels { get; init; }

    /// <summary>Reads the shape off the names and shapes of the weights.</summary>
    /// <param name="shapes">Shapes by name, in the layout of transformers.</param>
    /// <param name="heads">Heads, which no shape shows; one for each 64 channels where null.</param>
    /// <exception cref="KeyNotFoundException">A name that every such file has is missing.</exception>
    public static DepthAnythingParams Infer(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, int? heads = null)
    {
        var width = shapes.SizeOf("backbone.embeddings.cls_token", 2);
        var blocks = shapes.CountOf(block => $"backbone.encoder.layer.{block}.norm1.weight");
        return new()
        {
            Width = width,
            Heads = heads ?? Math.Max(1, width / HeadWidth),
            MlpWidth = shapes.SizeOf("backbone.encoder.layer.0.mlp.fc1.weight", 0),
            Blocks = blocks,
            // Quarters, except in the large network.
            Taps = blocks == 24 ? [5, 12, 18, 24] : [.. Enumerable.Range(1, 4).Select(quarter => quarter * blocks / 4)],
            Patch = shapes.SizeOf("backbone.embeddings.patch_embeddings.projection.weight", 2),
            Grid = (int)Math.Sqrt(shapes.SizeOf("backbone.embeddings.position_embeddings", 1) - 1),
            LevelChannels =
            [
                .. Enumerable
                    .Range(0, 4)
                    .Select(level => shapes.SizeOf($"neck.reassemble_stage.layers.{level}.projection.weight", 0)),
            ],
            FusionChannels = shapes.SizeOf("neck.convs.0.weight", 0),
            HeadChannels = shapes.SizeOf("head.conv2.weight", 0),
        };
    }
}
