using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks;

/// <summary>
/// The parts that the UNet and its trainable copy share: the blocks on the way down and the middle block, as indexed lists of layers
/// with the names and the order of LDM's <c>input_blocks</c> and <c>middle_block</c>.
/// </summary>
internal static class UNetEncoder
{
    /// <summary>The input blocks, and the channels that each puts out.</summary>
    public static (ModuleList<Stage> Blocks, IReadOnlyList<int> Channels) InputBlocks(UNetParams p, Placement placement)
    {
        var blocks = new List<Stage> { new(new ConvolutionLayer(p.InChannels, p.ModelChannels, 3, 1, 1, placement)) };
        var channels = new List<int> { p.ModelChannels };
        foreach (var (index, level) in p.Levels.Index())
        {
            for (var block = 0; block < level.ResidualBlocks; block++)
            {
                blocks.Add(new([Residual(p, channels[^1], level.Channels, placement), .. Transformers(p, level.Channels, level.TransformerDepth, placement)]));
                channels.Add(level.Channels);
            }

            if (index + 1 < p.Levels.Count)
            {
                blocks.Add(new(new DownsampleLayer(level.Channels, placement)));
                channels.Add(level.Channels);
            }
        }

        return (new ModuleList<Stage>([.. blocks]), channels);
    }

    /// <summary>Residual block, transformers, residual block, at the smallest size.</summary>
    public static Stage MiddleBlock(UNetParams p, Placement placement)
    {
        var channels = p.Levels[^1].Channels;
        return new([Residual(p, channels, channels, placement), .. Transformers(p, channels, p.MiddleDepth, placement), Residual(p, channels, channels, placement)]);
    }

    public static ResidualBlock Residual(UNetParams p, int channelsIn, int channelsOut, Placement placement) =>
        new(channelsIn, channelsOut, p.TimeChannels, p.NormGroups, placement);

    public static IEnumerable<Module> Transformers(UNetParams p, int channels, int depth, Placement placement) =>
        depth == 0 ? [] : [new SpatialTransformer(channels, p.ContextChannels, p.Heads.For(channels), depth, p.LinearProjections, p.NormGroups, placement)];
}
