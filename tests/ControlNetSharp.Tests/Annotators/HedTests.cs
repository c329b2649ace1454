using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators;

public sealed class HedTests : IDisposable
{
    private const string Manifest = "key_manifest_hed.json";
    private const string FileName = "ControlNetHED.safetensors";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Network_InferredFromTheManifest_HasExactlyItsNamesAndShapes() => AnnotatorNets.AssertHasKeysOf(Manifest, shapes => new HedNetwork(shapes, Placement.Meta));

    [Fact]
    public void Network_WithTheGoldensWeights_GivesTheOriginalsMapsAndEdges()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(AnnotatorNets.ArraysName);
        var picture = PictureOf(golden.Required("hed/input"));
        using var network = Network();
        var maps = network.Forward(PictureTensors.ToLevels(picture));
        foreach (var (i, map) in maps.Index())
        {
            var name = $"hed/proj{i + 1}";
            if (golden.Expects(name))
            {
                Goldens.AssertClose(golden[name], map, 1e-4, name);
            }
        }

        if (golden.Expects("hed/edge"))
        {
            var edges = HedAnnotator.Levels(HedAnnotator.Detect(network, picture, TestContext.Current.CancellationToken));
            Goldens.AssertClose(golden["hed/edge"], tensor(edges).reshape(picture.Height, picture.Width), 1, "hed/edge");
        }
    }

    [Theory]
    [InlineData(64, 128)]
    [InlineData(67, 50)]
    [InlineData(1, 1)]
    public void Annotate_GivesGreyEdgesOfTheSameSize(int width, int height)
    {
        var picture = TestPictures.Noise(width, height);
        using var annotator = Annotator("softedge_hed");
        var edges = annotator.Hint(picture);
        Assert.Equal((width, height), (edges.Width, edges.Height));
        Assert.All(Enumerable.Range(0, width * height), i => Assert.Equal(edges.Rgb[3 * i], edges.Rgb[3 * i + 2]));
        Assert.Equal(edges.Bytes(), annotator.Hint(picture).Bytes());
    }

    [Fact]
    public void Annotate_InMultiplesOf64_IsTheNetworksOwnResult()
    {
        var picture = TestPictures.Noise(64, 64);
        using var annotator = Annotator("softedge_hed");
        using var network = CheckpointLoader.LoadNetwork(_folder[FileName], "HED", (shapes, placement) => new HedNetwork(new(shapes), placement));
        Assert.Equal(HedAnnotator.Levels(HedAnnotator.Detect(network, picture, TestContext.Current.CancellationToken)), Greyscale.Of(annotator.Hint(picture)));
    }

    [Fact]
    public void SafeMode_HasThreeLevelsWithTheirBordersAtThirds()
    {
        Assert.Equal([0, 0, 0.5, 0.5, 1, 1], HedAnnotator.ThreeLevels([0, 0.3333, 0.3334, 0.6666, 0.6667, 0.99]));
        using var annotator = Annotator("softedge_hedsafe");
        Assert.Equal("softedge_hedsafe", annotator.Info.Name);
        Assert.All(annotator.Hint(TestPictures.Noise(64, 64)).Bytes(), value => Assert.True(value is 0 or 127 or 255, $"{value}"));
    }

    [Theory]
    [InlineData("softedge_hed")]
    [InlineData("scribble_hed")]
    public void Annotate_OfManyPictures_LeavesNoTensors(string name)
    {
        using var annotator = Annotator(name);
        // Networks keep padded weights from their first call on, where ConvolutionCheck asks for them.
        annotator.Hint(TestPictures.Noise(64, 64));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 4; i++)
        {
            annotator.Hint(TestPictures.Noise(64 + i, 64, i));
            Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
    }

    [Fact]
    public void Annotate_WithWeightsThatAreNotNumbers_SaysSo()
    {
        AnnotatorNets.WriteFile(_folder[FileName], Manifest, change: tensors => tensors["block1.projection.bias"].fill_(double.NaN));
        using var annotator = AnnotatorCatalogue.Create("softedge_hed", Files);
        Assert.Throws<NotANumberException>(() => annotator.Hint(TestPictures.Noise(64, 64)));
    }

    [Fact]
    public void Create_WithoutTheFile_NamesItAndTheFolders()
    {
        var e = Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create("softedge_hed", Files));
        Assert.Contains("ControlNetHED.pth", e.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_WithAFileOfAnotherNetwork_SaysWhichKeysDifferAndKeepsNothing()
    {
        AnnotatorNets.WriteFile(_folder[FileName], Manifest, change: tensors =>
        {
            tensors.Remove("block5.projection.bias");
            tensors["block2.convs.0.weight"] = zeros(8, 5, 3, 3);
            tensors.Add("other", zeros(1));
        });
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var e = Assert.Throws<CheckpointException>(() => AnnotatorCatalogue.Create("softedge_hed", Files));
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(_folder[FileName], e.File);
        Assert.Contains("1 missing (block5.projection.bias)", e.Message, StringComparison.Ordinal);
        Assert.Contains("block2.convs.0.weight [8, 5, 3, 3] instead of [8, 4, 3, 3]", e.Message, StringComparison.Ordinal);
        Assert.Contains("1 unexpected (other)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_WithAFileThatHasNoSuchLayers_SaysThatTheShapeCannotBeTold()
    {
        AnnotatorNets.WriteFile(_folder[FileName], Manifest, change: tensors => tensors.Remove("block1.convs.0.weight"));
        var e = Assert.Throws<CheckpointException>(() => AnnotatorCatalogue.Create("softedge_hed", Files));
        Assert.Contains("'block1.convs.0.weight' is missing", e.Message, StringComparison.Ordinal);
    }

    internal static Picture PictureOf(Tensor levels) => new((int)levels.shape[1], (int)levels.shape[0], levels.data<byte>().ToArray());

    private static HedNetwork Network() =>
        GoldenNetworks.Fill(new HedNetwork(new LayerShapes(AnnotatorNets.Shapes(Manifest)), Placement.Cpu32), AnnotatorNets.Weights("hed", Manifest), "");

    private AnnotatorFiles Files => new([_folder.Path]);

    private IAnnotator Annotator(string name)
    {
        AnnotatorNets.WriteFile(_folder[FileName], Manifest);
        return AnnotatorCatalogue.Create(name, Files);
    }
}
