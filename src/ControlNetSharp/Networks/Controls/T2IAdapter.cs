using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// A small network that turns a hint into features, once for all steps, which are added inside of a UNet's encoder.
/// Names are those of diffusers (without <c>adapter.</c>). Source: Mou et al. 2023, arXiv:2302.08453;
/// TencentARC/T2I-Adapter, ldm/modules/encoders/adapter.py.
/// </summary>
internal sealed class T2IAdapter : ControlNetwork
{
    [ComponentName(Name = "conv_in")]
    private readonly ConvolutionLayer? _in;

    [ComponentName(Name = "body")]
    private readonly ModuleList<AdapterStage> _body;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public T2IAdapter(T2IAdapterParams p, Placement placement)
        : base(nameof(T2IAdapter))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        var channels = p.InChannels;
        if (p.InnerChannels is null)
        {
            _in = new(channels, p.Channels[0], 3, 1, 1, placement);
            channels = p.Channels[0];
        }

        var stages = new List<AdapterStage>();
        foreach (var (index, width) in p.Channels.Index())
        {
            stages.Add(new(channels, p.InnerChannels?[index], width, p.Blocks, p.Halves(index), placement));
            channels = width;
        }

        _body = new ModuleList<AdapterStage>([.. stages]);
        RegisterComponents();
    }

    /// <summary>The network's shape.</summary>
    public T2IAdapterParams Params { get; }

    /// <inheritdoc/>
    public override int ResidualCount => Params.Channels.Count;

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => Params.Fits(model);

    /// <summary>The features of a hint.</summary>
    /// <param name="hint">
    /// [B, 3, 8h, 8w], RGB in 0..1; of an adapter for lines the mean of the channels counts. Where sides are no
    /// multiples of <see cref="T2IAdapterParams.Unshuffle"/> the last rows and columns are repeated.
    /// </param>
    /// <returns>
    /// One tensor for each of <see cref="T2IAdapterParams.Channels"/>: [B, C, h, w], each half as large as the one
    /// before or as large; odd sides are rounded up, as the UNet does it. In the hint's dtype.
    /// </returns>
    public IReadOnlyList<Tensor> Forward(Tensor hint)
    {
        ArgumentNullException.ThrowIfNull(hint);
        using var scope = NewDisposeScope();
        var seen = hint.shape[1] > Params.HintChannels ? hint.mean([1], keepdim: true) : hint;
        var h = pixel_unshuffle(Padded(seen), Params.Unshuffle);
        h = _in is null ? h : _in.call(h);
        var features = new List<Tensor>();
        foreach (var stage in _body)
        {
            h = stage.call(h);
            features.Add(h);
        }

        foreach (var feature in features)
        {
            feature.MoveToOuterDisposeScope();
        }

        return features;
    }

    private Tensor Padded(Tensor hint)
    {
        long Missing(int side) => (Params.Unshuffle - hint.shape[side] % Params.Unshuffle) % Params.Unshuffle;
        return (Missing(2), Missing(3)) is (0, 0)
            ? hint
            : pad(hint, [0, Missing(3), 0, Missing(2)], PaddingModes.Replicate);
    }
}
