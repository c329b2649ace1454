using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// A ControlNet for hints of several kinds, one or more of them in one pass. Each hint becomes a token, the mean of its
/// features plus a learned vector of its kind; a small transformer turns the token into a number for each channel,
/// which is added to the features. Which kinds there are is added to the time embedding. The names are those of
/// <see cref="ControlNet"/> and, of its own parts, those of the original.
/// Source: xinsir6/ControlNetPlus, models/controlnet_union.py.
/// </summary>
internal sealed class ControlNetUnion : ControlNetwork
{
    private readonly ControlNet _control;

#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces it when a module moves.
    private Parameter _kinds;
#pragma warning restore IDE0044, RCS1169

    private readonly ModuleList<TokenBlock> _transformer;
    private readonly LinearLayer _channelShift;
    private readonly LinearLayer _kindIn;
    private readonly LinearLayer _kindOut;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public ControlNetUnion(ControlNetUnionParams p, Placement placement)
        : base(nameof(ControlNetUnion))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        var (channels, time) = (p.ControlNet.UNet.ModelChannels, p.ControlNet.UNet.TimeChannels);
        _control = new ControlNet(p.ControlNet, placement);
        _kinds = LayerMemory.Empty(placement, p.Kinds, channels);
        _transformer = new ModuleList<TokenBlock>([
            .. Enumerable.Range(0, p.Blocks).Select(_ => new TokenBlock(channels, placement)),
        ]);
        _channelShift = new(channels, channels, bias: true, placement);
        _kindIn = new(p.Kinds * p.KindWidth, time, bias: true, placement);
        _kindOut = new(time, time, bias: true, placement);
        register_parameter("task_embedding", _kinds);
        // Spelt so in the files.
        register_module("transformer_layes", _transformer);
        register_module("spatial_ch_projs", _channelShift);
        register_module("control_add_embedding", new NamedLayers(("linear_1", _kindIn), ("linear_2", _kindOut)));
        // Its parts are this network's, without a name of their own before theirs.
        foreach (var (name, part) in _control.named_children())
        {
            register_module(name, part);
        }
    }

    /// <summary>The network's shape.</summary>
    public ControlNetUnionParams Params { get; }

    /// <inheritdoc/>
    public override int ResidualCount => _control.ResidualCount;

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => Params.ControlNet.Fits(model);

    /// <summary>Encodes a hint once for all steps: its features, shifted by what its kind says of them.</summary>
    /// <param name="hint">[B, 3, 8h, 8w], RGB in 0..1.</param>
    /// <param name="kind">The number of its kind, as <see cref="UnionKinds"/> counts them.</param>
    /// <returns>[B, ModelChannels, h, w] in the hint's dtype. Those of several hints add.</returns>
    public Tensor EncodeHint(Tensor hint, int kind)
    {
        using var scope = NewDisposeScope();
        var features = _control.EncodeHint(hint);
        var shift = _channelShift.call(Fused(Token(features, kind)));
        return features.Plus(shift.unsqueeze(-1).unsqueeze(-1)).MoveToOuterDisposeScope();
    }

    /// <summary>The control residuals for one step.</summary>
    /// <param name="latents">[B, InChannels, h, w].</param>
    /// <param name="timesteps">[B].</param>
    /// <param name="context">[B, K, ContextChannels].</param>
    /// <param name="encodedHints">[B or 1, ModelChannels, h, w], the sum of <see cref="EncodeHint"/>.</param>
    /// <param name="kinds">The kinds of the hints.</param>
    /// <param name="vector">[B, VectorChannels] as for <see cref="UNet.Forward"/>.</param>
    /// <returns>One tensor for each input block in order, then the middle block's.</returns>
    /// <exception cref="ArgumentException">The vector is missing, not wanted or of another width.</exception>
    public IReadOnlyList<Tensor> Forward(
        Tensor latents,
        Tensor timesteps,
        Tensor context,
        Tensor encodedHints,
        IReadOnlyCollection<int> kinds,
        Tensor? vector = null
    )
    {
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(kinds);
        using var added = KindEmbedding(kinds, latents.dtype, latents.device);
        return _control.Forward(latents, timesteps, context, encodedHints, vector, added);
    }

    /// <summary>[B, C, h, w] features of a hint -> its token [B, C].</summary>
    internal Tensor Token(Tensor features, int kind) => features.mean([2, 3]).Plus(_kinds[kind].to(features.dtype));

    /// <summary>[B, C] -> [B, C] by the transformer.</summary>
    internal Tensor Fused(Tensor token) => _transformer.Aggregate(token, (x, block) => block.call(x));

    /// <summary>[1, TimeChannels]: a 1 for each kind that there is and 0 for the others, each as sinusoids.</summary>
    internal Tensor KindEmbedding(IReadOnlyCollection<int> kinds, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        var present = Enumerable.Range(0, Params.Kinds).Select(kind => kinds.Contains(kind) ? 1f : 0f).ToArray();
        var waves = TimeEmbedding.Sinusoids(tensor(present, device: device), Params.KindWidth).reshape(1, -1);
        return _kindOut.call(silu(_kindIn.call(waves.to(dtype)))).MoveToOuterDisposeScope();
    }
}

/// <summary>The shape of a <see cref="ControlNetUnion"/>.</summary>
/// <param name="ControlNet">That of the ControlNet in it.</param>
/// <param name="Kinds">Kinds of hints: 6, or 8 of ProMax.</param>
/// <param name="KindWidth">Width of the sinusoids of a kind: 256.</param>
/// <param name="Blocks">Blocks of the transformer: 1.</param>
internal sealed record ControlNetUnionParams(ControlNetParams ControlNet, int Kinds, int KindWidth, int Blocks);
