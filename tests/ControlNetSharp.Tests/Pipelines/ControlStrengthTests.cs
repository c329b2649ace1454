using ControlNetSharp.Diffusion;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>Weights over the steps, softness over the layers and the unconditional side, with the tiny model.</summary>
public sealed class ControlStrengthTests(PictureGeneratorTests.Networks networks) : IClassFixture<PictureGeneratorTests.Networks>
{
    private static readonly GenerationRequest Request = new() { Prompt = "a red house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 4 };

    public static TheoryData<ControlMode> Modes => [.. Enum.GetValues<ControlMode>()];

    [Theory]
    [MemberData(nameof(Modes))]
    public void Curve_ThatIsFlat_IsTheNumber_AndOneThatFallsToNothing_IsTheUnitThatEndsThere(ControlMode mode)
    {
        byte[] With(ControlWeight weight, double start = 0, double end = 1) => Pixels(new() { Weight = weight, Start = start, End = end, Mode = mode });
        var (whole, half) = (With(0.7), With(0.7, end: 0.5));
        Assert.Equal(whole, With(ControlWeight.Curve((0, 0.7), (1, 0.7))));
        Assert.Equal(half, With(ControlWeight.Curve((0.5, 0.7), (0.6, 0))));
        Assert.Equal(With(0.7, start: 0.5), With(ControlWeight.Curve((0.4, 0), (0.5, 0.7))));
        Assert.Equal(With(0.7, start: 0.25, end: 0.5), With(ControlWeight.Curve((0.2, 0), (0.25, 0.7)), end: 0.5));
        Assert.NotEqual(whole, half);
        Assert.Equal(Pixels(null), With(ControlWeight.Curve((0, 0), (1, 0))));
    }

    [Fact]
    public void Curve_HasAtEachStepTheWeightOfItsPosition()
    {
        using var scope = NewDisposeScope();
        var control = Attached(new() { Weight = ControlWeight.Curve((0, 1), (1, 0)) });
        Tensor At(double position, AttachedControl of) => of.Additions(Call(rows: 1, unconditional: 0, position)).Residuals[3];
        Assert.True(At(0.75, control).equal(At(0, Attached(new() { Weight = 0.25 }))).all().item<bool>());
        Assert.True(At(0.5, control).equal(At(0, Attached(new() { Weight = 0.5 }))).all().item<bool>());
        Assert.Equal([true, true, true, true, false], Enumerable.Range(0, 5).Select(step => control.ActsAt(step, 4)));
    }

    [Fact]
    public void Softness_IsThatOfTheModes_OneIsNone_AndItFallsLayerByLayer()
    {
        var balanced = Pixels(new());
        var prompt = Pixels(new() { Mode = ControlMode.Prompt });
        Assert.NotEqual(balanced, prompt);
        Assert.Equal(prompt, Pixels(new() { Softness = 0.825 }));
        Assert.Equal(balanced, Pixels(new() { Softness = 1 }));
        Assert.Equal(balanced, Pixels(new() { Softness = 1, Mode = ControlMode.Prompt }));
        Assert.NotEqual(prompt, Pixels(new() { Softness = 0.9 }));
        var soft = new ControlStrength { Weight = 2, Softness = 0.5 };
        Assert.Equal([2, 1, 0.5, 0.25], Enumerable.Range(0, 4).Select(i => soft.ScaleOf(12 - i, 13)));
    }

    [Fact]
    public void UnconditionalFactor_OfNone_IsTheConditionalSideAlone_AndElseWeighsItsRows()
    {
        var control = Pixels(new() { Mode = ControlMode.Control });
        Assert.Equal(control, Pixels(new() { Softness = 0.825, UnconditionalFactor = 0 }));
        Assert.NotEqual(control, Pixels(new() { Softness = 0.825, UnconditionalFactor = 0.5 }));
        Assert.Equal(Pixels(new() { Mode = ControlMode.Prompt }), Pixels(new() { Mode = ControlMode.Control, UnconditionalFactor = 1 }));

        using var scope = NewDisposeScope();
        var call = Call(rows: 3, unconditional: 1, position: 0);
        var (plain, half) = (Attached(new()).Additions(call).Residuals[2], Attached(new() { UnconditionalFactor = 0.5 }).Additions(call).Residuals[2]);
        Assert.True((plain[0] * 0.5).equal(half[0]).all().item<bool>());
        Assert.True(plain[1..].equal(half[1..]).all().item<bool>());
    }

    private static UNetCall Call(int rows, long unconditional, double position)
    {
        using var generator = new Generator(4);
        return new UNetCall(
            randn([rows, 4, 8, 8], generator: generator), ones(rows) * 500, randn([rows, 77, TinyModel.Width], generator: generator), null, unconditional,
            NoiseSchedule.StableDiffusion.LevelAt(500), 0, position);
    }

    private AttachedControl Attached(ControlStrength strength) => new(networks.First, networks.First.EncodeHint(ones(1, 3, 64, 64)), strength);

    private byte[] Pixels(ControlStrength? strength) =>
        networks.Generator.Generate(
            Request,
            strength is null ? [] : [new PreparedControl { ControlNet = networks.First, Hint = TestPictures.Square(64, 64), Strength = strength }],
            cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes();
}
