using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;
using ControlNetSharp.Server.Safety;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

public class CatalogueTests
{
    private static readonly ServerSettings FrontEnd = new() { Workers = 0 };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Models_HaveTheEmbeddedOneFirst_WithAndWithoutAnEngine(int workers)
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = workers });

        var models = await server.GetAsync("/v1/models");

        Assert.Equal("list", (string?)models["object"]);
        var pocket = Assert.Single(models["data"]!.AsArray())!;
        Assert.Equal(
            ("pocket", "pocket", "model", true, 256),
            ((string?)pocket["name"], (string?)pocket["id"], (string?)pocket["object"], (bool)pocket["isEmbedded"]!, (int)pocket["nativeSize"]!)
        );
        Assert.NotNull(pocket["owned_by"]);
        Assert.Equal("pocket", (string?)(await server.GetAsync("/v1/models/pocket"))["name"]);
        await server.RefusedAsync(HttpMethod.Get, "/v1/models/other", HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Models_OfAWorkerElsewhere_AreListedByTheNamesThatItTells()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        await server.Store.Queue.RegisterAsync(
            "far",
            ["kind:generation", "model:dreamshaper_8", "controlnet:control_v11p_sd15_canny"],
            TestContext.Current.CancellationToken
        );

        var model = Assert.Single((await server.GetAsync("/v1/models"))["data"]!.AsArray())!;

        Assert.Equal(("dreamshaper_8", null), ((string?)model["name"], model["family"]));
        var worker = Assert.Single((await server.GetAsync("/v1/workers")).AsArray())!;
        Assert.Equal(("far", 3), ((string?)worker["id"], worker["names"]!.AsArray().Count));
        Assert.Equal("generation", (string?)Assert.Single((await server.GetAsync("/v1/server"))["features"]!.AsArray()));
    }

    [Fact]
    public async Task Controls_AreAllKindsWithAllAnnotatorsAndTheirOptions()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var controls = (await server.GetAsync("/v1/controls")).AsArray();

        Assert.Equal(ConditionKind.All.Select(kind => kind.Name), controls.Select(control => (string)control!["kind"]!));
        Assert.Equal(
            AnnotatorCatalogue.All.Select(info => info.Name).Order(StringComparer.Ordinal),
            controls
                .SelectMany(control => control!["annotators"]!.AsArray())
                .Select(annotator => (string)annotator!["name"]!)
                .Order(StringComparer.Ordinal)
        );
        var canny = controls[0]!;
        var annotator = canny["annotators"]![0]!;
        Assert.True((bool)annotator["isDefault"]! && (bool)annotator["isAvailable"]!);
        Assert.Equal(2, annotator["options"]!.AsArray().Count);
        Assert.Equal("pocket", (string?)canny["models"]![0]!["model"]);
        var midas = controls
            .SelectMany(control => control!["annotators"]!.AsArray())
            .Single(row => (string?)row!["name"] == "depth_midas")!;
        Assert.True((bool)midas["needsDownload"]! && !(bool)midas["isAvailable"]!);
    }

    public static TheoryData<string, ControlUnit> MembersOfSomeKinds =>
        new()
        {
            { "mode", Unit with { Mode = ControlMode.Prompt } },
            { "more", Unit with { MorePictures = [Unit.Picture] } },
            { "combine", Unit with { Combine = PictureCombination.Concat } },
            { "transfer", Unit with { Transfer = PictureTransfer.Style } },
        };

    private static ControlUnit Unit { get; } = ControlUnit.Canny(PictureSource.FromBytes(V1Calls.Png()));

    /// <summary>A form that goes by it asks for nothing that is refused, and leaves nothing out.</summary>
    [Theory]
    [MemberData(nameof(MembersOfSomeKinds))]
    public async Task Controls_SayWhichMembersTheirUnitsTake(string member, ControlUnit unit)
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        foreach (var control in (await server.GetAsync("/v1/controls")).AsArray())
        {
            var kind = (string)control!["kind"]!;
            var request = new GenerationRequest
            {
                Prompt = "",
                Units = [unit with { Kind = kind, Model = kind == ControlUnit.HintKind ? "own" : null }],
            };

            var refused = Record.Exception(request.Check) as RequestException;

            Assert.Equal(
                control["members"]!.AsArray().Any(name => (string)name! == member),
                refused is null
            );
            Assert.True(refused is null || refused.Member == $"units[0].{member}", $"{kind}: {refused?.Message}");
        }
    }

    [Fact]
    public async Task Choices_AreThoseOfTheCatalogues()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        Assert.Equal(SamplerCatalogue.Samplers.Select(row => row.Name), await NamesAsync("samplers"));
        Assert.Equal(SamplerCatalogue.Schedulers.Select(row => row.Name), await NamesAsync("schedulers"));
        Assert.Equal(UpscalerCatalogue.All.Select(row => row.Name), await NamesAsync("upscalers"));

        async Task<IEnumerable<string>> NamesAsync(string route) =>
            (await server.GetAsync($"/v1/{route}")).AsArray().Select(row => (string)row!["name"]!);
    }

    [Fact]
    public async Task Ranges_SayWhatMembersMayBeByTheirPaths()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var ranges = await server.GetAsync("/v1/ranges");

        Assert.Equal("""{"min":1,"max":1000,"whole":true,"default":20}""", Text("steps"));
        Assert.Equal("""{"min":0,"max":2,"whole":false,"default":1}""", Text("units.weight"));
        Assert.Equal("""{"words":["balanced","prompt","control"],"default":"balanced"}""", Text("units.mode"));
        Assert.Equal("""{"min":64,"max":4096,"step":8,"whole":true}""", Text("size.width"));
        Assert.Equal("""{"min":0,"max":4294967295,"whole":true}""", Text("seed"));
        Assert.Equal("""{"min":0,"max":64,"whole":true,"default":4}""", Text("initial.mask.blur"));
        Assert.Equal("Euler", (string?)ranges["sampler"]!["default"]);
        Assert.Equal("""{"words":["epsilon","v","sample"]}""", Text("prediction"));
        Assert.Contains("hires.scale", ranges.AsObject().Select(range => range.Key));
        Assert.Equal("""{"words":["lanczos","bicubic","nearest"],"default":"lanczos"}""", Text("upscale.upscaler"));

        string Text(string path) => ranges[path]!.ToJsonString();
    }

    [Fact]
    public async Task Ranges_OfAServerThatAllowsLess_AreIts()
    {
        var limits = new RequestLimits { Steps = 50, Batch = 2 };
        await using var server = await RunningServer.StartAsync(FrontEnd with { Limits = limits });

        var ranges = await server.GetAsync("/v1/ranges");

        Assert.Equal([50, 50, 50, 2], new[] { "steps", "hires.steps", "upscale.steps", "batch" }.Select(path => (int)ranges[path]!["max"]!));
    }

    [Fact]
    public async Task Queue_CountsWhatWaits()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        await server.SubmitAsync(V1Calls.Small);

        var queue = await server.GetAsync("/v1/queue");

        Assert.Equal((1, 0, 200), ((int)queue["queued"]!, (int)queue["running"]!, (int)queue["bound"]!));
        Assert.Equal("local", (string?)(await server.GetAsync("/v1/server"))["owner"]);
    }
}
