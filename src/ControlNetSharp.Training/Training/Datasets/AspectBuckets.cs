using ControlNetSharp.Pictures;

namespace ControlNetSharp.Training.Datasets;

/// <summary>A picture size of training.</summary>
/// <param name="Width">Pixels a row, a multiple of 64.</param>
/// <param name="Height">Rows, a multiple of 64.</param>
public readonly record struct BucketSize(int Width, int Height)
{
    /// <summary>For example "512 x 768".</summary>
    public override string ToString() => $"{Width} x {Height}";
}

/// <summary>What becomes of a picture in its bucket: scaled until it covers the size, then cut at the centre.</summary>
/// <param name="Size">The size at which it is trained.</param>
/// <param name="Scale">The factor of its sides; above 1 the picture is enlarged.</param>
/// <param name="Cropped">The share of its area that is cut off, 0 to 1.</param>
public readonly record struct BucketFit(BucketSize Size, double Scale, double Cropped);

/// <summary>
/// Sizes of about one area and different shapes, so that pictures of any shape are trained with little of them cut off.
/// Sides are multiples of 64 between half the resolution
/// (rounded down, at least 64) and twice the resolution; to each width belongs the largest height whose area is not
/// above the square's, and the same is done with the sides exchanged.
/// Source: NovelAI 2022, "Aspect ratio bucketing" (there for 512 x 768 pixels); SDXL (Podell et al. 2023, section 2.3)
/// trains on such sizes, too.
/// </summary>
public sealed class AspectBuckets
{
    /// <summary>Makes the sizes for a resolution.</summary>
    /// <param name="resolution">Side of the square bucket: a multiple of 64 from 64 to 4096.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another resolution.</exception>
    public AspectBuckets(int resolution)
    {
        const int Step = PictureResizing.SizeStep;
        if (resolution is < Step or > 4096 || resolution % Step != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(resolution),
                resolution,
                $"resolution must be a multiple of {Step} from {Step} to 4096."
            );
        }

        Resolution = resolution;
        var (least, most) = (Math.Max(Step, resolution / 2 / Step * Step), 2 * resolution);
        var sizes = new SortedSet<(int Width, int Height)> { (resolution, resolution) };
        for (var side = least; side <= most; side += Step)
        {
            var other = Math.Min(most, resolution * resolution / side / Step * Step);
            if (other >= least)
            {
                sizes.Add((side, other));
                sizes.Add((other, side));
            }
        }

        Sizes = [.. sizes.Select(size => new BucketSize(size.Width, size.Height))];
    }

    /// <summary>Side of the square bucket.</summary>
    public int Resolution { get; }

    /// <summary>All sizes, from narrow to wide, then by height.</summary>
    public IReadOnlyList<BucketSize> Sizes { get; }

    /// <summary>
    /// The bucket of a picture: the one that cuts off least; of several such, the largest. Always the same one for a
    /// shape.
    /// </summary>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side below 1.</exception>
    public BucketFit Fit(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var size = Sizes.MinBy(size => (Cropped(size, width, height), -size.Width * size.Height));
        return new BucketFit(
            size,
            Math.Max((double)size.Width / width, (double)size.Height / height),
            Cropped(size, width, height)
        );
    }

    /// <summary>
    /// One minus the quotient of the two aspect ratios, the smaller by the larger; whole numbers until the last
    /// division, so that equal shapes compare equal.
    /// </summary>
    private static double Cropped(BucketSize size, int width, int height)
    {
        var (a, b) = ((long)size.Width * height, (long)size.Height * width);
        return (double)Math.Abs(a - b) / Math.Max(a, b);
    }
}
