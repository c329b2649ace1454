using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

public sealed class PictureGeneratorTests(PictureGeneratorTests.Networks networks) : IClassFixture<PictureGeneratorTests.Networks>
{
    private static readonly GenerationRequest Request = new() { Prompt = "a red house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 4 };

    [Theory]
    [InlineData("Euler")]
    [InlineData("Euler a")]
    [InlineData("DPM++ 2M SDE")]
    public void Generate_WithTheSameRequest_GivesTheSamePixels_AndWithAnotherSeedOrPromptOthers(string sampler)
    {
        var request = Request with { Sampler = sampler };
        var first = Pixels(request);
        Assert.Equal(first, Pixels(request));
        Assert.NotEqual(first, Pixels(request with { Seed = 6 }));
        Assert.NotEqual(first, Pixels(request with { Prompt = "a blue boat" }));
        Assert.NotEqual(first, Pixels(request with { NegativePrompt = "a blue boat" }));
        Assert.True(first.Distinct().Count() > 50);
    }

    [Fact]
    public void Generate_WithWeightZero_EqualsThePictureWithoutAUnitInEveryBit_AndWithWeightOneNot()
    {
        var plain = Pixels(Request);
        Assert.Equal(plain, Pixels(Request, Unit(0)));
        Assert.Equal(plain, Pixels(Request, Unit(0), Unit(0, networks.Second)));
        Assert.NotEqual(plain, Pixels(Request, Unit(1)));
        Assert.NotEqual(Pixels(Request, Unit(1)), Pixels(Request, Unit(1) with { Hint = TestPictures.Noise(64, 64) }));
    }

    [Fact]
    public void Generate_WithAPromptThatChanges_IsThatOfItsWordsUntilTheyChange()
    {
        using var scope = NewDisposeScope();
        List<Tensor> Of(string prompt) => Previews(Request with { Prompt = prompt });
        var (before, after, changed) = (Of("a red house"), Of("a blue house"), Of("a [red:blue:0.5] house"));
        Assert.Equal([true, true, false, false], before.Zip(changed, (a, b) => a.equal(b).all().item<bool>()));
        Assert.Equal([false, false, false, false], after.Zip(changed, (a, b) => a.equal(b).all().item<bool>()));
        Assert.True(Of("a [blue:red:0] house")[3].equal(before[3]).all().item<bool>());
        Assert.Equal([true, false, false, false], before.Zip(Of("a [red|blue] house"), (a, b) => a.equal(b).all().item<bool>()));
        Assert.NotEqual(Pixels(Request with { Prompt = "a red house AND a boat :0.4" }), Pixels(Request));
        Assert.Contains("loaded from a file", Assert.Throws<ArgumentException>(() => Generate(Request with { Prompt = "a<lora:b:1>" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_WithTwoUnits_AddsThem()
    {
        var (first, second) = (Unit(1), Unit(0.5, networks.Second));
        var both = Generate(Request, first, second).Pictures[0];
        Assert.NotEqual(Pixels(Request, first), both.Bytes());
        Assert.NotEqual(Pixels(Request, second), both.Bytes());
        // A sum does not depend on the order of its terms; one unit twice counts like one with the sum of the weights. Rounding may move a byte over a step.
        PictureAssert.WithinLevels(both, Generate(Request, second, first).Pictures[0], 1, "order of units");
        PictureAssert.WithinLevels(Generate(Request, Unit(1.5)).Pictures[0], Generate(Request, Unit(1), Unit(0.5)).Pictures[0], 1, "one unit twice");
    }

    [Fact]
    public void Generate_WithStart_LeavesTheStepsBeforeItAlone()
    {
        using var scope = NewDisposeScope();
        var (plain, late) = (Previews(Request), Previews(Request, Unit(1, start: 0.5)));
        // Step i of 4 has the share i/4.
        Assert.Equal([true, true, false, false], plain.Zip(late, (a, b) => a.equal(b).all().item<bool>()));
    }

    [Fact]
    public void Generate_WithEnd_LeavesTheStepsAfterItAlone()
    {
        byte[] Until(double end) => Pixels(Request, Unit(1, end: end));
        // Steps 0 and 1 of 4 have the shares 0 and 0.25, step 2 has 0.5.
        Assert.Equal(Until(0.25), Until(0.49));
        Assert.NotEqual(Until(0.49), Until(0.5));
        Assert.Equal(Until(0.75), Until(1));
    }

    [Theory]
    [InlineData("Euler")]
    [InlineData("Euler a")]
    public void Generate_WithABatch_MakesPictureKAsAloneWithSeedPlusK(string sampler)
    {
        var request = Request with { Sampler = sampler };
        var batch = Generate(request with { Batch = 3 }, Unit(1));
        Assert.Equal(3, batch.Pictures.Count);
        for (var k = 0; k < 3; k++)
        {
            // Sums in a batch are taken in another order; a byte may fall on the other side of a step.
            PictureAssert.WithinLevels(Generate(request with { Seed = request.Seed + k }, Unit(1)).Pictures[0], batch.Pictures[k], 1, $"picture {k}");
        }

        Assert.NotEqual(batch.Pictures[0].Bytes(), batch.Pictures[1].Bytes());
    }

    [Fact]
    public void Generate_ReportsEachStepOnceInOrderWithAPreview()
    {
        var steps = new List<(int Step, int Steps)>();
        var (shapes, seconds) = (new List<long[]>(), new List<double>());
        var result = networks.Generator.Generate(
            Request,
            [],
            progress =>
            {
                steps.Add((progress.Step, progress.Steps));
                shapes.Add(progress.Denoised.shape);
                seconds.Add(progress.Seconds);
            },
            TestContext.Current.CancellationToken);
        Assert.Equal([(1, 4), (2, 4), (3, 4), (4, 4)], steps);
        Assert.All(shapes, shape => Assert.Equal([1, 4, 8, 8], shape));
        Assert.Equal(seconds.Order(), seconds);
        Assert.Equal((4, 64, 64), (result.Steps, result.Pictures[0].Width, result.Pictures[0].Height));
    }

    [Fact]
    public void Generate_CancelledBetweenSteps_ThrowsAndLeavesNothingBehind()
    {
        Generate(Request, Unit(1));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using var stop = new CancellationTokenSource();
        var last = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => networks.Generator.Generate(
            Request,
            [Unit(1)],
            progress =>
            {
                last = progress.Step;
                if (progress.Step == 2)
                {
                    stop.Cancel();
                }
            },
            stop.Token));
        Assert.Equal(2, last);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Generate_CancelledAfterTheLastStep_ThrowsToo()
    {
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => networks.Generator.Generate(
            Request,
            [],
            progress =>
            {
                if (progress.Step == progress.Steps)
                {
                    stop.Cancel();
                }
            },
            stop.Token));
    }

    [Fact]
    public void Generate_AtASizeWhoseLatentsAreOdd_WorksWithAndWithoutControl()
    {
        foreach (var units in new PreparedControl[][] { [], [Unit(1)] })
        {
            var picture = Generate(Request with { Size = (72, 72) }, units).Pictures[0];
            Assert.Equal((72, 72), (picture.Width, picture.Height));
        }
    }

    [Fact]
    public void Generate_WithoutSize_IsNotShapedByAUnitOfWeightZero()
    {
        var (weightless, square) = (Unit(0) with { Hint = TestPictures.Square(320, 80) }, Unit(1));
        Assert.Equal((64, 64), Generate(Request with { Size = null }, weightless).Request.Size);
        Assert.Equal((64, 64), Generate(Request with { Size = null }, weightless, square).Request.Size);
    }

    [Fact]
    public void Generate_FiftyPictures_LeavesNoTensorBehind()
    {
        var request = Request with { Steps = 1, Sampler = "Euler a" };
        PreparedControl[] units = [Unit(1), Unit(0.5, networks.Second)];
        Generate(request, units);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 50; i++)
        {
            Generate(request with { Seed = i }, units);
            Assert.True(before == DisposeScopeManager.Statistics.ThreadTotalLiveCount, $"{DisposeScopeManager.Statistics.ThreadTotalLiveCount - before} tensors are left after picture {i + 1}.");
        }
    }

    [Fact]
    public void Generate_WithoutSize_TakesTheNativeSizeInTheHintsAspectRatio()
    {
        var wide = Generate(Request with { Size = null }, Unit(1) with { Hint = TestPictures.Square(320, 80) });
        Assert.Equal((128, 64), (wide.Pictures[0].Width, wide.Pictures[0].Height));
        Assert.Equal((128, 64), wide.Request.Size);
        Assert.Equal((64, 64), Generate(Request with { Size = null }).Request.Size);
    }

    [Fact]
    public void Request_WithAValueOutOfRange_NamesFieldAndRange()
    {
        void Refused(GenerationRequest request, string member) => Assert.Equal(member, Assert.Throws<RequestException>(() => Generate(request)).Member);
        Refused(Request with { Size = (13, 7) }, "size");
        Refused(Request with { GuidanceScale = double.NaN }, "guidanceScale");
        Refused(Request with { Batch = 0 }, "batch");
        Refused(Request with { Steps = 0 }, "steps");
        Refused(Request with { Sampler = "Oiler" }, "sampler");
    }

    private PreparedControl Unit(double weight, ControlNet? network = null, double start = 0, double end = 1) => new()
    {
        ControlNet = network ?? networks.First,
        Hint = TestPictures.Square(64, 64),
        Strength = new ControlStrength { Weight = weight, Start = start, End = end },
    };

    private GeneratedBatch Generate(GenerationRequest request, params PreparedControl[] controls) =>
        networks.Generator.Generate(request, controls, cancellationToken: TestContext.Current.CancellationToken);

    private byte[] Pixels(GenerationRequest request, params PreparedControl[] controls) => Generate(request, controls).Pictures[0].Bytes();

    private List<Tensor> Previews(GenerationRequest request, params PreparedControl[] controls)
    {
        var previews = new List<Tensor>();
        networks.Generator.Generate(request, controls, progress => previews.Add(progress.Denoised.clone().DetachFromDisposeScope()), TestContext.Current.CancellationToken);
        return previews;
    }

    /// <summary>The networks of the tiny model and two ControlNets for it, made once for all tests of the class.</summary>
    public sealed class Networks : IDisposable
    {
        private readonly UNet _unet = TinyModel.UNet();
        private readonly Autoencoder _autoencoder = TinyModel.Autoencoder();
        private readonly ClipTextEncoder _text = TinyModel.Text();

        public Networks() => Generator = new PictureGenerator(_unet, _autoencoder, _text, PredictionType.Velocity, TinyModel.NativeSize, Placement.Cpu32);

        internal PictureGenerator Generator { get; }

        /// <summary>The latents of a picture.</summary>
        internal Tensor Encoded(Picture picture) => _autoencoder.Encode(PictureTensors.ToPicture(picture)).Mean * _autoencoder.Params.ScaleFactor;

        /// <summary>The picture of latents.</summary>
        internal Picture Decoded(Tensor latents) => PictureTensors.FromTensor(_autoencoder.Decode(latents / _autoencoder.Params.ScaleFactor))[0];

        internal ControlNet First { get; } = TinyModel.ControlNet();

        internal ControlNet Second { get; } = TinyModel.ControlNet(seed: 78);

        public void Dispose()
        {
            foreach (var network in new nn.Module[] { _unet, _autoencoder, _text, First, Second })
            {
                network.Dispose();
            }
        }
    }
}
