using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>A second pass at a larger size, and tiles, with the tiny model.</summary>
public sealed class HiresPassTests(PictureGeneratorTests.Networks networks) : IClassFixture<PictureGeneratorTests.Networks>
{
    private static readonly GenerationRequest Request = new() { Prompt = "a red house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 4 };

    public static TheoryData<string> Upscalers => [.. UpscalerCatalogue.All.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Upscalers))]
    public void Generate_WithASecondPass_RunsAllItsStepsAtTheLargerSize(string upscaler)
    {
        var steps = new List<(int, int)>();
        var sizes = new List<long>();
        var result = networks.Generator.Generate(
            Request with { Hires = new() { Scale = 1.5, Denoise = 0.5, Steps = 3, Upscaler = upscaler } },
            [],
            progress =>
            {
                steps.Add((progress.Step, progress.Steps));
                sizes.Add(progress.Denoised.shape[3]);
            },
            TestContext.Current.CancellationToken);
        Assert.Equal((96, 96), (result.Pictures[0].Width, result.Pictures[0].Height));
        Assert.Equal([(1, 7), (2, 7), (3, 7), (4, 7), (5, 7), (6, 7), (7, 7)], steps);
        Assert.Equal([8, 8, 8, 8, 12, 12, 12], sizes);
        Assert.Equal((7, (64, 64)), (result.Steps, result.Request.Size!.Value));
    }

    [Fact]
    public void Generate_WithASecondPassThatMakesNothingAnew_OnlyEnlarges()
    {
        var small = Generate(Request).Pictures[0];
        var large = Generate(Request with { Hires = new() { Denoise = 0, Upscaler = "nearest" } });
        Assert.Equal(4, large.Steps);
        using var scope = NewDisposeScope();
        PictureAssert.WithinLevels(networks.Decoded(networks.Encoded(PictureResizing.Resize(small, 128, 128, Interpolation.Nearest))), large.Pictures[0], 1, "enlarged");
    }

    [Fact]
    public void Size_IsRoundedDownToMultiplesOf8_AndBounded()
    {
        Assert.Equal((144, 104), new HiresPass { Scale = 1.5 }.SizeOf((97, 71)));
        Assert.Contains("4800 x 2400 pixels of 2400 x 1200; each side must be at most 4096", Refusal(Request with { Size = (2400, 1200), Hires = new() }).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ControlPasses.Both, 8, 8, 8, 8, 16, 16)]
    [InlineData(ControlPasses.Low, 8, 8, 8, 8)]
    [InlineData(ControlPasses.High, 16, 16)]
    [InlineData(ControlPasses.Soft, 8, 8, 8, 8, 16, 16)]
    public void Unit_ActsInItsPassesOnly(ControlPasses passes, params int[] widths)
    {
        var seen = Runs(networks.First, () => Generate(Request with { Hires = new() { Steps = 2, Denoise = 0.5 } }, Unit() with { Passes = passes }));
        Assert.Equal(widths, seen.Select(shape => (int)shape[3]));
    }

    [Theory]
    [InlineData(ControlMode.Balanced, ControlMode.Prompt)]
    [InlineData(ControlMode.Control, ControlMode.Control)]
    public void Unit_ThatIsSoftInTheSecondPass_HasItsModeInTheFirst_AndSoftWeightsThere(ControlMode mode, ControlMode second)
    {
        byte[] Pixels(params (ControlPasses Passes, ControlMode Mode)[] units) => Generate(
            Request with { Hires = new() { Steps = 2, Denoise = 0.5 } },
            [.. units.Select(unit => Unit() with { Passes = unit.Passes, Strength = new() { Mode = unit.Mode } })]).Pictures[0].Bytes();
        var soft = Pixels((ControlPasses.Soft, mode));
        Assert.Equal(soft, Pixels((ControlPasses.Low, mode), (ControlPasses.High, second)));
        Assert.Equal(mode == second, soft.SequenceEqual(Pixels((ControlPasses.Both, mode))));
    }

    [Fact]
    public void Unit_WithAHintForTheSecondPass_TakesItThere()
    {
        var request = Request with { Hires = new() { Steps = 2, Denoise = 0.5 } };
        var one = Generate(request, Unit()).Pictures[0].Bytes();
        Assert.NotEqual(one, Generate(request, Unit() with { HiresHint = TestPictures.Noise(128, 128) }).Pictures[0].Bytes());
        Assert.Equal(one, Generate(request, Unit() with { HiresHint = PictureResizing.FitHint(Unit().Hint, 128, 128, ResizeMode.Crop) }).Pictures[0].Bytes());
    }

    [Theory]
    [InlineData(0, 1, 4)]
    [InlineData(0, 0.25, 2)]
    [InlineData(0.5, 1, 2)]
    [InlineData(0.8, 1, 0)]
    public void Unit_OutsideItsRange_IsNotRun(double start, double end, int runs) =>
        Assert.Equal(runs, Runs(networks.First, () => Generate(Request, Unit(start, end))).Count);

    [Fact]
    public void Unit_OfTheConditionalSide_RunsOnHalfTheBatch_AndOneThatCannotActNotAtAll()
    {
        long[] Batches(PreparedControl unit, double guidance = 3) => [.. Runs(networks.First, () => Generate(Request with { Batch = 2, GuidanceScale = guidance }, unit)).Select(shape => shape[0])];
        Assert.Equal([4, 4, 4, 4], Batches(Unit()));
        Assert.Equal([4, 4, 4, 4], Batches(Unit() with { Strength = new() { Mode = ControlMode.Prompt } }));
        Assert.Equal([2, 2, 2, 2], Batches(Unit() with { Strength = new() { Mode = ControlMode.Control } }));
        Assert.Equal([2, 2, 2, 2], Batches(Unit() with { GlobalAveragePooling = true }));
        Assert.Equal([2, 2, 2, 2], Batches(Unit(), guidance: 1));
        Assert.Empty(Batches(Unit() with { Strength = new() { Weight = 0 } }));
        Assert.Empty(Batches(Unit() with { Strength = new() { Layers = new double[networks.First.ResidualCount] } }));
    }

    [Fact]
    public void Layers_OfOnesAreNone_OfTheDecayAreTheModePrompt_AndOfAnotherNumberAreRefused()
    {
        byte[] Pixels(ControlStrength strength) => Generate(Request, Unit() with { Strength = strength }).Pictures[0].Bytes();
        var count = networks.First.ResidualCount;
        Assert.Equal(Pixels(new()), Pixels(new() { Layers = [.. Enumerable.Repeat(1.0, count)] }));
        Assert.Equal(Pixels(new() { Mode = ControlMode.Prompt }), Pixels(new() { Layers = [.. Enumerable.Range(0, count).Select(i => Math.Pow(0.825, count - 1 - i))] }));
        Assert.NotEqual(Pixels(new()), Pixels(new() { Layers = [.. Enumerable.Range(0, count).Select(i => i == 0 ? 0.0 : 1)] }));
        Assert.Contains($"Layers must have {count} weights", Assert.Throws<ArgumentException>(() => Pixels(new() { Layers = [1] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Region_OfWhiteIsNone_OfBlackIsNoUnit_AndOfHalfWeighsEachResidualByItsShare()
    {
        byte[] Pixels(Func<int, int, bool>? white) => Generate(
            Request, Unit() with { Region = white is null ? null : TestPictures.Of(64, 64, (x, y) => white(x, y) ? (255, 255, 255) : (0, 0, 0)) }).Pictures[0].Bytes();
        Assert.Equal(Pixels(null), Pixels((_, _) => true));
        Assert.Equal(Generate(Request).Pictures[0].Bytes(), Pixels((_, _) => false));
        Assert.NotEqual(Pixels(null), Pixels((x, _) => x < 32));

        using var scope = NewDisposeScope();
        var control = new AttachedControl(networks.First, zeros(1), new()) { Region = cat([ones(1, 1, 64, 24), zeros(1, 1, 64, 40)], 3) };
        var weighted = control.Weighted(ones(2, 3, 4, 4), 0.5);
        Assert.Equal([0.5f, 0.25f, 0, 0], weighted[1, 2, 3].data<float>().ToArray());
    }

    [Fact]
    public void GlobalAveragePooling_AddsTheMeanOfEachChannel()
    {
        using var scope = NewDisposeScope();
        var residual = randn(2, 3, 4, 5);
        var pooled = new AttachedControl(networks.First, zeros(1), new()) { GlobalAveragePooling = true }.Weighted(residual, 2);
        Assert.Equal([2, 3, 1, 1], pooled.shape);
        Goldens.AssertClose(residual.flatten(2).mean([2]) * 2, pooled[.., .., 0, 0], 1e-6, "means");
        Assert.NotEqual(Generate(Request, Unit()).Pictures[0].Bytes(), Generate(Request, Unit() with { GlobalAveragePooling = true }).Pictures[0].Bytes());
    }

    [Fact]
    public void Holes_AreMinusOneInTheHint()
    {
        using var scope = NewDisposeScope();
        Tensor? seen = null;
        var first = Layer(networks.First, "input_hint_block.0");
        var hook = first.register_forward_hook((_, x, y) =>
        {
            seen = x.clone().DetachFromDisposeScope();
            return y;
        });
        Generate(Request, Unit() with { Holes = TestPictures.Of(32, 32, (x, _) => x < 16 ? (255, 255, 255) : (0, 0, 0)) });
        hook.remove();

        Assert.True(seen![.., .., .., ..32].eq(-1).all().item<bool>());
        Assert.True(seen[.., .., .., 32..].ge(0).all().item<bool>());
        seen.Dispose();
    }

    [Fact]
    public void Tiling_LetsTheNetworksGoOnAtTheOppositeBorder_AndIsGoneAfterwards()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var unet = TinyModel.UNet();
        using var autoencoder = TinyModel.Autoencoder();
        var (x, timesteps, context) = (randn(1, 4, 8, 8), zeros(1), randn(1, 77, TinyModel.Width));
        // A picture without borders that is moved gives its result, moved; two pixels are one at the UNet's smaller size.
        double Moved() => (unet.Forward(x, timesteps, context).roll([2, 4], [2, 3]) - unet.Forward(x.roll([2, 4], [2, 3]), timesteps, context)).abs().max().item<float>();
        double Decoded() => (autoencoder.Decode(x).roll([8, 24], [2, 3]) - autoencoder.Decode(x.roll([1, 3], [2, 3]))).abs().max().item<float>();
        double Encoded() => (autoencoder.Encode(autoencoder.Decode(x)).Mean.roll([1, 3], [2, 3]) - autoencoder.Encode(autoencoder.Decode(x).roll([8, 24], [2, 3])).Mean).abs().max().item<float>();
        var plain = unet.Forward(x, timesteps, context);
        Assert.All([Moved(), Decoded(), Encoded()], difference => Assert.True(difference > 1e-2, $"{difference}"));
        using (new SeamlessTiling([unet, autoencoder]))
        {
            Assert.All([Moved(), Decoded(), Encoded()], difference => Assert.True(difference < 1e-4, $"{difference}"));
        }

        Assert.True(plain.equal(unet.Forward(x, timesteps, context)).all().item<bool>());
        var ordinary = Generate(Request).Pictures[0].Bytes();
        Assert.NotEqual(ordinary, Generate(Request with { Tiling = true }, Unit()).Pictures[0].Bytes());
        Assert.Equal(ordinary, Generate(Request).Pictures[0].Bytes());
    }

    [Fact]
    public void HiresPass_WithAValueOutOfRange_NamesFieldAndRange()
    {
        Assert.Contains("hires.scale 0.5: must be a number from 1 to 4", Refusal(Request with { Hires = new() { Scale = 0.5 } }).Message, StringComparison.Ordinal);
        Assert.Contains("hires.denoise NaN: must be a number from 0 to 1", Refusal(Request with { Hires = new() { Denoise = double.NaN } }).Message, StringComparison.Ordinal);
        Assert.Contains("hires.steps 0: must be a whole number from 1 to 1000", Refusal(Request with { Hires = new() { Steps = 0 } }).Message, StringComparison.Ordinal);
        Assert.Contains("hires.upscaler", Refusal(Request with { Hires = new() { Upscaler = " " } }).Message, StringComparison.Ordinal);
        (Request with { Hires = new() { Upscaler = "Latent (bicubic)" } }).Check();
    }

    private static RequestException Refusal(GenerationRequest request) => Assert.Throws<RequestException>(request.Check);

    private PreparedControl Unit(double start = 0, double end = 1) => new() { ControlNet = networks.First, Hint = TestPictures.Square(64, 64), Strength = new() { Start = start, End = end } };

    private GeneratedBatch Generate(GenerationRequest request, params PreparedControl[] controls) =>
        networks.Generator.Generate(request, controls, cancellationToken: TestContext.Current.CancellationToken);

    private static ConvolutionLayer Layer(ControlNet network, string name) => (ConvolutionLayer)network.named_modules().First(module => module.name == name).module;

    /// <summary>The shapes of the latents with which a ControlNet is run.</summary>
    private static List<long[]> Runs(ControlNet network, Action run)
    {
        var shapes = new List<long[]>();
        var hook = Layer(network, "input_blocks.0.0").register_forward_hook((_, x, y) =>
        {
            shapes.Add(x.shape);
            return y;
        });
        run();
        hook.remove();

        return shapes;
    }
}
