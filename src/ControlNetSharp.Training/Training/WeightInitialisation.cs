using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>Starting weights for training from scratch.</summary>
public static class WeightInitialisation
{
    // Layers that start at zero, so that each block begins as the identity. Source: LDM, zero_module; ControlNet,
    // zero_convs, middle_block_out, input_hint_block.14; LoRA (arXiv:2106.09685, section 4.1), B.
    private static readonly string[] ZeroLayers =
    [
        "out_layers.3.weight",
        "proj_out.weight",
        "out.2.weight",
        "input_hint_block.14.weight",
        "middle_block_out.0.weight",
        ".up",
    ];

    /// <summary>
    /// Normal weights with variance 1 / inputs (for convolutions: input channels · kernel area), scales 1, shifts 0,
    /// and zero for the layers that end a residual branch of a UNet, join a ControlNet to it, or end a change of low
    /// rank.
    /// </summary>
    /// <param name="network">float32 network.</param>
    /// <param name="seed">Seed of the random numbers.</param>
    /// <param name="gain">Factor on a weight's deviation by name; null for 1 everywhere.</param>
    public static void Initialise(nn.Module network, long seed, Func<string, double>? gain = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        Initialise(network.named_parameters(), seed, gain);
    }

    /// <summary>The same for some parameters of a network, by their names there.</summary>
    internal static void Initialise(
        IEnumerable<(string Name, Parameter Parameter)> parameters,
        long seed,
        Func<string, double>? gain
    )
    {
        using var _ = no_grad();
        using var generator = new Generator((ulong)seed, CPU);
        foreach (var (name, parameter) in parameters)
        {
            using var scope = NewDisposeScope();
            if (parameter.dim() == 1)
            {
                parameter.copy_(
                    name.EndsWith("weight", StringComparison.Ordinal) ? ones_like(parameter) : zeros_like(parameter)
                );
            }
            else if (
                name.Contains("zero_convs.", StringComparison.Ordinal)
                || ZeroLayers.Any(ending => name.EndsWith(ending, StringComparison.Ordinal))
            )
            {
                parameter.zero_();
            }
            else
            {
                var fan = parameter.numel() / parameter.shape[0];
                parameter.copy_(
                    randn(parameter.shape, generator: generator).Times((gain?.Invoke(name) ?? 1) / Math.Sqrt(fan))
                );
            }
        }
    }
}
