using System.Globalization;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// Lets a UNet attend to a picture as it attends to the text: what an image encoder says of the picture becomes tokens,
/// and these keys and values for each attention to the context. All of it is the same for all steps. Names are those of
/// the files. Source: Ye et al. 2023, arXiv:2308.06721; tencent-ailab/IP-Adapter, ip_adapter/ip_adapter.py.
/// </summary>
internal sealed class IpAdapter : ControlNetwork
{
    private readonly Module<Tensor, Tensor> _projection;
    private readonly List<(LinearLayer Key, LinearLayer Value)> _attentions;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public IpAdapter(IpAdapterParams p, Placement placement)
        : base(nameof(IpAdapter))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        _projection = p.Projection switch
        {
            LinearProjectionParams linear => new LinearProjection(linear, p.ContextChannels, placement),
            ResamplerParams resampler => new Resampler(resampler, p.ContextChannels, placement),
            TokenProjectionParams tokens => new TokenProjection(tokens, p.ContextChannels, placement),
            var other => throw new NotSupportedException($"There is no projection for {other.GetType().Name}."),
        };
        LinearLayer Layer(int channels) => new(p.ContextChannels, channels, bias: false, placement);
        _attentions = [.. p.Channels.Select(channels => (Layer(channels), Layer(channels)))];
        register_module("image_proj", _projection);
        register_module(
            "ip_adapter",
            new NamedLayers([
                .. _attentions.Select(
                    (layers, index) =>
                        (NameOf(index), (Module)new NamedLayers(("to_k_ip", layers.Key), ("to_v_ip", layers.Value)))
                ),
            ])
        );
    }

    /// <summary>The network's shape.</summary>
    public IpAdapterParams Params { get; }

    /// <inheritdoc/>
    public override int ResidualCount => _attentions.Count;

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => Params.Fits(model);

    /// <inheritdoc/>
    internal override int LayersIn(UNetParams model) => TextAttention.All(model)[^1].Layer + 1;

    /// <summary>The tokens of a picture.</summary>
    /// <param name="encoded">
    /// What the image encoder says of it: its embedding [B, Width], or its tokens before the last block [B, L, Width],
    /// as <see cref="ImageProjectionParams.TakesTokens"/> says.
    /// </param>
    /// <returns>[B, K, ContextChannels].</returns>
    public Tensor Tokens(Tensor encoded) => _projection.call(encoded);

    /// <summary>What the attentions of a UNet get of a picture.</summary>
    /// <param name="tokens">[B, K, ContextChannels].</param>
    /// <param name="model">The UNet's shape.</param>
    /// <param name="weightOf">The factor of a layer, as <see cref="TextAttention.Layer"/> counts them.</param>
    /// <returns>Those of weight 0 are left out; tensors are fresh.</returns>
    public IReadOnlyDictionary<AttentionPlace, PictureKeys> Keys(
        Tensor tokens,
        UNetParams model,
        Func<int, double> weightOf
    ) =>
        TextAttention
            .InFileOrder(model)
            .Zip(_attentions)
            .Where(pair => weightOf(pair.First.Layer) != 0)
            .ToDictionary(
                pair => pair.First.Place,
                pair => new PictureKeys(
                    pair.Second.Key.call(tokens),
                    pair.Second.Value.call(tokens),
                    weightOf(pair.First.Layer)
                )
            );

    /// <summary>
    /// The number that an attention to the context has in files: attentions of a picture to itself are counted, too.
    /// </summary>
    internal static string NameOf(int index) => (2 * index + 1).ToString(CultureInfo.InvariantCulture);
}
