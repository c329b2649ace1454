#pragma warning disable MEAI001 // The interface may still change.
using System.Drawing;
using ControlNetSharp.Engine;
using ControlNetSharp.Extensions.AI;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace ControlNetSharp.Tests.Hosting;

public class ControlNetImageGeneratorTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private static ImageGenerationOptions Small(int steps = 1) =>
        new ImageGenerationOptions { ImageSize = new Size(64, 64) }.With("steps", steps).With("seed", 7);

    private static Picture Hint() => new(64, 64, [.. Enumerable.Range(0, 3 * 64 * 64).Select(i => (byte)(i / 97 * 31))]);

    [Fact]
    public async Task Pictures_AreThoseOfTheEngine()
    {
        await using var engine = new ControlNetEngine();
        using var generator = new ControlNetImageGenerator(engine);
        var options = Small(2).WithControl(ControlUnit.Canny(Hint()));
        options.Count = 2;

        var response = await generator.GenerateImagesAsync("a red house", options, Stop);

        var expected = await engine.GenerateAsync(
            new GenerationRequest
            {
                Prompt = "a red house",
                Seed = 7,
                Steps = 2,
                Count = 2,
                Size = new PictureSize(64, 64),
                Units = [ControlUnit.Canny(Hint())],
            },
            cancellationToken: Stop
        );
        var contents = response.Contents.Cast<DataContent>().ToList();
        Assert.Equal(["7", "8"], contents.Select(content => content.Name));
        Assert.Equal(
            expected.Pictures.Select(picture => picture.Picture.Rgb.ToArray()),
            contents.Select(content => PictureSource.FromBytes(content.Data.Span).Read().Rgb.ToArray())
        );
    }

    [Fact]
    public async Task Middleware_AndRegistration_WorkTogether()
    {
        var services = new ServiceCollection().AddLogging();
        services
            .AddControlNetImageGenerator(o => o.AllowPaths = false)
            .UseLogging(NullLoggerFactory.Instance)
            .UseOpenTelemetry()
            .ConfigureOptions(o => o.ModelId = "pocket");
        await using var provider = services.BuildServiceProvider();
        var generator = provider.GetRequiredService<IImageGenerator>();

        var response = await generator.GenerateImagesAsync("a red house", Small(), Stop);

        Assert.Equal("image/png", ((DataContent)response.Contents.Single()).MediaType);
        Assert.NotNull(generator.GetService<ControlNetEngine>());
    }

    [Fact]
    public async Task Progress_IsToldWithPreviews()
    {
        await using var engine = new ControlNetEngine();
        using var generator = new ControlNetImageGenerator(engine);
        var told = new List<GenerationProgress>();
        var options = Small(4).WithProgress(new Told(told.Add));
        options.StreamingCount = 1;

        await generator.GenerateImagesAsync("x", options, Stop);

        Assert.Equal([1, 2, 3, 4], told.Select(progress => progress.Step));
        Assert.Single(told, progress => progress.Preview is not null);
    }

    [Fact]
    public async Task OriginalImage_IsWhatIsStartedFrom()
    {
        await using var engine = new ControlNetEngine();
        using var generator = new ControlNetImageGenerator(engine);
        var picture = Hint();

        var response = await generator.EditImageAsync(
            new DataContent(PictureWriter.EncodePng(picture), "image/png"),
            "a red house",
            Small(),
            Stop
        );

        var result = (GenerationResult)response.RawRepresentation!;
        Assert.NotNull(result.Pictures[0].Manifest.Request.Initial);
    }

    [Theory]
    [InlineData("steps", "many", "steps")]
    [InlineData("colour", "red", "colour")]
    [InlineData("guidanceScale", 99, "guidanceScale")]
    public async Task Member_ThatCannotBe_IsRefusedByItsPath(string member, object value, string path)
    {
        await using var engine = new ControlNetEngine();
        using var generator = new ControlNetImageGenerator(engine);

        var e = await Assert.ThrowsAsync<RequestException>(() => generator.GenerateImagesAsync("x", Small().With(member, value), Stop));

        Assert.Equal(path, e.Member);
    }

    [Fact]
    public async Task Units_FromJson_AreUnderstood()
    {
        await using var engine = new ControlNetEngine();
        using var generator = new ControlNetImageGenerator(engine);
        var data = Convert.ToBase64String(PictureWriter.EncodePng(Hint()));
        var units = System.Text.Json.Nodes.JsonNode.Parse($$"""[{"kind":"canny","picture":{"data":"{{data}}"},"weight":0.5}]""")!;

        var response = await generator.GenerateImagesAsync("x", Small().With("units", units), Stop);

        var request = ((GenerationResult)response.RawRepresentation!).Pictures[0].Manifest.Request;
        Assert.Equal(0.5, Assert.Single(request.Units).Weight);
    }

    private sealed class Told(Action<GenerationProgress> tell) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => tell(value);
    }
}
