using ControlNetSharp.Networks.Layers;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks;

/// <summary>
/// Which layers of a UNet or of its trainable copy compute in 8 bits: those that see feature maps. What sees latents,
/// hints, text or the time, and what gives predictions and residuals, is little work, and its errors would be in every
/// pixel.
/// </summary>
internal static class Int8Layers
{
    // As checkpoints call them: the convolutions of residual blocks and of resampling, what surrounds transformers,
    // and within their blocks all but keys and values of the text.
    private static readonly string[] Names =
    [
        ".in_layers.2",
        ".out_layers.3",
        ".skip_connection",
        ".op",
        ".conv",
        ".proj_in",
        ".proj_out",
        ".attn1.to_q",
        ".attn1.to_k",
        ".attn1.to_v",
        ".attn1.to_out.0",
        ".attn2.to_q",
        ".attn2.to_out.0",
        ".ff.net.0.proj",
        ".ff.net.2",
    ];

    /// <summary>Whether a layer is one of these, by its name in the network.</summary>
    public static bool Takes(string name) => Names.Any(end => name.EndsWith(end, StringComparison.Ordinal));

    /// <summary>Rounds the weights of these layers; each gives up its own before the next.</summary>
    /// <param name="network">The network, loaded.</param>
    public static void Convert(Module network)
    {
        foreach (var (name, module) in network.named_modules())
        {
            if (module is IInt8Layer layer && Takes(name))
            {
                layer.ToInt8();
            }
        }
    }
}
