using System.Globalization;
using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>Pictures to maps of the people in them, by the tables of <see cref="MoveNetParams"/>.</summary>
internal sealed class MoveNetNetwork : Module
{
    private readonly ConvolutionLayer _stem;
    private readonly InvertedResidual[] _blocks;
    private readonly ConvolutionLayer _last;
    private readonly ConvolutionLayer _top;
    private readonly (ConvolutionLayer Lateral, SeparableConvolution Merge)[] _levels;
    private readonly (SeparableConvolution Mix, ConvolutionLayer Output)[] _heads;

    /// <summary>Creates the network; weights are uninitialised until loaded.</summary>
    public MoveNetNetwork(Placement placement)
        : base(nameof(MoveNetNetwork))
    {
        var blocks = MoveNetParams.Blocks;
        int Inputs(int block) => block == 0 ? MoveNetParams.StemChannels : blocks[block - 1].Channels;
        _stem = MoveNetLayers.Wide(3, MoveNetParams.StemChannels, 2, placement);
        _blocks =
        [
            .. blocks.Select(
                (block, i) => new InvertedResidual(Inputs(i), i == 0 ? 1 : MoveNetParams.Expansion, block, placement)
            ),
        ];
        _last = MoveNetLayers.Pointwise(blocks[^1].Channels, MoveNetParams.LastChannels, placement);
        _top = MoveNetLayers.Pointwise(MoveNetParams.LastChannels, MoveNetParams.TopChannels, placement);
        _levels =
        [
            .. MoveNetParams.Pyramid.Select(level =>
                (
                    MoveNetLayers.Pointwise(
                        blocks.Single(block => block.Level == level.Level).Channels,
                        level.Lateral,
                        placement
                    ),
                    new SeparableConvolution(level.Lateral, level.Merged, placement)
                )
            ),
        ];
        _heads =
        [
            .. MoveNetParams.Heads.Select(head =>
                (
                    new SeparableConvolution(MoveNetParams.Pyramid[^1].Merged, MoveNetParams.HeadChannels, placement),
                    MoveNetLayers.Pointwise(MoveNetParams.HeadChannels, head.Values, placement)
                )
            ),
        ];
        Register();
    }

    /// <summary>Looks at pictures.</summary>
    /// <param name="pictures">
    /// [B, 3, H, W], −1..1; H and W are multiples of <see cref="MoveNetParams.SizeStep"/>. Borrowed.
    /// </param>
    /// <returns>The maps, owned by the caller.</returns>
    public MoveNetMaps Run(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        return Heads(Merge(Look(pictures))).MoveToOuterDisposeScope();
    }

    /// <summary>The backbone's maps that the pyramid sees, fine to coarse, and its last one.</summary>
    internal IReadOnlyList<Tensor> Look(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var taps = new List<Tensor>();
        // With channels last, which layers keep, convolutions of one tap and of single channels copy nothing.
        var x = pictures.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        x = relu6(_stem.call(MoveNetLayers.Padded(x)), inplace: true);
        foreach (var (block, i) in _blocks.Select((block, i) => (block, i)))
        {
            x = block.call(x);
            if (MoveNetParams.Blocks[i].Level > 0)
            {
                taps.Add(x);
            }

            scope.DisposeEverythingBut([x, .. taps]);
        }

        taps.Add(relu6(_last.call(x), inplace: true));
        return [.. taps.Select(tap => tap.MoveToOuterDisposeScope())];
    }

    /// <summary>The pyramid's finest map: [B, 24, H/4, W/4].</summary>
    /// <param name="taps">Those of <see cref="Look"/>.</param>
    internal Tensor Merge(IReadOnlyList<Tensor> taps)
    {
        using var scope = NewDisposeScope();
        var x = _top.call(taps[^1]);
        foreach (var ((lateral, merge), tap) in _levels.Zip(taps.SkipLast(1).Reverse()))
        {
            x = merge.call(Upsampling.Edges(x, tap.shape[2], tap.shape[3]).Plus(lateral.call(tap)));
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>What the heads say.</summary>
    /// <param name="features">That of <see cref="Merge"/>.</param>
    internal MoveNetMaps Heads(Tensor features)
    {
        using var scope = NewDisposeScope();
        return MoveNetMaps
            .Of([.. _heads.Select(head => head.Output.call(head.Mix.call(features)))])
            .MoveToOuterDisposeScope();
    }

    private void Register()
    {
        register_module("stem", _stem);
        register_module(
            "blocks",
            new NamedLayers([
                .. _blocks.Select((block, i) => (i.ToString(CultureInfo.InvariantCulture), (Module)block)),
            ])
        );
        register_module("last", _last);
        register_module(
            "pyramid",
            new NamedLayers([
                ($"lateral{MoveNetParams.SizeStep}", _top),
                .. _levels.Zip(
                    MoveNetParams.Pyramid,
                    (layers, level) => ($"lateral{level.Level}", (Module)layers.Lateral)
                ),
                .. _levels.Zip(MoveNetParams.Pyramid, (layers, level) => ($"merge{level.Level}", (Module)layers.Merge)),
            ])
        );
        register_module(
            "heads",
            new NamedLayers([
                .. _heads.Zip(
                    MoveNetParams.Heads,
                    (layers, head) =>
                        (
                            head.Name,
                            (Module)
                                new NamedLayers(
                                    ("depthwise", layers.Mix.Depthwise),
                                    ("pointwise", layers.Mix.Pointwise),
                                    ("output", layers.Output)
                                )
                        )
                ),
            ])
        );
    }
}
