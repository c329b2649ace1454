using ControlNetSharp.Networks.Upscalers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Tests.Pictures;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

public class PictureUpscalerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(100, 70)]
    [InlineData(41, 120)]
    public void Enlarge_InTiles_IsWhatTheNetworkMakesOfTheWhole(int width, int height)
    {
        using var network = TinyUpscaler.Dense();
        var picture = TestPictures.Noise(width, height);
        Picture Made(int tile, int overlap) => new PictureUpscaler(network, tile, overlap).Enlarge(picture, 4 * width, 4 * height, cancellationToken: Token);
        var whole = Made(128, 0);
        var tiled = Made(4 * TinyUpscaler.Reach, 2 * TinyUpscaler.Reach);
        Assert.Equal((4 * width, 4 * height), (tiled.Width, tiled.Height));
        PictureAssert.WithinLevels(whole, tiled, 1, "tiles that see all that counts");
        Assert.NotEqual(whole.Bytes(), Made(32, 0).Bytes());
        Assert.True(whole.Bytes().Distinct().Count() > 50);
    }

    [Fact]
    public void Enlarge_ShowsTheNetworkNoMoreThanATile_AndTellsHowFarItIs()
    {
        using var network = new Spy();
        var told = new List<double>();
        var large = new PictureUpscaler(network, tile: 32, overlap: 8).Enlarge(TestPictures.Noise(70, 33), 140, 66, told.Add, Token);
        Assert.Equal((140, 66), (large.Width, large.Height));
        Assert.Equal(6, network.Seen.Count);
        Assert.All(network.Seen, shape => Assert.Equal([1, 3, 32, 32], shape));
        Assert.Equal([1, 2, 3, 4, 5, 6], told.Select(share => (int)Math.Round(6 * share)));
    }

    [Theory]
    [InlineData(2, 2, 1)]
    [InlineData(2, 3, 2)]
    [InlineData(2, 8, 3)]
    [InlineData(2, 16, 3)]
    [InlineData(4, 4, 1)]
    [InlineData(4, 4.5, 2)]
    [InlineData(4, 1, 0)]
    [InlineData(4, 0.5, 0)]
    [InlineData(1, 1, 1)]
    public void Runs_AreAsManyAsTheSizeNeeds_AndThreeAtMost(int scale, double wanted, int runs) => Assert.Equal(runs, PictureUpscaler.Runs(scale, wanted));

    [Theory]
    [InlineData(2, 3)]
    [InlineData(4, 1)]
    [InlineData(2, 16)]
    public void Enlarge_ToAnotherScale_RunsAgainAndInterpolates(int scale, int wanted)
    {
        using var network = TinyUpscaler.Compact(scale);
        var large = new PictureUpscaler(network).Enlarge(TestPictures.Noise(20, 12), 20 * wanted, 12 * wanted, cancellationToken: Token);
        Assert.Equal((20 * wanted, 12 * wanted), (large.Width, large.Height));
    }

    [Fact]
    public void Enlarge_ToTooManyPixels_IsRefusedBeforeItBegins()
    {
        using var network = new Spy();
        var picture = Picture.Black(8192, 5000);
        Assert.Contains("8192 x 5000, 2 times as large", Assert.Throws<ArgumentException>(() => new PictureUpscaler(network).Enlarge(picture, 16384, 10000, cancellationToken: Token)).Message, StringComparison.Ordinal);
        Assert.Empty(network.Seen);
    }

    /// <summary>Repeats each pixel, and tells what it was shown.</summary>
    private sealed class Spy : UpscalerNetwork
    {
        public Spy()
            : base(nameof(Spy)) => register_parameter("place", new Parameter(zeros(1).DetachFromDisposeScope(), requires_grad: false));

        public List<long[]> Seen { get; } = [];

        public override int Scale => 2;

        public override Tensor Forward(Tensor picture)
        {
            Seen.Add(picture.shape);
            return nn.functional.interpolate(picture, size: [2 * picture.shape[2], 2 * picture.shape[3]], mode: InterpolationMode.Nearest);
        }
    }
}
