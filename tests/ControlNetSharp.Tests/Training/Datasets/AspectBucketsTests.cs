using ControlNetSharp.Training.Datasets;
using CsCheck;
using Xunit;

namespace ControlNetSharp.Tests.Training.Datasets;

public class AspectBucketsTests
{
    private static readonly Gen<int> Resolution = Gen.Int[1, 32].Select(steps => 64 * steps);

    [Fact]
    public void Sizes_AreMultiplesOf64_OfAboutTheSquaresArea_AndSymmetric() => Resolution.Sample(resolution =>
    {
        var sizes = new AspectBuckets(resolution).Sizes;
        Assert.Contains(new BucketSize(resolution, resolution), sizes);
        Assert.Equal(sizes.Distinct().OrderBy(size => (size.Width, size.Height)), sizes);
        foreach (var size in sizes)
        {
            Assert.Contains(new BucketSize(size.Height, size.Width), sizes);
            Assert.Equal((0, 0), (size.Width % 64, size.Height % 64));
            Assert.InRange(size.Width, Math.Max(64, resolution / 2 - 63), 2 * resolution);
            // A side that is one step larger would be too large.
            Assert.InRange(size.Width * size.Height, 1, resolution * resolution);
            Assert.True(
                size.Width * (size.Height + 64) > resolution * resolution || size.Height * (size.Width + 64) > resolution * resolution || Math.Max(size.Width, size.Height) == 2 * resolution, $"{size}");
        }
    });

    [Fact]
    public void Sizes_At512_AreThoseOfTheRule() => Assert.Equal(
        ["256 x 1024", "320 x 768", "320 x 704", "384 x 640", "448 x 576", "512 x 512", "576 x 448", "640 x 384", "704 x 320", "768 x 320", "832 x 256", "896 x 256", "960 x 256", "1024 x 256"],
        new AspectBuckets(512).Sizes.Where(size => size.Width >= size.Height || size.Width > 256).OrderBy(size => (size.Width, -size.Height)).Select(size => size.ToString())
            .Prepend("256 x 1024"));

    [Fact]
    public void Fit_CoversTheSize_AndCutsLeast() => Gen.Select(Resolution, Gen.Int[1, 6000], Gen.Int[1, 6000]).Sample((resolution, width, height) =>
    {
        var buckets = new AspectBuckets(resolution);
        var fit = buckets.Fit(width, height);
        // Counted on the scaled picture: what of its area lies outside the size.
        double Outside(BucketSize size)
        {
            var scale = Math.Max((double)size.Width / width, (double)size.Height / height);
            return 1 - size.Width * size.Height / (width * scale * height * scale);
        }

        Assert.Contains(fit.Size, buckets.Sizes);
        Assert.InRange(fit.Cropped, 0, 1);
        Assert.Equal(Outside(fit.Size), fit.Cropped, 9);
        Assert.All(buckets.Sizes, size => Assert.True(Outside(size) >= fit.Cropped - 1e-9, $"{size} cuts less than {fit}"));
        Assert.True(fit.Scale * width >= fit.Size.Width - 1e-6 && fit.Scale * height >= fit.Size.Height - 1e-6);
        Assert.Equal(fit, buckets.Fit(width, height));
        // The same shape comes to the same size.
        Assert.Equal((fit.Size, fit.Cropped), (buckets.Fit(3 * width, 3 * height).Size, buckets.Fit(3 * width, 3 * height).Cropped));
    });

    [Theory]
    [InlineData(512, 512, 512, 512, 1, 0)]
    [InlineData(1024, 1024, 512, 512, 0.5, 0)]
    [InlineData(256, 256, 512, 512, 2, 0)]
    [InlineData(512, 768, 384, 640, 0.8333333333333334, 0.1)]
    [InlineData(4000, 1000, 1024, 256, 0.256, 0)]
    [InlineData(10000, 100, 1024, 256, 2.56, 0.96)]
    public void Fit_At512_OfUsualSizes(int width, int height, int bucketWidth, int bucketHeight, double scale, double cropped)
    {
        var fit = new AspectBuckets(512).Fit(width, height);
        Assert.Equal(new BucketSize(bucketWidth, bucketHeight), fit.Size);
        Assert.Equal(scale, fit.Scale, 12);
        Assert.Equal(cropped, fit.Cropped, 12);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    [InlineData(-64)]
    [InlineData(4160)]
    public void Resolution_ThatIsNoMultipleOf64InItsRange_IsRefused(int resolution) =>
        Assert.Contains("multiple of 64 from 64 to 4096", Assert.Throws<ArgumentOutOfRangeException>(() => new AspectBuckets(resolution)).Message, StringComparison.Ordinal);

    [Fact]
    public void Fit_OfNoPicture_IsRefused()
    {
        var buckets = new AspectBuckets(512);
        Assert.Throws<ArgumentOutOfRangeException>(() => buckets.Fit(0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => buckets.Fit(5, 0));
    }
}
