using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>Pictures by SDXL and by inpainting models, at tiny widths.</summary>
public sealed class SdxlGenerationTests(SdxlGenerationTests.Networks networks) : IClassFixture<SdxlGenerationTests.Networks>
{
    private static readonly GenerationRequest Request = new() { Prompt = "a red house", NegativePrompt = "a boat", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 3 };

    [Fact]
    public void Generate_OfSdxl_FollowsPromptNegativePromptSizesAndHint_AndNothingElse()
    {
        var first = Pixels(Request);
        Assert.Equal(first, Pixels(Request));
        Assert.Equal(first, Pixels(Request with { OriginalSize = new() { Width = 64, Height = 64 } }));
        Assert.True(first.Distinct().Count() > 50);
        foreach (var other in new[]
        {
            Request with { Seed = 6 }, Request with { Prompt = "a blue boat" }, Request with { NegativePrompt = "a cat" }, Request with { NegativePrompt = "" }, Request with { ClipSkip = 1 },
            Request with { OriginalSize = new() { Width = 1024, Height = 1024 } }, Request with { OriginalSize = new() { Width = 64, Height = 64, Top = 30 } },
        })
        {
            Assert.NotEqual(first, Pixels(other));
        }

        Assert.NotEqual(first, Pixels(Request, Unit(networks.Control)));

        Assert.NotEqual(Pixels(Request, Unit(networks.Control)), Pixels(Request, Unit(networks.Control) with { Strength = new() { Mode = ControlMode.Prompt } }));
    }

    [Fact]
    public void Generate_OfSdxl_AtASizeWhoseLatentsAreOdd_AndInABatch_Works()
    {
        var result = Generate(Request with { Size = (72, 88), Batch = 2 }, Unit(networks.Control));
        Assert.Equal((2, 72, 88), (result.Pictures.Count, result.Pictures[0].Width, result.Pictures[0].Height));
        PictureAssert.WithinLevels(Generate(Request with { Size = (72, 88), Seed = 6 }, Unit(networks.Control)).Pictures[0], result.Pictures[1], 1, "the second of a batch");
    }

    [Fact]
    public void Generate_OfSdxl_LeavesNoTensorBehind()
    {
        var request = Request with { Steps = 1 };
        Generate(request, Unit(networks.Control));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Generate(request, Unit(networks.Control));
        Generate(request with { NegativePrompt = "" }, Unit(networks.Control));
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Generate_WithAUnitOfAnotherFamily_IsRefusedBeforeSampling_WithBothFamiliesAndTheUnitsThatFit()
    {
        using var classic = TinyModel.ControlNet();
        var sampled = false;
        string Refusal(params PreparedControl[] units) => Assert.Throws<ArgumentException>(() => networks.Generator.Generate(Request, units, _ => sampled = true, TestContext.Current.CancellationToken)).Message;
        var message = Refusal(Unit(networks.Control), Unit(classic), Unit(networks.Control));
        Assert.Contains($"The ControlNet of unit 2 is for SD 1.x layout with context {TinyModel.Width} (context {TinyModel.Width}, 32 channels); the model is SDXL layout with context 40 (context 40, 32 channels)", message, StringComparison.Ordinal);
        Assert.Contains("Of the 3 units those that fit are: 1, 3.", message, StringComparison.Ordinal);
        Assert.Contains("unit 2 is for SD 1.x", Refusal(Unit(networks.Control) with { Strength = new() { Weight = 0 } }, Unit(classic)), StringComparison.Ordinal);
        Assert.Contains("Of the 1 units none fits.", Refusal(Unit(classic)), StringComparison.Ordinal);
        Assert.False(sampled);
        // A unit that does not act is none.
        Assert.Equal(Pixels(Request), Pixels(Request, Unit(classic) with { Strength = new() { Weight = 0 } }));
    }

    [Fact]
    public void Constructor_WithAUNetOfSdxlAndOneTextEncoder_SaysWhatIsMissing()
    {
        using var unet = new UNet(TinyModel.Sdxl, Placement.Meta);
        using var autoencoder = TinyModel.Autoencoder();
        using var text = TinyModel.Text();
        Assert.Contains("needs a second text encoder", Assert.Throws<ArgumentException>(() => new PictureGenerator(unet, autoencoder, text, PredictionType.Epsilon, TinyModel.NativeSize, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_OfAnInpaintingModel_WithoutAPicture_MasksAllOfIt()
    {
        using var unet = TinyModel.UNet(TinyModel.Inpainting);
        using var autoencoder = TinyModel.Autoencoder();
        using var text = TinyModel.Text();
        using var control = TinyModel.ControlNet();
        var generator = new PictureGenerator(unet, autoencoder, text, PredictionType.Velocity, TinyModel.NativeSize, Placement.Cpu32);
        byte[] Made(GenerationRequest request, params PreparedControl[] controls) => generator.Generate(request, controls, cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes();
        var plain = Made(Request);
        Assert.True(plain.Distinct().Count() > 50);
        Assert.NotEqual(plain, Made(Request, Unit(control)));
    }

    private static PreparedControl Unit(ControlNet network) => new() { ControlNet = network, Hint = TestPictures.Square(64, 64) };

    private GeneratedBatch Generate(GenerationRequest request, params PreparedControl[] controls) =>
        networks.Generator.Generate(request, controls, cancellationToken: TestContext.Current.CancellationToken);

    private byte[] Pixels(GenerationRequest request, params PreparedControl[] controls) => Generate(request, controls).Pictures[0].Bytes();

    /// <summary>The tiny SDXL and a ControlNet for it, made once for all tests of the class.</summary>
    public sealed class Networks : IDisposable
    {
        private readonly DiffusionModel _model = TinyModel.SdxlModel();

        public Networks() => Generator = new PictureGenerator(_model);

        internal PictureGenerator Generator { get; }

        internal ControlNet Control { get; } = TinyModel.ControlNet(TinyModel.Sdxl);

        public void Dispose()
        {
            _model.Dispose();
            Control.Dispose();
        }
    }
}
