using static System.FormattableString;

namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>
/// Names of the UNet and of its trainable copy. In LDM all blocks of a half are counted through, a level being its
/// residual blocks (with their transformers) and one resampling.
/// Source: the names in diffusers unet_2d_condition.py and controlnet.py, and in LDM openaimodel.py; tested against the
/// golden key maps.
/// </summary>
internal static class UNetKeys
{
    private const string Downsampler = "op";
    private const int MostIndices = 64;

    private static readonly (string, string)[] ResidualBlock =
    [
        ("norm1", "in_layers.0"),
        ("conv1", "in_layers.2"),
        ("time_emb_proj", "emb_layers.1"),
        ("norm2", "out_layers.0"),
        ("conv2", "out_layers.3"),
        ("conv_shortcut", "skip_connection"),
    ];

    /// <summary>The map for a file in diffusers' layout.</summary>
    /// <param name="names">Its names, without a prefix.</param>
    public static KeyMap OfDiffusers(IReadOnlyCollection<string> names)
    {
        var (levels, blocks) = (Count(names, "down_blocks."), Count(names, "down_blocks.0.resnets."));
        return new KeyMap(
            Rows(
                levels,
                blocks,
                Count(names, "controlnet_cond_embedding.blocks."),
                level =>
                    names.Any(name =>
                        name.StartsWith(Invariant($"up_blocks.{level}.attentions."), StringComparison.Ordinal)
                    )
            )
        );
    }

    /// <summary>The map for a file in LDM's layout.</summary>
    /// <param name="names">Its names, without the network's prefix.</param>
    public static KeyMap OfLdm(IReadOnlyCollection<string> names)
    {
        var indices = Count(names, "input_blocks.");
        var first = Enumerable
            .Range(1, Math.Max(indices - 1, 0))
            .FirstOrDefault(
                index => names.Contains(Invariant($"input_blocks.{index}.0.{Downsampler}.weight")),
                indices
            );
        var blocks = Math.Max(first - 1, 0);
        return new KeyMap(
            Rows(
                (indices + blocks) / (blocks + 1),
                blocks,
                Math.Max(Count(names, "input_hint_block.") - 2, 0),
                level => names.Contains(Invariant($"output_blocks.{level * (blocks + 1)}.1.norm.weight"))
            )
        );
    }

    private static IEnumerable<ModuleRow> Rows(
        int levels,
        int blocks,
        int hintBlocks,
        Func<int, bool> hasTransformersOnTheWayUp
    )
    {
        yield return new("time_embedding.linear_1", "time_embed.0");
        yield return new("time_embedding.linear_2", "time_embed.2");
        yield return new("add_embedding.linear_1", "label_emb.0.0");
        yield return new("add_embedding.linear_2", "label_emb.0.2");
        yield return new("conv_in", "input_blocks.0.0");
        yield return new("conv_norm_out", "out.0");
        yield return new("conv_out", "out.2");
        yield return new("mid_block.resnets.0", "middle_block.0", ResidualBlock);
        yield return new("mid_block.attentions.0", "middle_block.1");
        yield return new("mid_block.resnets.1", "middle_block.2", ResidualBlock);
        for (var level = 0; level < levels; level++)
        {
            var start = level * (blocks + 1);
            var hasTransformers = hasTransformersOnTheWayUp(level);
            for (var block = 0; block < blocks; block++)
            {
                yield return new(
                    Invariant($"down_blocks.{level}.resnets.{block}"),
                    Invariant($"input_blocks.{start + 1 + block}.0"),
                    ResidualBlock
                );
                yield return new(
                    Invariant($"down_blocks.{level}.attentions.{block}"),
                    Invariant($"input_blocks.{start + 1 + block}.1")
                );
            }

            yield return new(
                Invariant($"down_blocks.{level}.downsamplers.0.conv"),
                Invariant($"input_blocks.{start + 1 + blocks}.0.{Downsampler}")
            );
            // One block more on the way up; the upsampler comes behind whatever the last one has.
            for (var block = 0; block <= blocks; block++)
            {
                yield return new(
                    Invariant($"up_blocks.{level}.resnets.{block}"),
                    Invariant($"output_blocks.{start + block}.0"),
                    ResidualBlock
                );
                if (hasTransformers)
                {
                    yield return new(
                        Invariant($"up_blocks.{level}.attentions.{block}"),
                        Invariant($"output_blocks.{start + block}.1")
                    );
                }
            }

            yield return new(
                Invariant($"up_blocks.{level}.upsamplers.0.conv"),
                Invariant($"output_blocks.{start + blocks}.{(hasTransformers ? 2 : 1)}.conv")
            );
        }

        // The ControlNet's own parts. The hint encoder's activations take every other index in LDM.
        yield return new("controlnet_cond_embedding.conv_in", "input_hint_block.0");
        for (var block = 0; block < hintBlocks; block++)
        {
            yield return new(
                Invariant($"controlnet_cond_embedding.blocks.{block}"),
                Invariant($"input_hint_block.{2 * block + 2}")
            );
        }

        yield return new("controlnet_cond_embedding.conv_out", Invariant($"input_hint_block.{2 * hintBlocks + 2}"));
        for (var index = 0; index < levels * (blocks + 1); index++)
        {
            yield return new(Invariant($"controlnet_down_blocks.{index}"), Invariant($"zero_convs.{index}.0"));
        }

        yield return new("controlnet_mid_block", "middle_block_out.0");
    }

    /// <summary>
    /// How many different indices follow the prefix; no network has more than so many, and what is beyond finds no
    /// place.
    /// </summary>
    internal static int Count(IEnumerable<string> names, string prefix) =>
        Math.Min(
            names
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                .Select(name => name[prefix.Length..].Split('.')[0])
                .Distinct(StringComparer.Ordinal)
                .Count(),
            MostIndices
        );
}
