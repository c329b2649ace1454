using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks;

/// <summary>
/// What controls add inside of a UNet in one call. A kind of control that acts at another place is one more member
/// here and its use in <see cref="UNet"/>.
/// </summary>
internal sealed record UNetAdditions
{
    /// <summary>Nothing.</summary>
    public static UNetAdditions None { get; } = new();

    /// <summary>
    /// Added to the skip connections and the output of the middle block: one for each input block, then the middle
    /// block's (13 for SD 1.x and 2.x, 10 for SDXL), each [S·B, C, h, w] or [S·B, C, 1, 1]; or none.
    /// </summary>
    public IReadOnlyList<Tensor> Residuals { get; init; } = [];

    /// <summary>
    /// Added to what an input block gives before it is kept as a skip connection, by the block's number; the number of
    /// input blocks stands for the middle block. Each [1 or S·B, C, h, w].
    /// </summary>
    public IReadOnlyDictionary<int, Tensor> Features { get; init; } = new Dictionary<int, Tensor>();

    /// <summary>What acts inside of the blocks, in this order.</summary>
    public IReadOnlyList<IBlockControl> Blocks { get; init; } = [];

    /// <summary>What both add together; fresh where both add something.</summary>
    public UNetAdditions Plus(UNetAdditions other) =>
        new()
        {
            Residuals =
                Residuals.Count == 0 ? other.Residuals
                : other.Residuals.Count == 0 ? Residuals
                : [.. Residuals.Zip(other.Residuals, (a, b) => a.Plus(b))],
            Features = Features
                .Concat(other.Features)
                .GroupBy(feature => feature.Key, feature => feature.Value)
                .ToDictionary(place => place.Key, place => place.Aggregate((a, b) => a.Plus(b))),
            Blocks = [.. Blocks, .. other.Blocks],
        };

    /// <summary>
    /// The same with each tensor changed; they are counted from 0, residuals or features in order. What acts inside of
    /// blocks is left alone.
    /// </summary>
    public UNetAdditions Changed(Func<Tensor, int, Tensor> change) =>
        this with
        {
            Residuals = [.. Residuals.Select(change)],
            Features = Features
                .OrderBy(feature => feature.Key)
                .Select((feature, index) => (feature.Key, Value: change(feature.Value, index)))
                .ToDictionary(feature => feature.Key, feature => feature.Value),
        };
}
