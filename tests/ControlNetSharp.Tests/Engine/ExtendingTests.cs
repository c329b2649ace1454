using ControlNetSharp.Annotators;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Tests.Cli;
using ControlNetSharp.Tests.Pictures;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace ControlNetSharp.Tests.Engine;

/// <summary>What a program adds to the library's tables, and what they refuse.</summary>
public sealed class ExtendingTests : IDisposable
{
    private static readonly ConditionKind Kind = new("dots", ["points"], "white dots on black") { ControlNets = ["dots_of_mine"] };
    private static readonly AnnotatorInfo Info = new("dots", ["dots_plain"], [], "the picture itself");
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kind_OfOnesOwn_IsKnownEverywhere_UntilItIsTakenOut()
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["dots_of_mine.safetensors"]);
        PictureWriter.WritePng(_folder["in.png"], TestPictures.Square(64, 64));
        string[] generate = ["generate", "-p", "a", "-m", model, "-c", $"points={_folder["in.png"]}", "--size", "64x64", "--steps", "1"];
        using (ConditionKind.Register(Kind))
        using (AnnotatorCatalogue.Register(Info, () => new PictureAnnotator(Info, (picture, _) => picture)))
        {
            Assert.Equal("dots_plain", AnnotatorCatalogue.Find("points").Name);
            var made = await CommandRun.JsonOf([.. generate, "-o", _folder["out.png"]]);
            Assert.True(File.Exists(made.GetProperty("files")[0].GetString()));
            var unit = Replay.Read(_folder["out.png"]).Manifest.Resolved.Units[0];
            Assert.Equal(("dots_plain", _folder["dots_of_mine.safetensors"]), (unit.Annotator, unit.ControlNet!.Path));
        }

        Assert.Equal(2, (await CommandRun.Of([.. generate, "-o", _folder["again.png"]])).ExitCode);
        Assert.Throws<UnknownNameException>(() => AnnotatorCatalogue.Find("points"));
    }

    [Fact]
    public async Task Kind_OfOnesOwnWithoutItsFile_SaysWhichNameWasLookedFor()
    {
        using var kind = ConditionKind.Register(Kind);
        using var annotator = AnnotatorCatalogue.Register(Info, () => throw new InvalidOperationException());
        await using var engine = new ControlNetEngine();
        var request = new GenerationRequest { Prompt = "a", Units = [new() { Kind = "dots", Picture = TestPictures.Square(64, 64) }] };
        Assert.Contains("dots_of_mine.safetensors", Assert.Throws<RequestException>(() => engine.Check(request, Token)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Dots", "small letters")]
    [InlineData("d/ots", "small letters")]
    [InlineData("", "at least one letter")]
    [InlineData("canny", "'canny' already")]
    [InlineData("mlsd", "'mlsd' already")]
    public void Kind_WhoseNameCannotBe_IsRefused(string name, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => ConditionKind.Register(Kind with { Name = name })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("canny", "movenet", "'movenet' already")]
    [InlineData("canny", "depth", "another condition kind")]
    [InlineData("canny", " ", "at least one letter")]
    [InlineData("hint", "mine", "made of pictures")]
    [InlineData("mlsd", "mine", "made of pictures")]
    [InlineData("dots", "mine", "no such condition kind")]
    public void Annotator_ThatCannotBe_IsRefused(string kind, string name, string reason)
    {
        var count = AnnotatorCatalogue.All.Count;
        var info = new AnnotatorInfo(kind, [name], [], "mine");
        var e = Assert.ThrowsAny<ArgumentException>(() => AnnotatorCatalogue.Register(info, () => new InvertAnnotator()));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Equal(count, AnnotatorCatalogue.All.Count);
    }

    [Fact]
    public void Annotator_OfAKindOfTheLibrary_LeavesItsUsualOne()
    {
        var info = new AnnotatorInfo("canny", ["canny_of_mine"], [], "mine");
        using var registered = AnnotatorCatalogue.Register(info, () => new InvertAnnotator());
        Assert.Equal("canny", AnnotatorCatalogue.DefaultOf(ConditionKind.Find("canny")).Name);
        using var made = AnnotatorCatalogue.Create("CANNY_of_mine");
        Assert.IsType<InvertAnnotator>(made);
    }

    [Fact]
    public void Sampler_ThatCannotBe_IsRefused()
    {
        static SamplerEntry Entry(string name, string scheduler, double? eta = null) => new(name, [], scheduler, FirstOrderSamplers.Ddim, eta);
        Assert.Contains("'Euler' already", Assert.Throws<ArgumentException>(() => SamplerCatalogue.Register(Entry("Euler", "uniform"))).Message, StringComparison.Ordinal);
        Assert.Contains("karras", Assert.Throws<UnknownNameException>(() => SamplerCatalogue.Register(Entry("mine", "karas"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Entry("mine", "uniform", eta: 1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Entry("mine", "uniform", eta: double.NaN));
    }

    [Fact]
    public void Source_IsAskedForWhatNoFolderHas_AndMayLieAnywhere()
    {
        Directory.CreateDirectory(_folder["models"]);
        var (here, elsewhere) = (TinyModel.WriteModel(_folder["models/here.safetensors"]), TinyModel.WriteModel(_folder["far.safetensors"]));
        var source = new Source(name => name == "far" ? elsewhere : null);
        var finder = new ModelFinder(new() { Folders = [_folder["models"]], Sources = [source], AllowPaths = false, HubCache = null });
        Assert.Equal(here, finder.Find(ModelRole.Model, "here", cancellationToken: Token));
        Assert.Empty(source.Asked);
        Assert.Equal(elsewhere, finder.Find(ModelRole.Model, "far", cancellationToken: Token));
        Assert.Contains(nameof(Source), Assert.Throws<ModelNotFoundException>(() => finder.Find(ModelRole.Lora, "nobody", cancellationToken: Token)).Message, StringComparison.Ordinal);
        Assert.Equal([(ModelRole.Model, "far"), (ModelRole.Lora, "nobody")], source.Asked);
    }

    [Fact]
    public async Task Source_AmongTheServicesOfAProgram_IsTheEnginesOwn()
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        var services = new ServiceCollection();
        services.AddSingleton<IModelSource>(new Source(name => name == "far" ? model : null));
        services.AddControlNet();
        await using var provider = services.BuildServiceProvider();
        Assert.Equal(model, provider.GetRequiredService<ControlNetEngine>().Models.Find(ModelRole.Model, "far", cancellationToken: Token));
    }

    private sealed class Source(Func<string, string?> find) : IModelSource
    {
        public List<(ModelRole Role, string Name)> Asked { get; } = [];

        public string? Find(ModelRole role, string name, CancellationToken cancellationToken)
        {
            Asked.Add((role, name));
            return find(name);
        }
    }
}
