using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>A pass over tiles, with the tiny model.</summary>
public sealed class TiledPassTests(PictureGeneratorTests.Networks networks) : IClassFixture<PictureGeneratorTests.Networks>
{
    private static readonly GenerationRequest Request = new() { Prompt = "a red house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 4 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Euler")]
    [InlineData("Euler a")]
    [InlineData("DPM++ 2M")]
    public void Upscale_InOneTile_IsTheEnlargedPictureMadeAnew(string sampler)
    {
        var request = Request with { Sampler = sampler };
        var small = Generate(request).Pictures[0];
        var expected = Generate(request with { Size = (96, 96), Initial = new() { Picture = PictureResizing.Resize(small, 96, 96, Interpolation.Cubic), Denoise = 0.6 } });
        var large = Generate(request with { Upscale = new() { Scale = 1.5, Tile = 128, Denoise = 0.6, Upscaler = "bicubic" } });
        Assert.Equal(expected.Pictures[0].Bytes(), large.Pictures[0].Bytes());
        Assert.Equal((4 + 3, (64, 64)), (large.Steps, large.Request.Size!.Value));
    }

    [Fact]
    public void Upscale_OfAnInitialPicture_TakesItAsItIs_AndAtItsOwnSize()
    {
        var picture = TestPictures.Noise(100, 70);
        var cut = PictureResizing.Fit(picture, 96, 64, ResizeMode.Crop);
        var expected = Generate(Request with { Size = (192, 128), Initial = new() { Picture = PictureResizing.Resize(cut, 192, 128, Interpolation.Lanczos4), Denoise = 0.4 } });
        var large = Generate(Request with { Size = null, Initial = new() { Picture = picture }, Upscale = new() { Tile = 192 } });
        Assert.Equal(expected.Pictures[0].Bytes(), large.Pictures[0].Bytes());
        Assert.Equal(2, large.Steps);
    }

    [Fact]
    public void Upscale_InTiles_ShowsTheNetworksOneTileAtATime_AndStepsOverTheWhole()
    {
        var (hints, steps) = (new List<(int, int)>(), new List<(int Step, long Width)>());
        var request = Request with { Upscale = new() { Scale = 3, Tile = 64, Overlap = 16, Steps = 5, Denoise = 0.3, Control = "canny" } };
        var control = Control(tile =>
        {
            hints.Add((tile.Width, tile.Height));
            return tile;
        });
        var controls = new List<long[]>();
        var first = (ConvolutionLayer)networks.First.named_modules().First(module => module.name == "input_blocks.0.0").module;
        var hook = first.register_forward_hook((_, x, y) =>
        {
            controls.Add(x.shape);
            return y;
        });
        var large = networks.Generator.Generate(request, [], control, step => steps.Add((step.Step, step.Denoised.shape[3])), Token).Pictures[0];
        hook.remove();
        Assert.Equal((192, 192), (large.Width, large.Height));

        // (192 - 16) / (64 - 16) tiles a row; 4 steps of the first pass, then int(0.3 * 5) + 1.
        Assert.Equal(16, hints.Count);
        Assert.All(hints, size => Assert.Equal((64, 64), size));
        Assert.Equal([(1, 8L), (2, 8), (3, 8), (4, 8), (5, 24), (6, 24)], steps);
        Assert.Equal(2 * 16, controls.Count);
        Assert.All(controls, shape => Assert.Equal([2, 4, 8, 8], shape));
    }

    [Fact]
    public void Upscale_WithAControl_FollowsIt_AndAtWeightZeroIsWithout()
    {
        var request = Request with { Upscale = new() { Tile = 64, Overlap = 16 } };
        byte[] Pixels(UpscalePass pass, Func<Picture, Picture>? hint = null) => networks.Generator.Generate(request with { Upscale = pass }, [], Control(hint ?? (tile => tile)), null, Token).Pictures[0].Bytes();
        var plain = Pixels(request.Upscale!);
        var controlled = request.Upscale! with { Control = "canny" };
        Assert.Equal(plain, Pixels(controlled with { ControlWeight = 0 }));
        var one = Pixels(controlled);
        Assert.NotEqual(plain, one);
        Assert.Equal(one, Pixels(controlled));
        Assert.NotEqual(one, Pixels(controlled, tile => TestPictures.Noise(tile.Width, tile.Height)));
    }

    [Fact]
    public void Upscale_OfABatch_GivesEachPictureWhatItGetsAlone()
    {
        var request = Request with { Upscale = new() { Tile = 64, Overlap = 16, Denoise = 0.3 } };
        var both = Generate(request with { Batch = 2 });
        PictureAssert.WithinLevels(Generate(request).Pictures[0], both.Pictures[0], 1, "the first");
        PictureAssert.WithinLevels(Generate(request with { Seed = 6 }).Pictures[0], both.Pictures[1], 1, "the second");
        Assert.Equal(4 + 2 * 2, both.Steps);
    }

    [Fact]
    public void Upscale_WithoutDenoise_OnlyEnlarges()
    {
        var small = Generate(Request).Pictures[0];
        Assert.Equal(PictureResizing.Resize(small, 256, 256, Interpolation.Nearest).Bytes(), Generate(Request with { Upscale = new() { Scale = 4, Denoise = 0, Upscaler = "nearest" } }).Pictures[0].Bytes());
    }

    [Fact]
    public void Upscale_AndASecondPass_ByAFile_EnlargeByItsNetwork()
    {
        using var network = TinyUpscaler.Dense();
        var enlargement = new Enlargement { Upscaler = new PictureUpscaler(network) };
        var small = Generate(Request).Pictures[0];
        var expected = new PictureUpscaler(network).Enlarge(small, 128, 128, cancellationToken: Token);
        Picture Made(GenerationRequest request) => networks.Generator.Generate(request, [], enlargement, null, Token).Pictures[0];
        Assert.Equal(expected.Bytes(), Made(Request with { Upscale = new() { Denoise = 0, Upscaler = "4x_tiny.pth" } }).Bytes());
        using var scope = NewDisposeScope();
        PictureAssert.WithinLevels(networks.Decoded(networks.Encoded(expected)), Made(Request with { Hires = new() { Denoise = 0, Upscaler = "4x_tiny.pth" } }), 1, "second pass");
        Assert.Contains("\"4x_tiny.pth\" is a file", Assert.Throws<ArgumentException>(() => Generate(Request with { Upscale = new() { Denoise = 0, Upscaler = "4x_tiny.pth" } })).Message, StringComparison.Ordinal);
        Assert.Contains("controlled by tile", Assert.Throws<ArgumentException>(() => Generate(Request with { Upscale = new() { Control = "tile" } })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Upscale_BeforeWhichAPartIsWrong_SaysWhich()
    {
        string Said(GenerationRequest request) => Assert.Throws<RequestException>(request.Check).Message;
        GenerationRequest With(UpscalePass pass) => Request with { Upscale = pass };
        var initial = new InitialPicture { Picture = TestPictures.Noise(64, 64) };
        Assert.Contains("upscale: cannot be given together with hires", Said(With(new()) with { Hires = new() }), StringComparison.Ordinal);
        Assert.Contains("upscale: cannot be given together with tiling", Said(With(new()) with { Tiling = true }), StringComparison.Ordinal);
        Assert.Contains("initial.mask: upscale makes the whole", Said(With(new()) with { Initial = initial with { Mask = new() { Picture = TestPictures.Square(64, 64) } } }), StringComparison.Ordinal);
        Assert.Contains("upscale.denoise says how much", Said(With(new()) with { Initial = initial with { Denoise = 0.5 } }), StringComparison.Ordinal);
        Assert.Contains("upscale.control controls the tiles", Said(With(new()) with { Initial = initial, Units = [ControlUnit.Canny(TestPictures.Square(64, 64))] }), StringComparison.Ordinal);
        Assert.Contains("upscale.tile 100: must be a multiple of 8", Said(With(new() { Tile = 100 })), StringComparison.Ordinal);
        Assert.Contains("upscale.overlap 72: must be at most half of tile (128)", Said(With(new() { Tile = 128, Overlap = 72 })), StringComparison.Ordinal);
        Assert.Contains("upscale.upscaler latent: works on latents; a picture is enlarged by a file, or by one of lanczos, bicubic, nearest", Said(With(new() { Upscaler = "latent" })), StringComparison.Ordinal);
        Assert.Contains("upscale.controlModel a.pth: needs upscale.control", Said(With(new() { ControlModel = "a.pth" })), StringComparison.Ordinal);
        Assert.Contains("upscale.control edges: there is no such condition kind", Said(With(new() { Control = "edges" })), StringComparison.Ordinal);
        Assert.Contains("makes 16384 x 16384 pixels of 4096 x 4096; each side must be at most 8192", Said(With(new() { Scale = 4 }) with { Size = (4096, 4096) }), StringComparison.Ordinal);
        Assert.Contains("must be at most half of a tile, which has the model's native size, 64", Assert.Throws<RequestException>(() => Generate(With(new()))).Message, StringComparison.Ordinal);
    }

    private GeneratedBatch Generate(GenerationRequest request) => networks.Generator.Generate(request, [], null, Token);

    private Enlargement Control(Func<Picture, Picture> hint) => new() { Control = new TileControl(networks.First, "canny", Pools: false, hint) };
}
