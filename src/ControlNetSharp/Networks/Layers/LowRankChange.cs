using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// What two small matrices add to a large one that stays as it is: W + up·down. Source: Hu et al. 2021,
/// arXiv:2106.09685, equation (3); names and shapes are those of Control-LoRAs.
/// </summary>
/// <param name="Up">[outputs, rank], or [outputs, rank, 1, 1] for a convolution.</param>
/// <param name="Down">[rank, inputs], or [rank, inputs, k, k].</param>
internal sealed record LowRankChange(Parameter Up, Parameter Down)
{
    /// <summary>What stands in place of "weight" in the name of <see cref="Up"/>.</summary>
    public const string UpName = "up";

    /// <summary>What stands in place of "weight" in the name of <see cref="Down"/>.</summary>
    public const string DownName = "down";

    /// <summary>The change of a weight; uninitialised until set.</summary>
    /// <param name="weight">[outputs, inputs] or [outputs, inputs, k, k]. Borrowed.</param>
    /// <param name="rank">Its rank, 1 or more; less where the weight has fewer inputs or outputs.</param>
    /// <param name="placement">Where it lives.</param>
    public static LowRankChange Of(Tensor weight, int rank, Placement placement)
    {
        var (outputs, inputs, kernel) = (weight.shape[0], weight.shape[1], weight.shape[2..]);
        var inner = Math.Min(rank, Math.Min(outputs, inputs));
        return new(
            LayerMemory.Empty(placement, [outputs, inner, .. kernel.Select(_ => 1L)]),
            LayerMemory.Empty(placement, [inner, inputs, .. kernel])
        );
    }
}
