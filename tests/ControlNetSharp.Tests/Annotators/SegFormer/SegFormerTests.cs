using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.SegFormer;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.SegFormer;

/// <summary>SegFormer against the numbers of transformers (segformer_*).</summary>
public class SegFormerTests
{
    private const string Manifest = "key_manifest_segformer_b0_ade.json";
    private const string Buffer = "decode_head.batch_norm.num_batches_tracked";

    public static TheoryData<string> Files => Goldens.Files("segformer_*.safetensors");

    [Theory]
    [MemberData(nameof(Files))]
    public void Network_WithTheGoldensWeights_GivesItsScoresAndLabels(string file)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var network = Network(golden);
        AssertRun(golden, network, "");
        AssertRun(golden, network, "_odd");
        var (tokens, height, width) = network.Embed(0, golden.Required("in.pixel_values"));
        golden.AssertClose("inter.block0.attention", network.FirstBlock.Attend(tokens, height, width), 2e-5);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Input_OfTheGoldensPicture_IsThatOfTransformers(string file)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var picture = GoldenPictures.Of(golden.Required("pre.image"));
        var expected = golden["pre.pixel_values"];
        Goldens.AssertClose(expected, SegFormerAnnotator.Input(picture, (int)expected.shape[3], (int)expected.shape[2]), 0.02, "pre.pixel_values");
    }

    [Fact]
    public void Network_InferredFromTheManifest_HasExactlyItsNamesAndShapes()
    {
        var shapes = FormulaNetworks.Shapes(Manifest);
        using var network = new SegFormerNetwork(SegFormerParams.Infer(shapes), Placement.Meta);
        FormulaNetworks.AssertNames(shapes, network);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Annotator_FromAFile_PaintsEveryShapeInPaletteColours_AndKeepsNoTensors(string file)
    {
        Goldens.Require(file);
        Goldens.RequireDefaultFolder();
        using var folder = new TemporaryFolder();
        using (var golden = Goldens.Open(file))
        using (NewDisposeScope())
        {
            SafetensorsWriter.Write(folder["segformer_b0_ade20k.safetensors"], golden.Weights());
        }

        using var annotator = AnnotatorCatalogue.Create("seg_segformer", new([folder.Path]));
        annotator.Hint(TestPictures.Noise(4, 4)).Bytes().ToString();
        var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        foreach (var (width, height) in new[] { (1, 1), (90, 20), (33, 57) })
        {
            var hint = annotator.Hint(TestPictures.Noise(width, height));
            Assert.Equal((width, height), (hint.Width, hint.Height));
            Assert.Equal(0, Ade20kPalette.Snap(hint).OffPalette);
        }

        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Labels_InStripsOfRows_AreThoseOfTheWhole()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        var scores = randn([1, 5, 7, 9]);
        var labels = SegFormerAnnotator.Labels(scores, 700, 800, TestContext.Current.CancellationToken);
        var whole = nn.functional.interpolate(scores, size: [800, 700], mode: InterpolationMode.Bilinear, align_corners: false).argmax(1).to(ScalarType.Byte).flatten().data<byte>().ToArray();
        Assert.InRange(labels.Zip(whole).Count(pair => pair.First != pair.Second), 0, 5);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Load_OfAFileWithOtherShapes_NamesKeysAndLoadsNothing(string file)
    {
        Goldens.Require(file);
        Goldens.RequireDefaultFolder();
        using var folder = new TemporaryFolder();
        using var golden = Goldens.Open(file);
        using var scope = NewDisposeScope();
        var weights = golden.Weights();
        weights.Remove("segformer.encoder.layer_norm.1.bias");
        weights["decode_head.linear_c.0.proj.bias"] = zeros(3);
        SafetensorsWriter.Write(folder["segformer_b0_ade20k.safetensors"], weights);
        var e = Assert.Throws<CheckpointException>(() => AnnotatorCatalogue.Create("seg_segformer", new([folder.Path])));
        Assert.Contains("1 missing (segformer.encoder.layer_norm.1.bias)", e.Message, StringComparison.Ordinal);
        Assert.Contains("decode_head.linear_c.0.proj.bias [3] instead of", e.Message, StringComparison.Ordinal);
    }

    private static void AssertRun(GoldenFile golden, SegFormerNetwork network, string suffix)
    {
        if (!golden.Expects("in.pixel_values" + suffix))
        {
            return;
        }

        var input = golden["in.pixel_values" + suffix];
        foreach (var (i, map) in network.Encode(input).Index())
        {
            golden.AssertClose($"stage{suffix}.{i}", map, 2e-5);
        }

        var scores = network.Run(input);
        golden.AssertClose("logits" + suffix, scores, 2e-5);
        if (golden.Expects("segmap" + suffix))
        {
            var expected = golden["segmap" + suffix].flatten().data<byte>().ToArray();
            var labels = SegFormerAnnotator.Labels(scores, (int)input.shape[3], (int)input.shape[2], TestContext.Current.CancellationToken);
            var different = labels.Zip(expected).Count(pair => pair.First != pair.Second);
            Assert.True(labels.Length == expected.Length && different <= 0.005 * expected.Length, $"segmap{suffix}: {different} of {expected.Length} labels differ.");
        }
    }

    private static SegFormerNetwork Network(GoldenFile golden)
    {
        using var scope = NewDisposeScope();
        var weights = golden.Weights();
        weights.Remove(Buffer);
        var shapes = weights.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<long>)pair.Value.shape);
        int[] Numbers(string key) => [.. golden.Config.GetProperty(key).EnumerateArray().Select(value => value.GetInt32())];
        return GoldenNetworks.Fill(new SegFormerNetwork(SegFormerParams.Infer(shapes, Numbers("num_attention_heads"), Numbers("strides")), Placement.Cpu32), weights, "");
    }
}
