using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.OpenPose;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.OpenPose;

/// <summary>The networks against the original's numbers with formula weights.</summary>
public class OpenPoseNetworkTests
{
    private const string FileName = "annot_nets.safetensors";
    private const string BodyManifest = "key_manifest_openpose_body.json";
    private const string HandManifest = "key_manifest_openpose_hand.json";

    [Fact]
    public void BodyNetwork_OnTheGoldensPicture_GivesTheOriginalsMaps()
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(FileName);
        var input = Input(golden);
        using var network = FormulaNetworks.Fill(new BodyNetwork(Placement.Cpu32), BodyManifest, "body");
        var features = network.Features(input);
        golden.AssertClose("body/features", features, 2e-5);
        var (limbs, parts) = network.RunStages(features, 1);
        golden.AssertClose("body/stage1_L1", limbs, 2e-5);
        golden.AssertClose("body/stage1_L2", parts, 2e-5);
        (limbs, parts) = network.Run(input);
        golden.AssertClose("body/L1", limbs, 2e-5);
        golden.AssertClose("body/L2", parts, 2e-5);
    }

    [Fact]
    public void HandNetwork_OnTheGoldensPicture_GivesTheOriginalsMaps()
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(FileName);
        var input = Input(golden);
        using var network = FormulaNetworks.Fill(new PointNetwork(PointNetwork.HandMaps, Placement.Cpu32), HandManifest, "hand");
        golden.AssertClose("hand/out", network.Run(input), 2e-5);
    }

    [Fact]
    public void Input_OfAPictureAtScaleOne_IsBgrAroundZero_PaddedWithGrey()
    {
        var input = PoseInput.Of(TestPictures.Of(10, 6, (x, y) => (x, 50 + y, 255)), 1);
        Assert.Equal((10, 6, 16, 8), (input.Width, input.Height, input.PaddedWidth, input.PaddedHeight));
        var plane = input.PaddedWidth * input.PaddedHeight;
        Assert.Equal(255 / 256f - 0.5f, input.Values[0]);
        Assert.Equal(55 / 256f - 0.5f, input.Values[plane + 5 * 16 + 9]);
        Assert.Equal(9 / 256f - 0.5f, input.Values[2 * plane + 5 * 16 + 9]);
        Assert.Equal(0, input.Values[10]);
        Assert.Equal(0, input.Values[2 * plane + plane - 1]);
    }

    [Fact]
    public void Annotate_WithoutAnybodyInThePicture_IsBlack_AndDetectSaysSo()
    {
        using var annotator = new OpenPoseAnnotator(OpenPoseAnnotator.Descriptions[0], NetworkLease<BodyNetwork>.Owned(Zeros(new BodyNetwork(Placement.Cpu32))));
        var picture = TestPictures.Noise(40, 24);
        Assert.Empty(annotator.Detect(picture, cancellationToken: TestContext.Current.CancellationToken).People);
        var hint = annotator.Hint(picture);
        Assert.Equal((40, 24), (hint.Width, hint.Height));
        Assert.All(hint.Bytes(), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 300)]
    [InlineData(3000, 2)]
    public void Detect_InPicturesOfAnyShape_Works(int width, int height)
    {
        using var annotator = new OpenPoseAnnotator(OpenPoseAnnotator.Descriptions[0], NetworkLease<BodyNetwork>.Owned(Zeros(new BodyNetwork(Placement.Cpu32))));
        var pose = annotator.Detect(TestPictures.Noise(width, height), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((width, height), (pose.Width, pose.Height));
    }

    [Fact]
    public void HandPeaks_AreTheHighestPixelsOfTheHeaviestAreas()
    {
        using var scope = NewDisposeScope();
        // One map of 22: a large area at the left, a small one of a higher value at the right.
        var maps = zeros([PointNetwork.HandMaps, 8, 12]);
        maps[0, 2, 2] = 0.6f;
        maps[0, 3, 2] = 0.6f;
        maps[0, 2, 3] = 0.7f;
        maps[0, 5, 10] = 0.9f;
        var points = HandPeaks.Find([new PoseMaps(maps, 96, 64, 96, 64)]);
        Assert.Equal(PosePerson.HandPoints, points.Count);
        Assert.All(points.Skip(1), Assert.Null);
        Assert.InRange(points[0]!.Value.X, 20, 32);
        Assert.InRange(points[0]!.Value.Y, 14, 24);
    }

    [Fact]
    public void Annotators_WithoutTheirFiles_NameThemAndTheFolders()
    {
        using var folder = new TemporaryFolder();
        var e = Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create("openpose", new([folder.Path])));
        Assert.Contains("body_pose_model.pth", e.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, e.Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder["body_pose_model.safetensors"], []);
        e = Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create("openpose_full", new([folder.Path])));
        Assert.Contains("hand_pose_model.pth", e.Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder["hand_pose_model.safetensors"], []);
        e = Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create("openpose_full", new([folder.Path])));
        Assert.Contains("facenet.pth", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfAFileOfAnotherNetwork_NamesTheKeyThatIsMissing()
    {
        using var folder = new TemporaryFolder();
        using var weight = zeros(2, 3);
        SafetensorsWriter.Write(folder["body_pose_model.safetensors"], new Dictionary<string, Tensor> { ["conv.weight"] = weight }, new Dictionary<string, string>());
        var e = Assert.Throws<CheckpointException>(() => AnnotatorCatalogue.Create("openpose", new([folder.Path])));
        Assert.Contains("it looks like an OpenPose body network, but its keys do not fit: 184 missing (Mconv1_stage2_L1.bias", e.Message, StringComparison.Ordinal);
    }

    private static Tensor Input(GoldenFile golden)
    {
        var bgr = golden.Required("body/input_bgr");
        return (bgr.permute(2, 0, 1).unsqueeze(0).to(ScalarType.Float32) / 256 - 0.5).contiguous();
    }

    private static BodyNetwork Zeros(BodyNetwork network)
    {
        foreach (var (_, parameter) in network.named_parameters())
        {
            parameter.zero_();
        }

        return network;
    }
}
