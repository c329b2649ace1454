using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators;

public sealed class MlsdTests : IDisposable
{
    private const string Manifest = "key_manifest_mlsd_large.json";
    private const string LinesPrefix = "mlsd/lines_";

    private readonly TemporaryFolder _folder = new();

    /// <summary>The golden file and the thresholds of every decoding case.</summary>
    public static TheoryData<string, string> Cases => Goldens.Cases(
        AnnotatorNets.ArraysName, golden => golden.Entries.Keys.Where(name => name.StartsWith(LinesPrefix, StringComparison.Ordinal)).Select(name => name[LinesPrefix.Length..]));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Network_InferredFromTheManifest_HasExactlyItsNamesAndShapes() => AnnotatorNets.AssertHasKeysOf(Manifest, shapes => new MlsdNetwork(shapes, Placement.Meta));

    [Fact]
    public void Network_WithTheGoldensWeights_GivesTheOriginalsMaps()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(AnnotatorNets.ArraysName);
        var picture = HedTests.PictureOf(golden.Required("mlsd/input_rgb"));
        using var network = GoldenNetworks.Fill(new MlsdNetwork(new LayerShapes(AnnotatorNets.Shapes(Manifest)), Placement.Cpu32), AnnotatorNets.Weights("mlsd", Manifest), "");
        Goldens.AssertClose(golden.Required("mlsd/out"), network.call(MlsdAnnotator.Input(picture)), 1e-3, "mlsd/out");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decode_OfTheGoldensMaps_GivesTheOriginalsLinesAndDrawing(string file, string thresholds)
    {
        using var golden = Goldens.Open(file);
        using var scope = NewDisposeScope();
        var maps = golden.Required("mlsd/synthetic_tp").unsqueeze(0);
        var values = thresholds.Split('_').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var lines = MlsdAnnotator.Decode(maps, values[0], values[1]);
        var expected = golden[LinesPrefix + thresholds].to(ScalarType.Float64);
        Assert.Equal(expected.shape[0], lines.Count);
        var numbers = expected.data<double>().ToArray();
        for (var i = 0; i < lines.Count; i++)
        {
            var row = numbers.AsSpan(4 * i, 4).ToArray();
            Assert.True(lines.Any(line => Distance(line, row) <= 1e-3), $"{thresholds}: there is no line {string.Join(", ", row)}.");
        }

        if (golden.Expects($"mlsd/map_{thresholds}"))
        {
            var map = golden[$"mlsd/map_{thresholds}"];
            var drawn = HoughAnnotator.Draw(lines, (int)map.shape[1], (int)map.shape[0]);
            Goldens.AssertClose(map, tensor(Greyscale.Of(drawn)).reshape(map.shape), 0, $"mlsd/map_{thresholds}");
        }
    }

    [Fact]
    public void Decode_OfMapsThatAreNotNumbers_SaysSo()
    {
        using var maps = full(1, 9, 4, 4, float.NaN);
        Assert.Throws<NotANumberException>(() => MlsdAnnotator.Decode(maps, 0.1, 0.1));
    }

    [Fact]
    public void Annotate_FromAFile_GivesHintsOfTheSameSizeAndLeavesNoTensors()
    {
        AnnotatorNets.WriteFile(_folder["mlsd_large_512_fp32.safetensors"], Manifest, isSmall: false, change: tensors => tensors.Add("backbone.features.0.1.num_batches_tracked", zeros([], ScalarType.Int64)));
        using var annotator = AnnotatorCatalogue.Create("mlsd", new AnnotatorFiles([_folder.Path]));
        Assert.Equal("mlsd", annotator.Info.Name);
        // Networks keep padded weights from their first call on, where ConvolutionCheck asks for them.
        annotator.Hint(TestPictures.Noise(64, 64));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        foreach (var (width, height) in new[] { (64, 64), (70, 33), (1, 1) })
        {
            var picture = TestPictures.Noise(width, height);
            var lines = annotator.Hint(picture);
            Assert.Equal((width, height), (lines.Width, lines.Height));
            Assert.All(lines.Bytes(), value => Assert.True(value is 0 or 255));
            Assert.Equal(lines.Bytes(), annotator.Hint(picture).Bytes());
            Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
    }

    private static double Distance(LineSegment line, double[] row) =>
        new[] { line.X0 - row[0], line.Y0 - row[1], line.X1 - row[2], line.Y1 - row[3] }.Max(Math.Abs);
}
