using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks;

/// <summary>
/// The stages of a UNet in the order of LDM's <c>input_blocks</c>, <c>middle_block</c> and <c>output_blocks</c>. The
/// first two are what its trainable copy has, too.
/// </summary>
internal static class UNetStages
{
    private const string Downsampling = "downsampling";

    /// <summary>A picture has eight times the latents' height and width.</summary>
    private const int HintLevel = -3;

    /// <summary>The stages on the way down.</summary>
    public static IReadOnlyList<StageShape> Input(UNetParams p)
    {
        var stages = new List<StageShape>
        {
            new(
                "convolution",
                p.InChannels,
                p.ModelChannels,
                0,
                placement => new(new ConvolutionLayer(p.InChannels, p.ModelChannels, 3, 1, 1, placement))
            )
            {
                TakesData = true,
            },
        };
        foreach (var (index, level) in p.Levels.Index())
        {
            for (var block = 0; block < level.ResidualBlocks; block++)
            {
                stages.Add(Block(p, stages[^1].ChannelsOut, level.Channels, level.TransformerDepth, index));
            }

            if (index + 1 < p.Levels.Count)
            {
                stages.Add(
                    new(
                        Downsampling,
                        level.Channels,
                        level.Channels,
                        index,
                        placement => new(new DownsampleLayer(level.Channels, placement))
                    )
                );
            }
        }

        return stages;
    }

    /// <summary>Residual block, transformers, residual block, at the smallest size.</summary>
    public static StageShape Middle(UNetParams p)
    {
        var channels = p.Levels[^1].Channels;
        return new(
            $"middle {p.MiddleDepth}",
            channels,
            channels,
            p.Levels.Count - 1,
            placement =>
                new([
                    Residual(p, channels, channels, placement),
                    .. Transformers(p, channels, p.MiddleDepth, placement),
                    Residual(p, channels, channels, placement),
                ])
        )
        {
            Transformers = p.MiddleDepth,
            IsResidual = true,
        };
    }

    /// <summary>
    /// The stages on the way up; each takes what the one before gives and, behind it, what the input stage across from
    /// it gave.
    /// </summary>
    public static IReadOnlyList<StageShape> Output(UNetParams p)
    {
        var stages = new List<StageShape>();
        var skips = new Stack<int>(Input(p).Select(stage => stage.ChannelsOut));
        var channels = p.Levels[^1].Channels;
        for (var level = p.Levels.Count - 1; level >= 0; level--)
        {
            var (width, residualBlocks, depth) = p.Levels[level];
            for (var block = 0; block <= residualBlocks; block++)
            {
                stages.Add(
                    Block(
                        p,
                        channels + skips.Pop(),
                        width,
                        depth,
                        level,
                        upsampling: level > 0 && block == residualBlocks
                    )
                );
                channels = width;
            }
        }

        return stages;
    }

    /// <summary>
    /// All stages, as <see cref="Blocks.AttentionPlace.Stage"/> counts them: input, middle, output.
    /// </summary>
    public static IReadOnlyList<StageShape> All(UNetParams p) => [.. Input(p), Middle(p), .. Output(p)];

    /// <summary>What joins a stage of the trainable copy to the locked UNet.</summary>
    public static StageShape ZeroConvolution(StageShape stage)
    {
        var (width, level) = (stage.ChannelsOut, stage.Level + (stage.Layers == Downsampling ? 1 : 0));
        return new(
            "zero convolution",
            width,
            width,
            level,
            placement => new(new ConvolutionLayer(width, width, 1, 1, 0, placement))
        );
    }

    /// <summary>The hint encoder, as a stage of the picture's size.</summary>
    public static StageShape Hint(ControlNetParams p) =>
        new(
            "hint encoder",
            p.HintChannels,
            p.UNet.ModelChannels,
            HintLevel,
            placement => new(new HintEncoder(p, placement))
        )
        {
            TakesData = true,
        };

    private static StageShape Block(
        UNetParams p,
        int channelsIn,
        int channelsOut,
        int depth,
        int level,
        bool upsampling = false
    ) =>
        new(
            $"residual {depth}{(upsampling ? " upsampling" : "")}",
            channelsIn,
            channelsOut,
            level,
            placement =>
                new([
                    Residual(p, channelsIn, channelsOut, placement),
                    .. Transformers(p, channelsOut, depth, placement),
                    .. upsampling ? [new UpsampleLayer(channelsOut, placement)] : Array.Empty<Module>(),
                ])
        )
        {
            Transformers = depth,
            IsResidual = true,
            Upsamples = upsampling,
        };

    private static ResidualBlock Residual(UNetParams p, int channelsIn, int channelsOut, Placement placement) =>
        new(channelsIn, channelsOut, p.TimeChannels, p.NormGroups, placement);

    private static IEnumerable<Module> Transformers(UNetParams p, int channels, int depth, Placement placement) =>
        depth == 0
            ? []
            :
            [
                new SpatialTransformer(
                    channels,
                    p.ContextChannels,
                    p.Heads.For(channels),
                    depth,
                    p.LinearProjections,
                    p.NormGroups,
                    placement
                ),
            ];
}
