using ControlNetSharp.Annotators;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>tile_colorfix and tile_colorfix+sharp.</summary>
public sealed class ColourFixTests(PictureGeneratorTests.Networks networks) : IClassFixture<PictureGeneratorTests.Networks>
{
    private static readonly GenerationRequest Request = new() { Prompt = "a red house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 4 };

    [Theory]
    [InlineData(1, null, 1)]
    [InlineData(2, null, 0.4)]
    [InlineData(3, 0.02, 1)]
    [InlineData(1, 0.01, 1.7)]
    public void Corrected_HasTheHintsWideMeans_AndItsOwnDetail(int radius, double? sharpness, double weight)
    {
        using var scope = NewDisposeScope();
        var (clean, hint) = (randn(4, 4, 6, 5), randn(1, 4, 6, 5));
        var control = new ColourFixControl(hint, new ColourFix(radius, sharpness), new ControlStrength { Weight = weight });
        var call = new UNetCall(clean, zeros(4), zeros(4, 1, 1), null, Unconditional: 2, NoiseLevel.Clean, 0);
        var actual = control.Corrected(clean, call);
        for (var row = 0; row < 4; row++)
        {
            var fixedLatents = new double[4, 6, 5];
            Each((c, y, x) => fixedLatents[c, y, x] = At(clean, row, c, y, x) - Mean((a, b) => At(clean, row, c, a, b), y, x) + Mean((a, b) => At(hint, 0, c, a, b), y, x));
            var sharp = new double[4, 6, 5];
            var share = row < 2 ? sharpness ?? 0 : 0;
            Each((c, y, x) => sharp[c, y, x] = share * Mean((a, b) => fixedLatents[c, a, b], y, x) + (1 - share) * fixedLatents[c, y, x]);
            var w = Math.Min(1, weight);
            Each((c, y, x) => Assert.Equal(w * sharp[c, y, x] + (1 - w) * At(clean, row, c, y, x), At(actual, row, c, y, x), 1e-4));
        }

        double Mean(Func<int, int, double> at, int y, int x)
        {
            var sum = 0.0;
            for (var dy = -radius; dy <= radius; dy++)
            {
                for (var dx = -radius; dx <= radius; dx++)
                {
                    sum += at(Math.Clamp(y + dy, 0, 5), Math.Clamp(x + dx, 0, 4));
                }
            }

            return sum / ((2 * radius + 1) * (2 * radius + 1));
        }
    }

    [Fact]
    public void Of_AnAnnotator_TakesItsOptions()
    {
        Assert.Null(ColourFix.Of("tile_resample", new Dictionary<string, double>()));
        Assert.Null(ColourFix.Of("none", new Dictionary<string, double>()));
        Assert.Equal(new ColourFix(8, null), ColourFix.Of("tile_colorfix", new Dictionary<string, double>()));
        Assert.Equal(new ColourFix(5, 0.01), ColourFix.Of("tile_colorfix+sharp", new Dictionary<string, double> { ["variation"] = 5 }));
        Assert.Equal("tile_resample", AnnotatorCatalogue.DefaultOf(ConditionKind.Find("tile")).Name);
    }

    [Fact]
    public void Generate_WithAColourFix_HoldsToTheColoursOfTheHint_InItsRangeAndPasses()
    {
        byte[] Pixels(GenerationRequest request, PreparedControl unit) => networks.Generator.Generate(request, [unit], cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes();
        var unit = new PreparedControl { ControlNet = networks.First, Hint = TestPictures.Of(64, 64, (x, _) => x < 32 ? (220, 30, 40) : (20, 60, 200)) };
        var colourFixed = unit with { ColourFix = new ColourFix(3, null) };
        var (plain, one) = (Pixels(Request, unit), Pixels(Request, colourFixed));
        Assert.NotEqual(plain, one);
        using var scope = NewDisposeScope();
        var hint = networks.Encoded(unit.Hint).mean([2, 3]);
        double Distance(PreparedControl control)
        {
            var distance = 0.0;
            networks.Generator.Generate(Request, [control], step => distance = (step.Denoised.mean([2, 3]) - hint).abs().sum().item<float>(), TestContext.Current.CancellationToken);
            return distance;
        }

        Assert.InRange(Distance(colourFixed), 0, Distance(unit) / 4);
        Assert.NotEqual(one, Pixels(Request, unit with { ColourFix = new ColourFix(3, 0.02) }));
        Assert.NotEqual(one, Pixels(Request, unit with { ColourFix = new ColourFix(8, null) }));
        Assert.Equal(Pixels(Request, unit with { Strength = new() { Weight = 0 } }), Pixels(Request, colourFixed with { Strength = new() { Weight = 0 } }));
        var twice = Request with { Hires = new() { Steps = 2, Denoise = 0.5 } };
        Assert.NotEqual(Pixels(twice, unit with { Passes = ControlPasses.High }), Pixels(twice, colourFixed with { Passes = ControlPasses.High }));
    }

    private static double At(Tensor x, int row, int channel, int y, int column) => x[row, channel, y, column].item<float>();

    private static void Each(Action<int, int, int> act)
    {
        foreach (var i in Enumerable.Range(0, 4 * 6 * 5))
        {
            act(i / 30, i / 5 % 6, i % 5);
        }
    }
}
