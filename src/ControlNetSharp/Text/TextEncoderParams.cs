namespace ControlNetSharp.Text;

/// <summary>
/// The shape of a CLIP text encoder. Source: the configurations of CLIP ViT-L/14 and of OpenCLIP ViT-H/14.
/// </summary>
public sealed record TextEncoderParams
{
    private const int UsualHeadWidth = 64;
    private const string TransformersTokens = "text_model.embeddings.token_embedding.weight";
    private const string OpenClipTokens = "token_embedding.weight";

    /// <summary>
    /// Features of a token: 768 (SD 1.x), 1024 (SD 2.x), 768 and 1280 (SDXL's two). The feed-forward part is four times
    /// as wide.
    /// </summary>
    public required int Width { get; init; }

    /// <summary>Transformer blocks: 12 (SD 1.x), 24 (SD 2.x), 12 and 32 (SDXL).</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads; the width is a multiple of it. Not visible in a checkpoint's shapes.</summary>
    public required int Heads { get; init; }

    /// <summary>Rows of the token table: 49408.</summary>
    public int VocabularySize { get; init; } = 49408;

    /// <summary>The longest row of tokens: 77.</summary>
    public int ContextLength { get; init; } = ClipTokenizer.ContextLength;

    /// <summary>Between the two layers of the feed-forward part.</summary>
    public TextActivation Activation { get; init; } = TextActivation.QuickGelu;

    /// <summary>Width of the projected, pooled vector; null where the checkpoint has no projection.</summary>
    public int? ProjectionWidth { get; init; }

    /// <summary>Width of the pooled vector.</summary>
    public int PooledWidth => ProjectionWidth ?? Width;

    /// <summary>Whether OpenCLIP's <c>logit_scale</c> is among the weights; text encoding does not use it.</summary>
    public bool HasLogitScale { get; init; }

    /// <summary>What fills a row behind its end token: 49407 (SD 1.x), 0 (SD 2.x).</summary>
    public int PadToken { get; init; } = 49407;

    /// <summary>
    /// The clip skip that the model was trained with, as A1111 counts: 1 (SD 1.x), 2 (SD 2.x in OpenCLIP's layout).
    /// </summary>
    public int DefaultClipSkip { get; init; } = 1;

    /// <summary>
    /// Whether the conditioning goes through the final norm: for SD 1.x and 2.x it does, for SDXL it does not.
    /// </summary>
    public bool NormsConditioning { get; init; } = true;

    /// <summary>Stable Diffusion 1.x: CLIP ViT-L/14.</summary>
    public static TextEncoderParams ClipL { get; } =
        new()
        {
            Width = 768,
            Layers = 12,
            Heads = 12,
        };

    /// <summary>Stable Diffusion 2.x: OpenCLIP ViT-H/14.</summary>
    public static TextEncoderParams OpenClipH { get; } =
        new()
        {
            Width = 1024,
            Layers = 24,
            Heads = 16,
            Activation = TextActivation.Gelu,
            ProjectionWidth = 1024,
            HasLogitScale = true,
            PadToken = 0,
            DefaultClipSkip = 2,
        };

    /// <summary>The second one of SDXL: OpenCLIP ViT-bigG/14.</summary>
    public static TextEncoderParams OpenClipBigG { get; } =
        OpenClipH with
        {
            Width = 1280,
            Layers = 32,
            Heads = 20,
            ProjectionWidth = 1280,
        };

    /// <summary>
    /// Reads the shape off a checkpoint. Names with <c>text_model.</c> are those of transformers (for
    /// <see cref="ClipTextEncoder"/>), others OpenCLIP's (for <see cref="OpenClipTextEncoder"/>).
    /// Shapes do not show the activation: OpenCLIP's weights, which are 1024 (H) or 1280 (bigG) wide in transformers'
    /// layout, were trained with the exact GELU, CLIP's with the quick one.
    /// </summary>
    /// <param name="shapes">
    /// Shapes by name, without the checkpoint's prefix (<c>cond_stage_model.transformer.</c> or
    /// <c>cond_stage_model.model.</c>); other names are ignored.
    /// </param>
    /// <param name="heads">
    /// The number of heads where it is known (files of one's own say it in their metadata); null for 64 features a
    /// head.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The names or shapes are not those of a text encoder, or the heads do not divide its width.
    /// </exception>
    public static TextEncoderParams Infer(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, int? heads = null)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        var transformers = shapes.ContainsKey(TransformersTokens);
        var (tokens, positions, blocks, projection) = transformers
            ? (
                TransformersTokens,
                "text_model.embeddings.position_embedding.weight",
                "text_model.encoder.layers.",
                "text_projection.weight"
            )
            : (OpenClipTokens, "positional_embedding", "transformer.resblocks.", "text_projection");
        var (vocabulary, width) = Matrix(shapes, tokens);
        var openClipWeights = !transformers || width is 1024 or 1280;
        return new TextEncoderParams
        {
            Width = width,
            Layers = CountBlocks(shapes.Keys, blocks),
            Heads = CheckedHeads(width, heads),
            VocabularySize = vocabulary,
            ContextLength = Matrix(shapes, positions).Rows,
            Activation = openClipWeights ? TextActivation.Gelu : TextActivation.QuickGelu,
            // transformers keeps a linear layer (rows are outputs), OpenCLIP a matrix to multiply with (columns are
            // outputs).
            ProjectionWidth =
                !shapes.ContainsKey(projection) ? null
                : transformers ? Matrix(shapes, projection).Rows
                : Matrix(shapes, projection).Columns,
            HasLogitScale = shapes.ContainsKey("logit_scale"),
            PadToken = openClipWeights ? 0 : vocabulary - 1,
            // In transformers' layout SD 2.x leaves out the block that is skipped.
            DefaultClipSkip = transformers ? 1 : 2,
        };
    }

    private static (int Rows, int Columns) Matrix(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, string name)
    {
        if (!shapes.TryGetValue(name, out var shape))
        {
            throw new ArgumentException(
                $"The weights are not those of a text encoder: '{name}' is missing.",
                nameof(shapes)
            );
        }

        return shape is [> 0 and <= int.MaxValue, > 0 and <= int.MaxValue]
            ? ((int)shape[0], (int)shape[1])
            : throw new ArgumentException(
                $"The weights are not those of a text encoder: '{name}' has the shape [{string.Join(", ", shape)}], "
                    + "not that of a matrix.",
                nameof(shapes)
            );
    }

    private static int CountBlocks(IEnumerable<string> names, string prefix)
    {
        var count = names
            .Where(name => name.StartsWith(prefix))
            .Select(name => name[prefix.Length..].Split('.')[0])
            .Distinct()
            .Count();
        return count > 0
            ? count
            : throw new ArgumentException(
                $"The weights are not those of a text encoder: no name begins with '{prefix}'.",
                nameof(names)
            );
    }

    private static int CheckedHeads(int width, int? heads)
    {
        if (heads is { } given)
        {
            return given >= 1 && width % given == 0
                ? given
                : throw new ArgumentException(
                    $"Heads must divide the width {width}; {given} were given.",
                    nameof(heads)
                );
        }

        return width % UsualHeadWidth == 0
            ? width / UsualHeadWidth
            : throw new ArgumentException(
                $"A text encoder {width} wide cannot have heads of {UsualHeadWidth}: the number of heads must be "
                    + "given.",
                nameof(heads)
            );
    }
}

/// <summary>The activation inside a text encoder's feed-forward part.</summary>
public enum TextActivation
{
    /// <summary>x·sigmoid(1.702·x), CLIP's own.</summary>
    QuickGelu,

    /// <summary>x·Φ(x), the exact one (erf), OpenCLIP's.</summary>
    Gelu,
}
