using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>Pictures from pictures, whole or under a mask, with the tiny model.</summary>
public sealed class InitialPictureTests(PictureGeneratorTests.Networks networks) : IClassFixture<PictureGeneratorTests.Networks>
{
    private static readonly Picture Init = TestPictures.Of(64, 64, (x, y) => (4 * x, 4 * y, 128));
    private static readonly Picture LeftHalf = TestPictures.Of(64, 64, (x, _) => x < 32 ? (255, 255, 255) : (0, 0, 0));
    private static readonly GenerationRequest Request = new()
    {
        Prompt = "a red house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 8, Initial = new() { Picture = Init, Denoise = 0.5 },
    };

    [Theory]
    [InlineData("Euler", 0.5, 5)]
    [InlineData("Euler", 0.75, 7)]
    [InlineData("Euler", 0, 1)]
    [InlineData("Euler", 1, 8)]
    [InlineData("DDIM", 0.5, 5)]
    [InlineData("DPM++ 2M SDE", 0.5, 5)]
    public void Generate_FromAPicture_RunsTheCleanEndOfTheSchedule_FromTheSeedsNoise(string sampler, double denoise, int steps)
    {
        var request = Request with { Sampler = sampler, Initial = Request.Initial! with { Denoise = denoise } };
        var result = Generate(request);
        Assert.Equal(steps, result.Steps);
        Assert.Equal(result.Pictures[0].Bytes(), Generate(request).Pictures[0].Bytes());
        Assert.NotEqual(result.Pictures[0].Bytes(), Generate(request with { Seed = 6 }).Pictures[0].Bytes());
        Assert.NotEqual(result.Pictures[0].Bytes(), Generate(request with { Initial = request.Initial with { Picture = TestPictures.Noise(64, 64) } }).Pictures[0].Bytes());
    }

    [Fact]
    public void Generate_WithMoreDenoise_GoesFartherFromThePicture()
    {
        using var scope = NewDisposeScope();
        var clean = networks.Encoded(Init);
        double Distance(double denoise) => (Previews(Request with { Steps = 20, Initial = Request.Initial! with { Denoise = denoise } })[^1] - clean).square().mean().item<float>();
        double[] distances = [Distance(0.05), Distance(0.3), Distance(1)];
        Assert.Equal(distances.Order(), distances);
    }

    [Theory]
    [InlineData(MaskedContent.Original)]
    [InlineData(MaskedContent.Fill)]
    [InlineData(MaskedContent.Noise)]
    [InlineData(MaskedContent.Nothing)]
    public void Generate_UnderAMask_LeavesTheRestAloneInEachStepAndInThePicture(MaskedContent content)
    {
        using var scope = NewDisposeScope();
        var request = Masked(new InpaintMask { Picture = LeftHalf, Blur = 0, Content = content });
        var previews = Previews(request);
        // Fill changes pixels beside the border only as the Autoencoder sees over it; the right quarter is out of its sight.
        var clean = networks.Encoded(content == MaskedContent.Fill ? ColourFlow.Into(Init, [.. Greyscale.Of(LeftHalf)]) : Init);
        Assert.All(previews, preview => Assert.True(preview[.., .., .., 4..].equal(clean[.., .., .., 4..]).all().item<bool>()));
        Assert.All(previews, preview => Assert.False(preview[.., .., .., ..4].equal(clean[.., .., .., ..4]).any().item<bool>()));
        var made = Generate(request).Pictures[0];
        for (var i = 0; i < 64 * 64; i++)
        {
            var (x, y) = (i % 64, i / 64);
            Assert.True(x < 32 || Init.At(x, y) == made.At(x, y), $"the kept pixel {x}, {y} is {made.At(x, y)} and was {Init.At(x, y)}");
        }

        Assert.True(Enumerable.Range(0, 32 * 64).Count(i => Init.At(i % 32, i / 32) != made.At(i % 32, i / 32)) > 1000);
    }

    [Fact]
    public void Generate_WithTheFourContents_StartsFromDifferentLatents_AndWithAWhiteMaskIsThatWithoutOne()
    {
        byte[] Pixels(MaskedContent content) => Generate(Masked(new InpaintMask { Picture = LeftHalf, Content = content })).Pictures[0].Bytes();
        var contents = Enum.GetValues<MaskedContent>().Select(content => Convert.ToHexString(Pixels(content))).ToList();
        Assert.Equal(4, contents.Distinct().Count());
        var white = Generate(Masked(new InpaintMask { Picture = TestPictures.Of(32, 32, (_, _) => (255, 255, 255)) }));
        Assert.Equal(Generate(Request).Pictures[0].Bytes(), white.Pictures[0].Bytes());
    }

    [Fact]
    public void Generate_WithABlurredMask_MixesAcrossItsBorderOnly()
    {
        var made = Generate(Masked(new InpaintMask { Picture = LeftHalf, Blur = 2 })).Pictures[0];
        // The kernel of blur 2 reaches five pixels to each side.
        Assert.All(Enumerable.Range(0, 64), y => Assert.All(Enumerable.Range(37, 27), x => Assert.Equal(Init.At(x, y), made.At(x, y))));
        Assert.Contains(Enumerable.Range(0, 64), y => Init.At(33, y) != made.At(33, y));
    }

    [Fact]
    public void Generate_OnlyMasked_KeepsSizeAndPixelsOfTheWhole_AndMakesTheRegionAtTheRequestsSize()
    {
        var whole = TestPictures.Noise(200, 120);
        var mask = TestPictures.Of(200, 120, (x, y) => x is >= 150 and < 170 && y is >= 20 and < 50 ? (255, 255, 255) : (0, 0, 0));
        var initial = new InitialPicture { Picture = whole, Denoise = 0.9, Mask = new() { Picture = mask, Blur = 0, OnlyMasked = true, Padding = 8 } };
        Assert.Equal(new InpaintRegion(137, 12, 46, 46), InpaintRegion.Of(initial, 64, 64));
        var result = Generate(Request with { Initial = initial });
        var made = result.Pictures[0];
        Assert.Equal((200, 120), (made.Width, made.Height));
        Assert.Equal((64, 64), result.Request.Size);
        for (var i = 0; i < 200 * 120; i++)
        {
            Assert.True(mask.At(i % 200, i / 200).R == 255 || whole.At(i % 200, i / 200) == made.At(i % 200, i / 200), $"pixel {i % 200}, {i / 200}");
        }

        Assert.Contains(Enumerable.Range(0, 600), i => whole.At(150 + i % 20, 20 + i / 20) != made.At(150 + i % 20, 20 + i / 20));
    }

    [Theory]
    [InlineData(0, 0, 10, 10, 0, 64, 64, 0, 0, 10, 10)]        // a corner
    [InlineData(90, 40, 10, 10, 20, 64, 64, 70, 20, 30, 30)]   // padding stops at the border
    [InlineData(40, 0, 10, 50, 0, 128, 64, 0, 0, 100, 50)]     // grown to two to one
    [InlineData(0, 20, 100, 10, 0, 64, 64, 0, 0, 100, 50)]     // the picture is not high enough
    public void Region_HoldsTheMaskWithItsPadding_InTheShapeOfTheResult(int x, int y, int width, int height, int padding, int resultWidth, int resultHeight, int left, int top, int across, int down)
    {
        var mask = TestPictures.Of(100, 50, (column, row) => column >= x && column < x + width && row >= y && row < y + height ? (255, 255, 255) : (0, 0, 0));
        var initial = new InitialPicture { Picture = TestPictures.Noise(100, 50), Mask = new() { Picture = mask, Blur = 0, Padding = padding } };
        var region = InpaintRegion.Of(initial, resultWidth, resultHeight);
        Assert.Equal(new InpaintRegion(left, top, across, down), region);
        var cut = region.Cut(initial.Picture.Read(), initial.Picture.Read(), ResizeMode.Just);
        Assert.Equal(initial.Picture.Read().At(left, top), cut.At(0, 0));
        Assert.Equal(initial.Picture.Read().At(left + across - 1, top + down - 1), cut.At(across - 1, down - 1));
    }

    [Fact]
    public void LatentMask_HasWhatIsAtLeastHalfMasked_OrOfAThinMaskWhatItTouches()
    {
        using var scope = NewDisposeScope();
        float[] Of(Func<int, bool> white) =>
            [.. new SoftMask(32, 8, [.. Enumerable.Range(0, 256).Select(i => white(i % 32) ? byte.MaxValue : byte.MinValue)]).ToLatents(8).data<float>()];
        Assert.Equal([1, 1, 0, 0], Of(x => x < 12));
        Assert.Equal([1, 0, 0, 0], Of(x => x < 11));
        Assert.Equal([0, 0, 1, 0], Of(x => x == 17));
    }

    [Fact]
    public void ColourFlow_KeepsWhatIsKnown_AndFillsHolesWithColoursFromAroundThem()
    {
        var picture = TestPictures.Of(40, 30, (x, _) => x < 20 ? (200, 0, 0) : (0, 0, 200));
        var hole = Enumerable.Range(0, 1200).Select(i => i % 40 is >= 4 and < 16 && i / 40 is >= 5 and < 20 ? byte.MaxValue : byte.MinValue).ToArray();
        var garbage = TestPictures.Of(40, 30, (x, y) => hole[40 * y + x] > 0 ? (0, 255, 0) : picture.At(x, y));
        var filled = ColourFlow.Into(garbage, hole);
        Assert.All(Enumerable.Range(0, 1200).Where(i => hole[i] == 0), i => Assert.Equal(picture.At(i % 40, i / 40), filled.At(i % 40, i / 40)));
        Assert.All(Enumerable.Range(0, 1200).Where(i => hole[i] > 0), i => Assert.True(filled.At(i % 40, i / 40) is (> 100, 0, < 100), $"{i % 40}, {i / 40}: {filled.At(i % 40, i / 40)}"));
    }

    [Fact]
    public void Generate_FromAPictureOfAnotherSize_TakesItsShapeWhereNoneIsGiven()
    {
        var result = Generate(Request with { Size = null, Initial = new() { Picture = TestPictures.Noise(320, 80) } });
        Assert.Equal((128, 64), (result.Pictures[0].Width, result.Pictures[0].Height));
    }

    [Fact]
    public void Generate_UnderAMask_LeavesNoTensorBehind()
    {
        var request = Masked(new InpaintMask { Picture = LeftHalf, Content = MaskedContent.Noise }) with { Batch = 2, Steps = 3, Sampler = "Euler a" };
        Generate(request);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Generate(request);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Request_ThatCannotBe_NamesWhatIsWrong()
    {
        string Message(GenerationRequest request) => Assert.ThrowsAny<ArgumentException>(() => Generate(request)).Message;
        Assert.Contains("initial.mask.picture: must have white pixels", Message(Masked(new InpaintMask { Picture = TestPictures.Of(64, 64, (_, _) => (127, 127, 127)) })), StringComparison.Ordinal);
        Assert.Contains("32 x 64 pixels, the picture 64 x 64", Message(Masked(new InpaintMask { Picture = TestPictures.Square(32, 64) })), StringComparison.Ordinal);
        Assert.Contains("hires: cannot be given together with initial", Message(Request with { Hires = new() }), StringComparison.Ordinal);
        Assert.Contains("initial.denoise NaN: must be a number from 0 to 1", Message(Request with { Initial = new() { Picture = Init, Denoise = double.NaN } }), StringComparison.Ordinal);
        Assert.Contains("initial.mask.blur 65: must be a whole number from 0 to 64", Message(Masked(new InpaintMask { Picture = Init, Blur = 65 })), StringComparison.Ordinal);
        Assert.Contains("initial.mask.padding -1: must be a whole number from 0 to 256", Message(Masked(new InpaintMask { Picture = Init, Padding = -1 })), StringComparison.Ordinal);
    }

    private static GenerationRequest Masked(InpaintMask mask) => Request with { Initial = Request.Initial! with { Mask = mask } };

    private GeneratedBatch Generate(GenerationRequest request) => networks.Generator.Generate(request, cancellationToken: TestContext.Current.CancellationToken);

    private List<Tensor> Previews(GenerationRequest request)
    {
        var previews = new List<Tensor>();
        networks.Generator.Generate(request, [], progress => previews.Add(progress.Denoised.clone().DetachFromDisposeScope()), TestContext.Current.CancellationToken);
        return previews;
    }
}
