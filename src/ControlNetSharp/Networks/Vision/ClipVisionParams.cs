namespace ControlNetSharp.Networks.Vision;

/// <summary>
/// The shape of a CLIP image encoder. Source: the configurations of OpenCLIP ViT-H/14 and ViT-bigG/14 and of CLIP
/// ViT-L/14 in transformers' layout; transformers 4.42, modeling_clip.py.
/// </summary>
internal sealed record ClipVisionParams
{
    /// <summary>Heads of all published encoders; not visible in a checkpoint's shapes.</summary>
    public const int UsualHeads = 16;

    /// <summary>Pixels of the side of the pictures of all published encoders.</summary>
    public const int UsualSide = 224;

    /// <summary>Width of CLIP's own ViT-L/14, the one that was trained with the quick GELU.</summary>
    private const int QuickWidth = 1024;

    private const string Root = "vision_model.";

    /// <summary>Features of a token: 1280 (ViT-H), 1664 (bigG), 1024 (ViT-L).</summary>
    public required int Width { get; init; }

    /// <summary>Width inside of the feed-forward part: 5120, 8192, 4096.</summary>
    public required int InnerWidth { get; init; }

    /// <summary>Transformer blocks: 32, 48, 24.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads: 16.</summary>
    public required int Heads { get; init; }

    /// <summary>Pixels of a patch's side: 14.</summary>
    public required int Patch { get; init; }

    /// <summary>Patches of a picture's side: 16.</summary>
    public required int Grid { get; init; }

    /// <summary>Width of a picture's embedding: 1024, 1280, 768.</summary>
    public required int EmbeddingWidth { get; init; }

    /// <summary>Whether the activation is x·sigmoid(1.702·x), CLIP's own, instead of the exact GELU.</summary>
    public required bool IsQuick { get; init; }

    /// <summary>Pixels of a picture's side: 224.</summary>
    public int PictureSide => Patch * Grid;

    /// <summary>Reads the shape off a checkpoint in transformers' layout; other names are ignored.</summary>
    /// <param name="shapes">Shapes by name.</param>
    /// <param name="heads">The number of heads where the file says it; null for 16.</param>
    /// <exception cref="ArgumentException">The names or shapes are not those of an image encoder.</exception>
    public static ClipVisionParams Infer(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, int? heads = null)
    {
        IReadOnlyList<long> Shape(string name, int dimensions) =>
            shapes.TryGetValue(name, out var shape) && shape.Count == dimensions && shape.All(side => side > 0)
                ? shape
                : throw new ArgumentException(
                    $"the weights are not those of a CLIP image encoder: '{name}' is missing or of another shape",
                    nameof(shapes)
                );
        var patches = Shape(Root + "embeddings.patch_embedding.weight", 4);
        var grid = (int)Math.Sqrt(Shape(Root + "embeddings.position_embedding.weight", 2)[0] - 1);
        var width = (int)patches[0];
        var count = heads ?? UsualHeads;
        return width % count == 0
            ? new ClipVisionParams
            {
                Width = width,
                InnerWidth = (int)Shape(Root + "encoder.layers.0.mlp.fc1.weight", 2)[0],
                Layers = Enumerable
                    .Range(0, int.MaxValue)
                    .TakeWhile(layer => shapes.ContainsKey($"{Root}encoder.layers.{layer}.mlp.fc1.weight"))
                    .Count(),
                Heads = count,
                Patch = (int)patches[2],
                Grid = grid,
                EmbeddingWidth = (int)Shape("visual_projection.weight", 2)[0],
                IsQuick = width == QuickWidth,
            }
            : throw new ArgumentException($"{width} channels cannot be divided into {count} heads", nameof(heads));
    }
}
