using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks;

/// <summary>
/// The small network E that brings a hint to the latents' size: convolutions with SiLU, three of them with stride 2,
/// then a zero convolution to the model's channels.
/// Source: Zhang et al. 2023, arXiv:2302.05543, section 3.2; ControlNet cldm.py, input_hint_block.
/// </summary>
internal sealed class HintEncoder : Module<Tensor, Tensor>
{
    private readonly ConvolutionLayer[] _convolutions;

    public HintEncoder(ControlNetParams p, Placement placement)
        : base(nameof(HintEncoder))
    {
        int[] channels = [p.HintChannels, .. p.HintEncoderChannels, p.UNet.ModelChannels];
        var last = channels.Length - 2;
        _convolutions =
        [
            .. Enumerable
                .Range(0, last + 1)
                .Select(i => new ConvolutionLayer(
                    channels[i],
                    channels[i + 1],
                    3,
                    i >= 2 && i % 2 == 0 && i < last ? 2 : 1,
                    1,
                    placement
                )),
        ];
        foreach (var (index, convolution) in _convolutions.Index())
        {
            // Odd indices are the activations.
            register_module((index * 2).ToString(), convolution);
        }
    }

    /// <summary>[B, 3, 8h, 8w], 0..1 -> [B, ModelChannels, h, w].</summary>
    public override Tensor forward(Tensor hint)
    {
        using var scope = NewDisposeScope();
        var h = hint;
        foreach (var convolution in _convolutions[..^1])
        {
            h = silu(convolution.call(h));
        }

        return _convolutions[^1].call(h).MoveToOuterDisposeScope();
    }
}
