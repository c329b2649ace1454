using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using Xunit;
using static ControlNetSharp.Server.Tests.WebUi.WebUiClient;

namespace ControlNetSharp.Server.Tests.WebUi;

public class GenerationTests(WebUiClient client) : IClassFixture<WebUiClient>
{
    [Fact]
    public async Task Txt2Img_Answers_PictureParametersAndInfo()
    {
        var (images, info, parameters) = await client.MakeAsync(Body());

        var picture = Decoded(Assert.Single(images));
        Assert.Equal((64, 64), (picture.Width, picture.Height));
        Assert.Equal(7, info["seed"]!.GetValue<long>());
        Assert.Equal("Euler", info["sampler_name"]!.GetValue<string>());
        Assert.Contains("Steps: 1, Sampler: Euler", info["infotexts"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("pocket", info["sd_model_name"]!.GetValue<string>());
        Assert.Equal(10, info["sd_model_hash"]!.GetValue<string>().Length);
        Assert.Empty(info["warnings"]!.AsArray());
        // The echo has the fields that were not sent, too.
        Assert.Equal((7L, 7.0, false), (parameters["seed"]!.GetValue<long>(), parameters["cfg_scale"]!.GetValue<double>(), parameters["enable_hr"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task Batches_CountSeedsOn()
    {
        var (images, info, _) = await client.MakeAsync(Body("""{"batch_size": 2, "n_iter": 2}"""));

        Assert.Equal(4, images.Count);
        Assert.Equal([7, 8, 9, 10], info["all_seeds"]!.AsArray().Select(seed => seed!.GetValue<int>()));
        Assert.Equal(4, info["infotexts"]!.AsArray().Count);
    }

    [Fact]
    public async Task Seed_OfMinusOne_IsAnyAndTold()
    {
        var (_, first, parameters) = await client.MakeAsync(Body("""{"seed": -1}"""));
        var (_, second, _) = await client.MakeAsync(Body("""{"seed": -1}"""));

        Assert.NotEqual(first["seed"]!.GetValue<long>(), second["seed"]!.GetValue<long>());
        Assert.Equal(-1, parameters["seed"]!.GetValue<int>());
    }

    [Fact]
    public async Task Unit_WithoutEnabled_ActsAndShowsItsMap()
    {
        var (images, info, _) = await client.MakeAsync(WithUnit());
        var (plain, _, _) = await client.MakeAsync(Body());

        Assert.Equal(2, images.Count);
        Assert.NotEqual(Decoded(plain[0]).Rgb, Decoded(images[0]).Rgb);
        Assert.Contains("ControlNet 0", info["infotexts"]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
