using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Annotators.NormalBae;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.NormalBae;

/// <summary>NormalBAE against the original's numbers (normalbae*), and from a small file.</summary>
public class NormalBaeTests
{
    private const string Manifest = "key_manifest_normalbae.json";

    /// <summary>The encoder's maps by the numbers that the original gives them.</summary>
    private static readonly int[] Features = [4, 5, 6, 8, 11];

    public static TheoryData<string> Files => Goldens.Files("normalbae*.safetensors");

    [Theory]
    [MemberData(nameof(Files))]
    public void Network_WithTheGoldensWeights_GivesTheOriginalsDirections_InsideToo(string file)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var golden = Goldens.Open(file);
        using var network = FormulaNetworks.Fill(new NormalBaeNetwork(NormalBaeParams.Infer(FormulaNetworks.Shapes(Manifest)), Placement.Cpu32), Manifest, golden);
        var maps = network.Encode(Input(golden, "in.image"));
        foreach (var (number, map) in Features.Zip(maps))
        {
            golden.AssertClose($"inter.feature{number}_ch8", map.narrow(1, 0, 8), 1e-4);
        }

        var predictions = network.Predict(network.Decode(maps));
        foreach (var (scale, prediction) in new[] { 8, 4, 2 }.Zip(predictions))
        {
            golden.AssertClose($"inter.out_res{scale}", prediction, 1e-4);
        }

        foreach (var suffix in new[] { "", "_odd" })
        {
            var directions = network.Run(Input(golden, "in.image" + suffix));
            golden.AssertClose("normal_kappa" + suffix, directions, 5e-4);
            HintAssert.MostPixelsWithin(GoldenPictures.Of(golden["normal_image" + suffix]), NormalBaeAnnotator.Painted(directions), 2, 0, file + suffix);
        }
    }

    [Fact]
    public void Network_InferredFromTheManifest_HasExactlyItsNamesAndShapes()
    {
        var shapes = FormulaNetworks.Shapes(Manifest);
        using var network = new NormalBaeNetwork(NormalBaeParams.Infer(shapes), Placement.Meta);
        FormulaNetworks.AssertNames(shapes, network);
    }

    [Fact]
    public void Annotate_FromAFileOfTheProject_GivesAHintOfThePicturesSize()
    {
        using var folder = new TemporaryFolder();
        // As the project saved it: everything behind "module.".
        AnnotatorNets.WriteFile(folder["scannet.safetensors"], Manifest, prefix: "module.", change: tensors =>
        {
            // What predicts sees the four numbers of the coarser prediction, which do not become fewer.
            foreach (var (scale, channels) in new[] { (4, 32), (2, 16), (1, 8) })
            {
                var name = $"module.decoder.out_conv_res{scale}.0.weight";
                tensors[name] = FormulaWeights.Make(name, [8, channels + 4, 1], 7, Math.Sqrt(2));
            }
        });
        using var annotator = AnnotatorCatalogue.Create("normal_bae", new AnnotatorFiles([folder.Path]));
        foreach (var (width, height) in new[] { (1, 1), (70, 65) })
        {
            var hint = annotator.Hint(TestPictures.Noise(width, height));
            Assert.Equal((width, height), (hint.Width, hint.Height));
        }
    }

    [Fact]
    public void Create_OfAFileOfAnotherNetwork_NamesTheKeyThatIsMissing()
    {
        using var folder = new TemporaryFolder();
        using var weight = zeros(2, 3);
        SafetensorsWriter.Write(folder["scannet.safetensors"], new Dictionary<string, Tensor> { ["conv.weight"] = weight }, new Dictionary<string, string>());
        var e = Assert.Throws<CheckpointException>(() => AnnotatorCatalogue.Create("normal_bae", new([folder.Path])));
        Assert.Contains("conv_stem.weight", e.Message, StringComparison.Ordinal);
    }

    private static Tensor Input(GoldenFile golden, string name) => PillowResizing.Normalised(GoldenPictures.Of(golden.Required(name)));
}
