using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators;

public sealed class LineartTests : IDisposable
{
    private const string RealisticManifest = "key_manifest_lineart_sk_model.json";
    private const string AnimeManifest = "key_manifest_lineart_anime_netG.json";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => Goldens.Files("lineart_*.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Generator_InferredFromTheManifest_HasExactlyItsNamesAndShapes() => AnnotatorNets.AssertHasKeysOf(RealisticManifest, shapes => new LineartNetwork(shapes, Placement.Meta));

    [Fact]
    public void AnimeUNet_InferredFromTheManifest_HasExactlyItsNamesAndShapes() => AnnotatorNets.AssertHasKeysOf(AnimeManifest, shapes => new AnimeLineartNetwork(shapes, Placement.Meta));

    [Theory]
    [MemberData(nameof(Files))]
    public void Generator_WithTheGoldensWeights_GivesTheOriginalsLinesAndPartsOfTheWay(string file)
    {
        using var golden = Goldens.Open(file);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var weights = golden.Weights("lineart.");
        using var network = GoldenNetworks.Fill(new LineartNetwork(Shapes(weights, "lineart."), Placement.Cpu32), weights, "lineart.");
        var picture = HedTests.PictureOf(golden.Required("in.image"));
        var parts = network.Forward(PictureTensors.ToHint(picture));
        for (var i = 0; i < 4; i++)
        {
            golden.AssertClose($"inter.model{i}_ch4", parts[i].narrow(1, 0, 4), 2e-5);
        }

        AssertLines(golden, "lineart", parts[4], LineartAnnotator.Detect(network, picture));
        if (golden.Expects("in.image_odd"))
        {
            var odd = HedTests.PictureOf(golden["in.image_odd"]);
            AssertLines(golden, "lineart_odd", network.call(PictureTensors.ToHint(odd)), LineartAnnotator.Detect(network, odd));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void AnimeUNet_WithTheGoldensWeights_GivesTheOriginalsLines(string file)
    {
        using var golden = Goldens.Open(file);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var picture = HedTests.PictureOf(golden.Required("in.anime_image"));
        var weights = golden.Weights("anime.");
        using var network = GoldenNetworks.Fill(new AnimeLineartNetwork(Shapes(weights, "anime."), Placement.Cpu32), weights, "anime.");
        AssertLines(golden, "anime", network.call(PictureTensors.ToPicture(picture)), AnimeLineartAnnotator.Detect(network, picture));
    }

    [Fact]
    public void StandardLineart_OfTheGoldensPicture_IsTheOriginals()
    {
        using var golden = Goldens.Open("control_extras.safetensors");
        using var scope = NewDisposeScope();
        var picture = HedTests.PictureOf(golden.Required("lineart_standard/image"));
        using var annotator = AnnotatorCatalogue.Create("lineart");
        Assert.Equal("lineart_standard", annotator.Info.Name);
        if (golden.Expects("lineart_standard/blur"))
        {
            Goldens.AssertClose(golden["lineart_standard/blur"], tensor(LineartStandardAnnotator.Surroundings(picture)).reshape(picture.Height, picture.Width, 3), 1e-3, "lineart_standard/blur");
        }

        if (golden.Expects("lineart_standard/out"))
        {
            var lines = annotator.Hint(picture);
            Goldens.AssertClose(golden["lineart_standard/out"], tensor(Greyscale.Of(lines)).reshape(picture.Height, picture.Width), 1, "lineart_standard/out");
        }
    }

    [Fact]
    public void StandardLineart_OfAPictureWithoutLines_IsBlack()
    {
        using var annotator = AnnotatorCatalogue.Create("lineart_standard");
        Assert.All(annotator.Hint(TestPictures.Of(40, 30, (_, _) => (90, 120, 200))).Bytes(), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData("lineart_realistic", "sk_model.safetensors", RealisticManifest, "")]
    [InlineData("lineart_coarse", "sk_model2.safetensors", RealisticManifest, "")]
    [InlineData("lineart_anime", "netG.safetensors", AnimeManifest, "")]
    [InlineData("lineart_anime", "netG.safetensors", AnimeManifest, "module.")]
    public void Annotate_FromAFile_GivesHintsOfTheSameSizeAndLeavesNoTensors(string name, string file, string manifest, string prefix)
    {
        AnnotatorNets.WriteFile(_folder[file], manifest, prefix: prefix);
        using var annotator = AnnotatorCatalogue.Create(name, new AnnotatorFiles([_folder.Path]));
        Assert.Equal(name, annotator.Info.Name);
        // Networks keep padded weights from their first call on, where ConvolutionCheck asks for them.
        annotator.Hint(TestPictures.Noise(64, 64));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        foreach (var (width, height) in new[] { (64, 64), (70, 33), (1, 1) })
        {
            var picture = TestPictures.Noise(width, height);
            var lines = annotator.Hint(picture);
            Assert.Equal((width, height), (lines.Width, lines.Height));
            Assert.Equal(lines.Bytes(), annotator.Hint(picture).Bytes());
            Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
    }

    private static LayerShapes Shapes(Dictionary<string, Tensor> weights, string prefix) =>
        new(weights.ToDictionary(weight => weight.Key[prefix.Length..], weight => (IReadOnlyList<long>)weight.Value.shape));

    /// <summary>The network's result, and the picture made of it: at most one level off, in at most 0.5 % of the pixels.</summary>
    private static void AssertLines(GoldenFile golden, string name, Tensor lines, Picture picture)
    {
        if (golden.Expects(name))
        {
            Goldens.AssertClose(golden[name], lines[0, 0], 5e-5, name);
        }

        if (golden.Expects($"{name}.detected"))
        {
            var (expected, actual) = (golden[$"{name}.detected"].data<byte>().ToArray(), Greyscale.Of(picture));
            Assert.Equal(expected.Length, actual.Length);
            Assert.All(Enumerable.Range(0, expected.Length), i => Assert.True(Math.Abs(expected[i] - actual[i]) <= 1, $"{name}.detected: expected {expected[i]}, got {actual[i]} at pixel {i}"));
            Assert.True(Enumerable.Range(0, expected.Length).Count(i => expected[i] != actual[i]) <= 0.005 * expected.Length, $"{name}.detected: too many pixels differ.");
        }
    }
}
