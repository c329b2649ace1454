using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Text;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>Regions with prompts of their own, with the tiny model.</summary>
public sealed class RegionTests(PictureGeneratorTests.Networks networks) : IClassFixture<PictureGeneratorTests.Networks>
{
    private static readonly GenerationRequest Request = new() { Prompt = "a red house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 4 };
    private static readonly Picture White = Mask((_, _) => true);
    private static readonly Picture Left = Mask((x, _) => x < 32);
    private static readonly Picture Right = Mask((x, _) => x >= 32);

    [Fact]
    public void Region_OfAllOfThePicture_IsItsPromptAloneInEveryBit_AndOfNothingIsNone()
    {
        var boat = Request with { Prompt = "a blue boat" };
        Assert.Equal(Pixels(boat), Pixels(With(new PromptRegion { Prompt = "a blue boat", Mask = White })));
        Assert.Equal(Pixels(boat), Pixels(With(new PromptRegion { Prompt = "a blue boat", Mask = White, Weight = 2 })));
        Assert.Equal(Pixels(boat with { NegativePrompt = "night" }), Pixels(With(new PromptRegion { Prompt = "a blue boat", NegativePrompt = "night", Mask = White })));
        Assert.Equal(Pixels(Request), Pixels(With(new PromptRegion { Prompt = "a blue boat", Mask = White, Weight = 0 })));
        Assert.Equal(Pixels(Request), Pixels(With(new PromptRegion { Prompt = "a blue boat", Mask = Mask((_, _) => false) })));
        // A long prompt that counts nowhere does not lengthen the others.
        var longer = Request with { Prompt = string.Join(' ', Enumerable.Repeat("a red house", 40)), Regions = [new() { Prompt = "a blue boat", Mask = White }] };
        Assert.Equal(Pixels(boat), Pixels(longer));
    }

    [Fact]
    public void Regions_OfOnePromptSideBySide_AreThatPromptAlone_AndOfTwoAreNeither()
    {
        var boat = Request with { Prompt = "a blue boat" };
        GenerationRequest Halves(string left, string right) => With(new PromptRegion { Prompt = left, Mask = Left }, new PromptRegion { Prompt = right, Mask = Right });
        // Of one prompt there is one side, and each half of it counts fully.
        Assert.Equal(Pixels(boat), Pixels(Halves("a blue boat", "a blue boat")));
        var both = Pixels(Halves("a red house", "a blue boat"));
        Assert.NotEqual(both, Pixels(boat));
        Assert.NotEqual(both, Pixels(Request));
        Assert.NotEqual(both, Pixels(Halves("a blue boat", "a red house")));
        // Left of a region is the request's own prompt; sums in a larger batch are taken in another order.
        PictureAssert.WithinLevels(Generate(Halves("a red house", "a blue boat")), Generate(With(new PromptRegion { Prompt = "a blue boat", Mask = Right })), 1, "the rest");
    }

    [Fact]
    public void Shares_AreOneTogether_WeightsDivideWhereMasksOverlap_AndTheRestIsThePromptsOwn()
    {
        using var scope = NewDisposeScope();
        PreparedRegion Region(Func<int, int, (int, int, int)> mask, double weight) => new(ParsedPrompt.Parse("a"), ParsedPrompt.ParseNegative(""), TestPictures.Of(64, 64, mask), weight);
        (int, int, int) Grey(bool isIn, int level = 255) => isIn ? (level, level, level) : (0, 0, 0);
        double[][] Row(params PreparedRegion[] regions) =>
            [.. PreparedRegion.Shares(regions, (64, 64), 8, CPU).Select(share => share[0, 0, 3].data<float>().Select(value => Math.Round(value, 4)).ToArray())];

        double[][] none = Row();
        Assert.Equal([[1, 1, 1, 1, 1, 1, 1, 1]], none);
        // Two latents of the left alone, two of both, two of the right alone, two of neither; an edge in the middle of a latent is soft.
        var shares = Row(Region((x, _) => Grey(x < 32), 1), Region((x, _) => Grey(x is >= 16 and < 52), 0.5));
        Assert.Equal([0, 0, 0, 0, 0.5, 0.5, 0.75, 1], shares[0]);
        Assert.Equal([1, 1, 0.6667, 0.6667, 0, 0, 0, 0], shares[1]);
        Assert.Equal([0, 0, 0.3333, 0.3333, 0.5, 0.5, 0.25, 0], shares[2]);
        // Half a mask and half another, as soft edges have them, leave nothing.
        Assert.Equal(0, Row(Region((_, _) => Grey(true, 100), 1), Region((_, _) => Grey(true, 155), 1))[0].Max());
    }

    [Fact]
    public void Regions_WithAControlNetASecondPassAndABatch_AreMade_AndTheControlSeesEachPrompt()
    {
        var request = With(new PromptRegion { Prompt = "a blue boat", NegativePrompt = "night", Mask = Right }) with { Hires = new() { Scale = 1.5, Steps = 2, Denoise = 0.5 }, Batch = 2 };
        var unit = new PreparedControl { ControlNet = networks.First, Hint = TestPictures.Square(64, 64), Region = Left };
        var made = networks.Generator.Generate(request, [unit], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([(96, 96), (96, 96)], made.Pictures.Select(picture => (picture.Width, picture.Height)));
        Assert.NotEqual(made.Pictures[1].Bytes(), networks.Generator.Generate(request, [], cancellationToken: TestContext.Current.CancellationToken).Pictures[1].Bytes());
        // The conditional sides are a half of the rows where each area has a negative prompt of its own.
        Assert.NotEqual(Pixels(request, unit), Pixels(request, unit with { Strength = new() { Mode = ControlMode.Control } }));
        Assert.NotEqual(Pixels(request), Pixels(request with { Regions = [request.Regions[0] with { NegativePrompt = null }] }));
    }

    [Fact]
    public void Regions_InTilesAndWithoutGuidance_AreThoseOfTheWhole()
    {
        var upscale = Request with { Upscale = new() { Scale = 2, Tile = 64, Overlap = 32, Denoise = 0.6 }, GuidanceScale = 1 };
        var boat = Pixels(upscale with { Prompt = "a blue boat" });
        Assert.Equal(boat, Pixels(upscale with { Regions = [new() { Prompt = "a blue boat", Mask = White }] }));
        var half = Pixels(upscale with { Regions = [new() { Prompt = "a blue boat", Mask = Right }] });
        Assert.NotEqual(boat, half);
        Assert.NotEqual(Pixels(upscale), half);
    }

    [Theory]
    [InlineData("", 2.5, "regions[1].weight", "must be a number from 0 to 2")]
    [InlineData("a <lora:b:1>", 1, "regions[1].prompt", "LoRAs act on the whole picture")]
    [InlineData("a\0b", 1, "regions[1].prompt", "NUL")]
    public void Region_ThatCannotBe_IsRefused_NamingTheMember(string prompt, double weight, string member, string problem)
    {
        var request = With(new PromptRegion { Prompt = "a", Mask = White }, new PromptRegion { Prompt = prompt, Mask = White, Weight = weight });
        var e = Assert.Throws<RequestException>(request.Check);
        Assert.Equal(member, e.Member);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        var many = Assert.Throws<RequestException>(With([.. Enumerable.Repeat(new PromptRegion { Prompt = "a", Mask = White }, 9)]).Check);
        Assert.Equal(("regions", "9"), (many.Member, many.Value));
    }

    private static Picture Mask(Func<int, int, bool> white) => TestPictures.Of(64, 64, (x, y) => white(x, y) ? (255, 255, 255) : (0, 0, 0));

    private static GenerationRequest With(params PromptRegion[] regions) => Request with { Regions = regions };

    private Picture Generate(GenerationRequest request, params PreparedControl[] units) =>
        networks.Generator.Generate(request, units, cancellationToken: TestContext.Current.CancellationToken).Pictures[0];

    private byte[] Pixels(GenerationRequest request, params PreparedControl[] units) => Generate(request, units).Bytes();
}
