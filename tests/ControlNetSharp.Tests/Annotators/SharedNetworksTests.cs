using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

/// <summary>Annotators that read one file share its network, and stop when they are told to.</summary>
public sealed class SharedNetworksTests : IDisposable
{
    private static readonly string Embedded = Path.Combine(AppContext.BaseDirectory, "pocket", EmbeddedVision.Weights.FileNames[0]);

    private readonly TemporaryFolder _folder = new();
    private readonly Picture _picture = TestPictures.Noise(64, 48);

    public SharedNetworksTests() => File.Copy(Embedded, WeightsFile);

    public static TheoryData<string> WithNothingDownloaded => AnnotatorCatalogueTests.WithNothingDownloaded;

    private static IEnumerable<string> OfTheEmbeddedFile =>
        AnnotatorCatalogue.All.Where(info => info.Weights == EmbeddedVision.Weights).Select(info => info.Name);

    private AnnotatorFiles Files => new([_folder.Path]);

    private string WeightsFile => _folder[Path.GetFileName(Embedded)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Create_WithAShelf_LoadsAFileOnce_HoweverManyAnnotatorsReadIt()
    {
        using var shelf = new NetworkShelf();
        var alone = OfTheEmbeddedFile.Select(name => Hint(name, null)).ToList();
        Assert.True(alone.Count >= 6, $"{alone.Count} annotators read the file.");
        Assert.Equal(alone[0], Hint(OfTheEmbeddedFile.First(), shelf));
        var bytes = shelf.Bytes;
        Assert.True(bytes > 0);
        MakeUnreadable();
        Assert.Throws<CheckpointException>(() => Hint(OfTheEmbeddedFile.First(), null));
        Assert.Equal(alone, OfTheEmbeddedFile.Select(name => Hint(name, shelf)));
        Assert.Equal(bytes, shelf.Bytes);
    }

    [Fact]
    public void Dispose_OfOneAnnotator_LeavesTheNetworkToTheOthers_AndWithoutAShelfItGoes()
    {
        using var shelf = new NetworkShelf();
        var first = AnnotatorCatalogue.Create("depth_pocket", Files, shelf, PlacementPolicy.Cpu);
        using var second = AnnotatorCatalogue.Create("normal_pocket", Files, shelf, PlacementPolicy.Cpu);
        first.Dispose();
        first.Dispose();
        Assert.NotEmpty(second.Hint(_picture).Bytes());
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        AnnotatorCatalogue.Create("depth_pocket", Files).Dispose();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public async Task AnEngine_LoadsAFileOnce_ForAllHintsThatItMakes()
    {
        await using var engine = new ControlNetEngine(new EngineOptions { ModelFolders = [_folder.Path] });
        var first = await Annotated("depth_pocket");
        MakeUnreadable();
        Assert.Equal(first, await Annotated("depth_pocket"));
        foreach (var name in OfTheEmbeddedFile)
        {
            Assert.NotEmpty(await Annotated(name));
        }

        async Task<byte[]> Annotated(string name)
        {
            var unit = new ControlUnit { Kind = AnnotatorCatalogue.Find(name).Kind, Annotator = name, Picture = _picture };
            return (await engine.AnnotateAsync(unit, TestContext.Current.CancellationToken)).Hint.Bytes();
        }
    }

    [Theory]
    [MemberData(nameof(WithNothingDownloaded))]
    public void Annotate_WithACancelledToken_Ends(string name)
    {
        using var annotator = AnnotatorCatalogue.Create(name);
        Assert.Throws<OperationCanceledException>(() => annotator.Annotate(_picture, options: null, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Look_CancelledWhileTheNetworkRuns_EndsAfterIt_AndLeavesNoTensors()
    {
        using var cancellation = new CancellationTokenSource();
        using var network = CheckpointLoader.LoadNetwork(WeightsFile, "the network", (_, placement) => new EmbeddedNetwork(placement));
        using var vision = new EmbeddedVision(network);
        // Networks keep padded weights from their first call on, where ConvolutionCheck asks for them.
        vision.Look(_picture, cancellation.Token);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        network.modules().OfType<ConvolutionLayer>().First().register_forward_hook((_, _, output) =>
        {
            cancellation.Cancel();
            return output;
        });
        Assert.Throws<OperationCanceledException>(() => vision.Look(_picture, cancellation.Token));
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:x")]
    public void Create_OnAnUnknownDevice_IsRefusedBeforeAnythingIsLoaded(string device) =>
        Assert.Throws<UnknownNameException>(() => AnnotatorCatalogue.Create("canny", device: device));

    private byte[] Hint(string name, NetworkShelf? shelf)
    {
        using var annotator = shelf is null ? AnnotatorCatalogue.Create(name, Files) : AnnotatorCatalogue.Create(name, Files, shelf, PlacementPolicy.Cpu);
        return annotator.Hint(_picture).Bytes();
    }

    /// <summary>Leaves length and time as they are, so that only loading shows it.</summary>
    private void MakeUnreadable()
    {
        var written = File.GetLastWriteTimeUtc(WeightsFile);
        File.WriteAllBytes(WeightsFile, new byte[new FileInfo(WeightsFile).Length]);
        File.SetLastWriteTimeUtc(WeightsFile, written);
    }
}
