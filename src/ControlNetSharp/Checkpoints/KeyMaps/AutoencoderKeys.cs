using static System.FormattableString;

namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>
/// Names of the Autoencoder. LDM counts the decoder's levels from the largest pictures on, diffusers from the smallest;
/// attention is four 1×1 convolutions in LDM and four matrices in diffusers.
/// Source: the names in diffusers autoencoder_kl.py and in LDM diffusionmodules/model.py; tested against the golden key
/// maps.
/// </summary>
internal static class AutoencoderKeys
{
    private static readonly (string, string)[] ResidualBlock =
    [
        ("norm1", "norm1"),
        ("conv1", "conv1"),
        ("norm2", "norm2"),
        ("conv2", "conv2"),
        ("conv_shortcut", "nin_shortcut"),
    ];

    /// <summary>The names before diffusers 0.15, which all published files of SD 1.x have, follow today's.</summary>
    private static readonly (string, string)[] Attention =
    [
        ("group_norm", "norm"),
        ("to_q", "q"),
        ("to_k", "k"),
        ("to_v", "v"),
        ("to_out.0", "proj_out"),
        ("query", "q"),
        ("key", "k"),
        ("value", "v"),
        ("proj_attn", "proj_out"),
    ];

    /// <summary>The map for a file in diffusers' layout.</summary>
    /// <param name="names">Its names, without a prefix.</param>
    public static KeyMap OfDiffusers(IReadOnlyCollection<string> names) =>
        new(
            Rows(UNetKeys.Count(names, "encoder.down_blocks."), UNetKeys.Count(names, "encoder.down_blocks.0.resnets."))
        );

    /// <summary>The map for a file in LDM's layout.</summary>
    /// <param name="names">Its names, without the network's prefix.</param>
    public static KeyMap OfLdm(IReadOnlyCollection<string> names) =>
        new(Rows(UNetKeys.Count(names, "encoder.down."), UNetKeys.Count(names, "encoder.down.0.block.")));

    /// <summary>Whether LDM has a 1×1 convolution where diffusers has a matrix.</summary>
    /// <param name="ldmName">LDM's name, with or without the network's prefix.</param>
    public static bool IsConvolutionOfOne(string ldmName) =>
        ldmName.Contains(".mid.attn_1.", StringComparison.Ordinal)
        && ldmName.EndsWith(".weight", StringComparison.Ordinal)
        && !ldmName.EndsWith(".norm.weight", StringComparison.Ordinal);

    private static IEnumerable<ModuleRow> Rows(int levels, int blocks)
    {
        yield return new("quant_conv", "quant_conv");
        yield return new("post_quant_conv", "post_quant_conv");
        foreach (var half in new[] { "encoder", "decoder" })
        {
            yield return new($"{half}.conv_in", $"{half}.conv_in");
            yield return new($"{half}.conv_norm_out", $"{half}.norm_out");
            yield return new($"{half}.conv_out", $"{half}.conv_out");
            yield return new($"{half}.mid_block.resnets.0", $"{half}.mid.block_1", ResidualBlock);
            yield return new($"{half}.mid_block.attentions.0", $"{half}.mid.attn_1", Attention);
            yield return new($"{half}.mid_block.resnets.1", $"{half}.mid.block_2", ResidualBlock);
        }

        for (var level = 0; level < levels; level++)
        {
            var fromLargest = levels - 1 - level;
            for (var block = 0; block <= blocks; block++)
            {
                yield return new(
                    Invariant($"encoder.down_blocks.{level}.resnets.{block}"),
                    Invariant($"encoder.down.{level}.block.{block}"),
                    ResidualBlock
                );
                yield return new(
                    Invariant($"decoder.up_blocks.{level}.resnets.{block}"),
                    Invariant($"decoder.up.{fromLargest}.block.{block}"),
                    ResidualBlock
                );
            }

            yield return new(
                Invariant($"encoder.down_blocks.{level}.downsamplers.0.conv"),
                Invariant($"encoder.down.{level}.downsample.conv")
            );
            yield return new(
                Invariant($"decoder.up_blocks.{level}.upsamplers.0.conv"),
                Invariant($"decoder.up.{fromLargest}.upsample.conv")
            );
        }
    }
}
