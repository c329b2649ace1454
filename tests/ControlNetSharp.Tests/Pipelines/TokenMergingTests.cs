using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>Self-attention over fewer tokens, in a UNet and in requests.</summary>
public sealed class TokenMergingTests
{
    private static readonly GenerationRequest Request = new() { Prompt = "a house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 2 };

    [Fact]
    public void FinestStages_AreThoseOfTheLargestMapWithAttention()
    {
        // SD 1.5: two input blocks and three output blocks at 64 x 64; SDXL has no attention there, and takes 32 x 32.
        Assert.Equal([1, 2, 22, 23, 24], TokenMerging.FinestStages(UNetParams.Sd15).Order());
        Assert.Equal([4, 5, 13, 14, 15], TokenMerging.FinestStages(UNetParams.Sdxl).Order());
    }

    [Fact]
    public void Additions_MergeTheSelfAttentionOfTheFinestStages_AndNothingElse()
    {
        using var scope = NewDisposeScope();
        var model = TinyModel.UNetParams;
        var finest = TokenMerging.FinestStages(model).Min();
        var merging = new TokenMerging(0.5, [5], model);
        var call = new UNetCall(zeros(2, 4, 8, 8), zeros(2), zeros(2, 77, 16), null, 1, NoiseSchedule.StableDiffusion.LevelAt(500), 3);
        var block = Assert.Single(merging.Additions(call).Blocks);
        var tokens = randn([2, 64, 8], generator: new Generator(1));
        AttentionInputs Into(int stage, bool isSelf) => block.Into(new(stage, 0, isSelf), new(tokens, tokens, tokens, 8, 8));
        Assert.Equal(64, Into(finest, isSelf: false).Query.shape[1]);
        Assert.Equal(64, Into(Enumerable.Range(0, 99).First(stage => !TokenMerging.FinestStages(model).Contains(stage)), isSelf: true).Query.shape[1]);
        var inputs = Into(finest, isSelf: true);
        Assert.Equal((32, 32, 32), (inputs.Query.shape[1], inputs.Key.shape[1], inputs.Value.shape[1]));
        var attended = block.Attended(new(finest, 0, true), new(inputs.Query, inputs.Key, inputs.Value, 2, 8, 8), seen => seen.Attend());
        Assert.Equal([2, 64, 8], attended.shape);
        // What follows in the block attends to the text, over all tokens.
        Assert.Equal([2, 64, 8], block.Attended(new(finest, 0, false), new(tokens, tokens, tokens, 2, 8, 8), seen => seen.Attend()).shape);
    }

    [Fact]
    public void Generate_WithMergedTokens_DependsOnTheSeedOfEachPictureAlone()
    {
        using var unet = TinyModel.UNet();
        using var autoencoder = TinyModel.Autoencoder();
        using var text = TinyModel.Text();
        var generator = new PictureGenerator(unet, autoencoder, text, PredictionType.Velocity, TinyModel.NativeSize, Placement.Cpu32);
        byte[][] Pixels(GenerationRequest request) => [.. generator.Generate(request, cancellationToken: TestContext.Current.CancellationToken).Pictures.Select(picture => picture.Bytes())];
        var merged = Request with { TokenMerging = 0.5 };
        var plain = Pixels(Request);
        Assert.Equal(plain, Pixels(Request with { TokenMerging = 0 }));
        Assert.Equal(Pixels(merged), Pixels(merged));
        Assert.NotEqual(plain[0], Pixels(merged)[0]);
        var batch = Pixels(merged with { Batch = 2 });
        var second = Pixels(merged with { Seed = 6 })[0];
        Assert.True(batch[1].Zip(second).Max(pair => Math.Abs(pair.First - pair.Second)) <= 1, "the second picture is not that of its seed");
    }

    [Theory]
    [InlineData(0.8, null, "from 0 to 0.75")]
    [InlineData(-0.1, null, "from 0 to 0.75")]
    [InlineData(0.5, "style", "together with styleAlignment")]
    [InlineData(0.5, "reference", "a unit of the kind reference")]
    [InlineData(0.5, "upscale", "together with upscale")]
    public void Request_WithWhatDoesNotGoTogether_IsRefused(double ratio, string? beside, string expected)
    {
        var request = Request with { TokenMerging = ratio };
        request = beside switch
        {
            "style" => request with { Batch = 2, StyleAlignment = new StyleAlignment() },
            "reference" => request with { Units = [new ControlUnit { Kind = "reference", Picture = "a.png" }] },
            "upscale" => request with { Upscale = new UpscalePass() },
            _ => request,
        };
        var e = Assert.Throws<RequestException>(request.Check);
        Assert.Equal("tokenMerging", e.Member);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Infotext_HasTheRatio_AsTheWebUiWritesIt()
    {
        var facts = new InfotextFacts { Model = new("m", null), Seed = 5, Size = (64, 64) };
        var written = InfotextWriter.Describe(Request with { TokenMerging = 0.4 }, facts);
        Assert.Contains("Token merging ratio: 0.4", written.ToString(), StringComparison.Ordinal);
        Assert.Equal(0.4, InfotextRequest.Of(Infotext.Parse(written.ToString())).Request.TokenMerging);
        Assert.DoesNotContain("Token merging", InfotextWriter.Describe(Request, facts).ToString(), StringComparison.Ordinal);
        Assert.Equal("cache", Assert.Single(InfotextWriter.Unsaid(Request with { Cache = 2 })).Member);
    }
}
