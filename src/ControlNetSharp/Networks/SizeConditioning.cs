using ControlNetSharp.Networks.Blocks;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks;

/// <summary>
/// What SDXL is told of a picture's size beside the text: the size that the training picture had before it was scaled,
/// where its crop began, and the size that is wanted. All in pixels.
/// Source: Podell et al. 2023, arXiv:2307.01952, section 2.2; generative-models sd_xl_base.yaml for the order.
/// </summary>
/// <param name="OriginalHeight">Height before scaling.</param>
/// <param name="OriginalWidth">Width before scaling.</param>
/// <param name="CropTop">Rows cut off above.</param>
/// <param name="CropLeft">Columns cut off on the left.</param>
/// <param name="TargetHeight">Height of the result.</param>
/// <param name="TargetWidth">Width of the result.</param>
public sealed record SizeConditioning(
    double OriginalHeight,
    double OriginalWidth,
    double CropTop,
    double CropLeft,
    double TargetHeight,
    double TargetWidth
)
{
    /// <summary>Numbers that are told.</summary>
    public const int Count = 6;

    private double[] Numbers => [OriginalHeight, OriginalWidth, CropTop, CropLeft, TargetHeight, TargetWidth];

    /// <summary>A picture of this size that was neither scaled nor cropped: the usual choice.</summary>
    public static SizeConditioning Of(int width, int height) => new(height, width, 0, 0, height, width);

    /// <summary>The vector for UNet and ControlNet: the pooled text, then the sinusoids of the six numbers.</summary>
    /// <param name="pooled">[B, P], the pooled text. Borrowed.</param>
    /// <param name="vectorChannels">
    /// The vector's width (<see cref="UNetParams.VectorChannels"/>), which leaves each number an even share behind the
    /// text: 256 in SDXL.
    /// </param>
    /// <returns>[B, vectorChannels] in the dtype of the pooled text.</returns>
    /// <exception cref="ArgumentException">The width leaves no even share for six numbers.</exception>
    public Tensor Vector(Tensor pooled, int vectorChannels)
    {
        ArgumentNullException.ThrowIfNull(pooled);
        return Vectors(Enumerable.Repeat(this, (int)pooled.shape[0]), pooled, vectorChannels);
    }

    /// <summary>The same for pictures that have different sizes.</summary>
    /// <param name="sizes">One for each row of the pooled text.</param>
    /// <param name="pooled">As for <see cref="Vector"/>.</param>
    /// <param name="vectorChannels">As for <see cref="Vector"/>.</param>
    internal static Tensor Vectors(IEnumerable<SizeConditioning> sizes, Tensor pooled, int vectorChannels)
    {
        using var scope = NewDisposeScope();
        var waves = TimeEmbedding
            .Sinusoids(
                tensor(
                    sizes.SelectMany(size => size.Numbers).ToArray(),
                    dtype: ScalarType.Float32,
                    device: pooled.device
                ),
                WidthOfNumber(pooled.shape[1], vectorChannels)
            )
            .view(pooled.shape[0], -1);
        return cat([pooled, waves.to(pooled.dtype)], 1).MoveToOuterDisposeScope();
    }

    private static int WidthOfNumber(long pooled, int vectorChannels) =>
        vectorChannels > pooled && (vectorChannels - pooled) % Count == 0
            ? (int)(vectorChannels - pooled) / Count
            : throw new ArgumentException(
                $"A vector of {vectorChannels} numbers has no room for a pooled text of {pooled} and {Count} embedded "
                    + "numbers of one width.",
                nameof(vectorChannels)
            );
}
