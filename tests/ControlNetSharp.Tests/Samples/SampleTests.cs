using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Samplers;
using ControlNetSharp.Tests.Pictures;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace ControlNetSharp.Tests.Samples;

/// <summary>Each program of <c>samples/</c> runs and makes what it says, with one step instead of twenty.</summary>
public sealed class SampleTests : IDisposable
{
    private const string Prompt = "a blue cup";
    private const string Steps = "1";

    /// <summary>Rows of a picture in the photograph's shape, and of the hint before it is brought to that size.</summary>
    private const int Rows = 192;
    private const int HintRows = 213;

    private static readonly string Photograph = Repository.PathOf("docs/pictures/coffee.png");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EachSample_HasATestHere()
    {
        var tested = typeof(SampleTests).GetMethods().Select(method => method.Name.Split('_')[0].ToUpperInvariant()).ToHashSet();
        var samples = Directory.GetFileSystemEntries(Repository.PathOf("samples")).Select(Path.GetFileNameWithoutExtension);
        Assert.All(samples, sample => Assert.Contains(sample!.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant(), tested));
    }

    [Fact]
    public void ControlledPicture_FollowsThePhotograph()
    {
        SampleProgram.Run(Assembly.Load("ControlledPicture"), Photograph, Prompt, _folder["out.png"], Steps);
        IsAPicture("out.png", Rows);
    }

    [Fact]
    public void WalkingCharacter_MakesASheetAndAnAnimation()
    {
        SampleProgram.Run(Assembly.Load("WalkingCharacter"), _folder.Path, "a man in a red shirt", "1", Steps);
        IsAPicture("sheet.jpg", (2 * 256) + 4);
        Assert.Equal("GIF89a"u8, File.ReadAllBytes(_folder["walk.gif"]).AsSpan(0, 6));
        Assert.Equal(8, PictureSource.FramesOf(_folder["walk.gif"]).Count);
        Assert.Equal(Enumerable.Range(0, 8).Select(pose => $"{pose}.json"), PictureSource.FramesOf(_folder["poses"]).Select(pose => Path.GetFileName(pose.Path)));
    }

    [Fact]
    public void Folder_MakesEachPictureAnew()
    {
        Directory.CreateDirectory(_folder["in"]);
        PictureWriter.WritePng(_folder["in/a.png"], TestPictures.Square(64, 64));
        PictureWriter.WritePng(_folder["in/b.png"], TestPictures.Square(96, 64));
        Run("folder", _folder["in"], "a watercolour", _folder["out"], Steps);
        Assert.Equal(["a.png", "b.png"], Directory.GetFiles(_folder["out"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void ImageGenerator_AnswersWithAPicture()
    {
        Run("image-generator", Photograph, Prompt, _folder["out.png"], Steps);
        IsAPicture("out.png", Rows);
    }

    [Fact]
    public void Train_MakesAControlNetAndAPictureByIt()
    {
        Run("train", _folder["run"], "1", "2");
        IsAPicture("run/first.png", 256);
        Assert.True(File.Exists(_folder["run/controlnet_canny.safetensors"]));
    }

    [Fact]
    public void Room_MakesFourRenderings()
    {
        Run("room", Repository.PathOf("docs/uses/room.png"), "a blue sofa", _folder["out.png"], Steps);
        Assert.Equal((4 * 256) + (3 * 4), IsAPicture("out.png", 256).Width);
    }

    [Fact]
    public void ColouringBook_MakesAPageForEachPrompt()
    {
        Run("colouring-book", Repository.PathOf("docs/uses/house.png"), _folder["out.png"], Steps, "a yellow house", "a blue house");
        Assert.Equal((3 * 256) + (2 * 4), IsAPicture("out.png", 256).Width);
    }

    [Fact]
    public void Annotator_IsFollowed_AndIsGoneAfterwards()
    {
        Run("annotator", Photograph, Prompt, _folder["out.png"], Steps);
        IsBlackAndWhite(IsAPicture("out.png", HintRows));
        Assert.DoesNotContain(AnnotatorCatalogue.All, info => info.Name == "scribble_contours");
    }

    [Fact]
    public void ControlType_IsFollowed_AndIsGoneAfterwards()
    {
        Run("control-type", Photograph, Prompt, _folder["out.png"], Steps);
        IsBlackAndWhite(IsAPicture("out.png", HintRows));
        Assert.DoesNotContain(ConditionKind.All, kind => kind.Name == "silhouette");
    }

    [Fact]
    public void Sampler_Samples_AndIsGoneAfterwards()
    {
        // The first step is Euler's; three have steps that look back.
        Run("sampler", Photograph, Prompt, _folder["out.png"], "3");
        IsAPicture("out.png", Rows);
        Assert.DoesNotContain(SamplerCatalogue.Samplers, sampler => sampler.Aliases.Contains("ge"));
    }

    [Fact]
    public void ModelSource_UnpacksTheModel()
    {
        TinyModel.WriteModel(_folder["tiny.safetensors"]);
        using (var zip = ZipFile.Open(_folder["models.zip"], ZipArchiveMode.Create))
        {
            zip.CreateEntryFromFile(_folder["tiny.safetensors"], "tiny.safetensors", CompressionLevel.Fastest);
        }

        Run("model-source", _folder["models.zip"], "tiny", Prompt, _folder["out.png"], Steps);
        IsAPicture("out.png", TinyModel.NativeSize);
    }

    [Fact]
    public async Task Endpoint_AnswersAPhotographWithAPicture()
    {
        var stop = TestContext.Current.CancellationToken;
        using var built = new BuiltHost();
        var program = Task.Factory.StartNew(
            () => Run("endpoint", "--urls", "http://127.0.0.1:0"), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var host = await await Task.WhenAny(built.Host, Failed(program));
        var started = host.Services.GetRequiredService<IHostApplicationLifetime>();
        using (var waiting = CancellationTokenSource.CreateLinkedTokenSource(started.ApplicationStarted, stop))
        {
            await Task.WhenAny(program, Task.Delay(Timeout.Infinite, waiting.Token));
        }

        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = Timeout.InfiniteTimeSpan };
        Assert.Equal("Healthy", await client.GetStringAsync("/healthz", stop));
        using var form = new MultipartFormDataContent { { new ByteArrayContent(await File.ReadAllBytesAsync(Photograph, stop)), "picture", "cup.png" } };
        using var response = await client.PostAsync($"/cup?prompt={Uri.EscapeDataString(Prompt)}&steps={Steps}", form, stop);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(stop));
        Assert.Equal(Rows, PictureReader.Read(await response.Content.ReadAsByteArrayAsync(stop)).Height);
        started.StopApplication();
        await program;

        static async Task<IHost> Failed(Task program)
        {
            await program;
            throw new InvalidOperationException("The program ended before it had a host.");
        }
    }

    [Fact]
    public async Task Notebook_RunsCellByCell()
    {
        var shown = await NotebookRun.OfAsync(Repository.PathOf("samples/notebook.ipynb"), TestContext.Current.CancellationToken);
        Assert.NotEmpty(shown);
        Assert.All(shown, html => Assert.Contains("data:image/png;base64,", html, StringComparison.Ordinal));
    }

    private static void Run(string sample, params string[] arguments) =>
        SampleProgram.Run(Repository.PathOf($"samples/{sample}.cs"), arguments);

    private Picture IsAPicture(string file, int height)
    {
        var picture = PictureReader.Read(_folder[file]);
        Assert.Equal(height, picture.Height);
        Assert.False(HintLook.HasOneColour(picture), $"{file} has one colour.");
        return picture;
    }

    /// <summary>Whether the left half of a sheet is a hint of lines.</summary>
    private static void IsBlackAndWhite(Picture sheet)
    {
        var left = Enumerable.Range(0, sheet.Width / 2 - 2).Select(x => sheet.Rgb[3 * ((sheet.Height / 2 * sheet.Width) + x)]).ToList();
        Assert.Equal([0, 255], left.Select(level => (int)level).Distinct().Order());
    }

    /// <summary>The next host that a program builds in this process.</summary>
    private sealed class BuiltHost : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
    {
        private readonly TaskCompletionSource<IHost> _host = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<IDisposable> _subscriptions = [];

        public BuiltHost() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

        public Task<IHost> Host => _host.Task;

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting")
            {
                _subscriptions.Add(value.Subscribe(this));
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: "HostBuilt", Value: IHost host })
            {
                _host.TrySetResult(host);
            }
        }

        public void OnCompleted() { }

        public void OnError(Exception error) => _host.TrySetException(error);

        public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());
    }
}
