using System.Globalization;
using System.Runtime.InteropServices;
using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Networks;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>Reads the shape of a network off the names and shapes of its weights in LDM layout.</summary>
internal static class NetworkShapes
{
    private const int ClassicHeads = 8;
    private const int HeadWidth = 64;

    /// <summary>The shape of a UNet, or of the encoder half that a ControlNet is.</summary>
    /// <param name="shapes">
    /// Shapes by name, without the prefix (<c>model.diffusion_model.</c> or <c>control_model.</c>).
    /// </param>
    /// <param name="metadata">
    /// What shapes cannot show; where it says nothing the family's heads, else SD's rules: 8 heads where projections
    /// are 1×1 convolutions (SD 1.x), 64 channels a head where they are linear; 32 norm groups.
    /// </param>
    /// <exception cref="KeyNotFoundException">A name that every UNet has is missing; the message names it.</exception>
    public static UNetParams UNet(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, CheckpointMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var projection =
            shapes.FirstOrDefault(shape => shape.Key.EndsWith(".proj_in.weight", StringComparison.Ordinal)).Value
            ?? throw new KeyNotFoundException(
                "it has no attention, without which it takes no text ('.proj_in.weight' is missing)"
            );
        var linear = projection.Count == 2;
        var context = Size(
            shapes,
            shapes.Keys.First(key => key.EndsWith(".attn2.to_k.weight", StringComparison.Ordinal)),
            1
        );
        int? vector = shapes.ContainsKey("label_emb.0.0.weight") ? Size(shapes, "label_emb.0.0.weight", 1) : null;
        var published = ModelFamily.Of(context, vector is not null).UNet;
        return new UNetParams
        {
            InChannels = Size(shapes, "input_blocks.0.0.weight", 1),
            OutChannels = shapes.ContainsKey("out.2.weight")
                ? Size(shapes, "out.2.weight", 0)
                : Size(shapes, "input_blocks.0.0.weight", 1),
            ModelChannels = Size(shapes, "time_embed.0.weight", 1),
            Levels = Levels(shapes),
            MiddleDepth = Depth(shapes, "middle_block.1."),
            ContextChannels = context,
            Heads =
                metadata.HeadWidth is { } width ? HeadRule.OfWidth(width)
                : metadata.Heads is { } heads ? HeadRule.OfCount(heads)
                : published is not null && published.LinearProjections == linear ? published.Heads
                : linear ? HeadRule.OfWidth(HeadWidth)
                : HeadRule.OfCount(ClassicHeads),
            LinearProjections = linear,
            VectorChannels = vector,
            NormGroups = metadata.NormGroups ?? 32,
        };
    }

    /// <summary>The shape of a ControlNet.</summary>
    /// <inheritdoc cref="UNet"/>
    public static ControlNetParams ControlNet(
        IReadOnlyDictionary<string, IReadOnlyList<long>> shapes,
        CheckpointMetadata metadata
    )
    {
        var convolutions = shapes
            .Where(shape =>
                shape.Key.StartsWith("input_hint_block.", StringComparison.Ordinal)
                && shape.Key.EndsWith(".weight", StringComparison.Ordinal)
            )
            .OrderBy(shape => int.Parse(shape.Key.Split('.')[1], CultureInfo.InvariantCulture))
            .ToList();
        return new ControlNetParams
        {
            UNet = UNet(shapes, metadata),
            HintChannels = Size(shapes, "input_hint_block.0.weight", 1),
            HintEncoderChannels = [.. convolutions.SkipLast(1).Select(convolution => (int)convolution.Value[0])],
        };
    }

    /// <summary>The shape of an Autoencoder.</summary>
    /// <param name="shapes">Shapes by name, without the prefix <c>first_stage_model.</c>.</param>
    /// <param name="metadata">What shapes cannot show; 32 norm groups where it says nothing.</param>
    /// <exception cref="KeyNotFoundException">
    /// A name that every Autoencoder has is missing; the message names it.
    /// </exception>
    public static AutoencoderParams Autoencoder(
        IReadOnlyDictionary<string, IReadOnlyList<long>> shapes,
        CheckpointMetadata metadata
    )
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (TinyAutoencoderKeys.IsTiny([.. shapes.Keys]))
        {
            return shapes.ContainsKey(TinyAutoencoderKeys.FirstOfDecoder)
                ? AutoencoderParams.Tiny(
                    Size(shapes, TinyAutoencoderKeys.FirstOfDecoder, 1),
                    shapes.ContainsKey(TinyAutoencoderKeys.FirstOfEncoder)
                )
                : throw new KeyNotFoundException("it has TAESD's encoder alone, and pictures need the decoder");
        }

        var channels = Size(shapes, "encoder.conv_in.weight", 0);
        var levels = CountWhile(level => shapes.ContainsKey($"encoder.down.{level}.block.0.conv1.weight"));
        return new AutoencoderParams
        {
            Channels = channels,
            Multipliers =
            [
                .. Enumerable
                    .Range(0, levels)
                    .Select(level => Size(shapes, $"encoder.down.{level}.block.0.conv1.weight", 0) / channels),
            ],
            ResidualBlocks = CountWhile(block => shapes.ContainsKey($"encoder.down.0.block.{block}.conv1.weight")),
            LatentChannels = Size(shapes, "decoder.conv_in.weight", 1),
            NormGroups = metadata.AutoencoderNormGroups ?? 32,
            ScaleFactor = metadata.LatentScale ?? AutoencoderParams.StableDiffusion.ScaleFactor,
        };
    }

    /// <summary>The shape of a text encoder.</summary>
    /// <param name="shapes">Shapes by name, without the prefix of its place.</param>
    /// <param name="family">The model's family.</param>
    /// <param name="index">Which of the family's text encoders it is, counted from 0.</param>
    /// <param name="metadata">What shapes cannot show; of the first encoder more than of others.</param>
    /// <exception cref="ArgumentException">The names or shapes are not those of a text encoder.</exception>
    public static TextEncoderParams Text(
        IReadOnlyDictionary<string, IReadOnlyList<long>> shapes,
        ModelFamily family,
        int index,
        CheckpointMetadata metadata
    )
    {
        var inferred = TextEncoderParams.Infer(shapes, metadata.HeadsOf(index));
        return family.Texts[index].Taken(index == 0 ? metadata.Applied(inferred) : inferred);
    }

    /// <summary>What is told from names and shapes; what does not fit there is the file's fault.</summary>
    /// <param name="file">The file, for the message.</param>
    /// <param name="infer">Tells it; what it makes is not yet compared with the file.</param>
    /// <exception cref="CheckpointException">It cannot be told.</exception>
    public static T Inferred<T>(string file, Func<T> infer)
    {
        try
        {
            return infer();
        }
        catch (Exception e)
            when (e
                    is KeyNotFoundException
                        or InvalidOperationException
                        or ArgumentException
                        or FormatException
                        or ArithmeticException
                        or ExternalException
            )
        {
            throw new CheckpointException(
                file,
                $"the shape of its networks cannot be told: {e.Message}",
                innerException: e
            );
        }
    }

    private static List<UNetLevel> Levels(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        var levels = new List<UNetLevel>();
        var (channels, blocks, depth) = (0, 0, 0);
        for (var index = 1; ; index++)
        {
            if (shapes.TryGetValue($"input_blocks.{index}.0.in_layers.2.weight", out var convolution))
            {
                (channels, blocks, depth) = (
                    (int)convolution[0],
                    blocks + 1,
                    Depth(shapes, $"input_blocks.{index}.1.")
                );
                continue;
            }

            levels.Add(new UNetLevel(channels, blocks, depth));
            if (!shapes.ContainsKey($"input_blocks.{index}.0.op.weight"))
            {
                return levels;
            }

            blocks = 0;
        }
    }

    private static int Depth(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, string transformer) =>
        CountWhile(block => shapes.ContainsKey($"{transformer}transformer_blocks.{block}.attn1.to_q.weight"));

    private static int CountWhile(Func<int, bool> exists) =>
        Enumerable.Range(0, int.MaxValue).TakeWhile(exists).Count();

    private static int Size(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, string name, int dimension) =>
        shapes.TryGetValue(name, out var shape) && shape.Count > dimension
            ? (int)shape[dimension]
            : throw new KeyNotFoundException($"'{name}' is missing or has too few dimensions.");
}
