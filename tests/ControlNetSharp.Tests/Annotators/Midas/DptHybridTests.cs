using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Midas;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.Midas;

/// <summary>MiDaS against the original's numbers with formula weights (annot_nets: dpt/*).</summary>
public class DptHybridTests
{
    private const string FileName = "annot_nets.safetensors";
    private const string Manifest = "key_manifest_midas_dpt_hybrid.json";

    [Fact]
    public void Network_OnTheGoldensPicture_GivesTheOriginalsDepth_InsideToo()
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(FileName);
        var picture = GoldenPictures.Of(golden.Required("dpt/input_rgb"));
        var network = FormulaNetworks.Fill(new DptHybridNetwork(Placement.Cpu32), Manifest, "dpt");
        var input = PictureTensors.ToPicture(picture);

        var stem = network.Backbone.Stem(input);
        AssertInner(golden, "dpt/stem_ch8", stem);
        var first = network.Backbone.Stage(0, stem);
        AssertInner(golden, "dpt/stage0_ch8", first);
        var second = network.Backbone.Stage(1, first);
        var last = network.Backbone.Stage(2, second);
        AssertInner(golden, "dpt/stage2_ch8", last);
        var tokens = network.RunBlocks(network.Embed(last), 0, 1);
        AssertInner(golden, "dpt/block0_ch8", tokens, dimension: 2);
        var third = network.RunBlocks(tokens, 1, DptHybridNetwork.Taps.Third);
        var fourth = network.RunBlocks(third, DptHybridNetwork.Taps.Third, DptHybridNetwork.Taps.Fourth);
        AssertInner(golden, "dpt/block11_ch8", fourth, dimension: 2);
        var (height, width) = (last.shape[2], last.shape[3]);
        var maps = network.Fuse(first, second, network.Third(third, height, width), network.Fourth(fourth, height, width));
        AssertInner(golden, "dpt/refinenet4_ch8", maps[3]);
        AssertInner(golden, "dpt/refinenet1_ch8", maps[0]);
        golden.AssertClose("dpt/out", network.Run(input), 2e-3);

        using var annotator = new MidasDepthAnnotator(new MidasDepth(NetworkLease<DptHybridNetwork>.Owned(network)));
        PictureAssert.WithinLevels(GoldenPictures.Of(golden.Required("dpt/depth_image")), annotator.Hint(picture), 2, "dpt/depth_image");
        using var depth = network.Run(input);
        var normals = DepthPictures.Normals(depth.data<float>().ToArray(), picture.Width, picture.Height, threshold: 0.1, bgr: false);
        PictureAssert.WithinLevels(GoldenPictures.Of(golden.Required("dpt/normal_image")), normals, 2, "dpt/normal_image");
        AssertAnySize(annotator);
    }

    [Fact]
    public void Annotators_WithoutTheirFile_NameIt()
    {
        Assert.Contains("dpt_hybrid-midas-501f0c75.pt", Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create("depth_midas")).Message, StringComparison.Ordinal);
        Assert.Contains("dpt_hybrid-midas-501f0c75.pt", Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create("normal_map")).Message, StringComparison.Ordinal);
    }

    private static void AssertAnySize(MidasDepthAnnotator annotator)
    {
        foreach (var (width, height) in new[] { (1, 1), (70, 3) })
        {
            var hint = annotator.Hint(TestPictures.Noise(width, height));
            Assert.Equal((width, height), (hint.Width, hint.Height));
        }
    }

    private static void AssertInner(GoldenFile golden, string name, Tensor actual, int dimension = 1)
    {
        if (golden.Expects(name))
        {
            using var expected = golden[name];
            Goldens.AssertClose(expected, actual.narrow(dimension, 0, expected.shape[dimension]), 1e-3 * Goldens.Amplitude(expected), name);
        }
    }
}
