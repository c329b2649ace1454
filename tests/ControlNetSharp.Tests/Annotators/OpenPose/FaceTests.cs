using System.Text.Json;
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

/// <summary>Faces against the original's numbers (openpose_face*).</summary>
public class FaceTests
{
    private const string Manifest = "key_manifest_openpose_face.json";
    private const string JsonName = "openpose_face.json";

    public static TheoryData<string> Files => Goldens.Files("openpose_face*.safetensors");

    [Theory]
    [MemberData(nameof(Files))]
    public void Network_WithTheGoldensWeights_GivesTheOriginalsMaps(string file)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        using var network = FormulaNetworks.Fill(new PointNetwork(PointNetwork.FaceMaps, Placement.Cpu32), Manifest, golden);
        var bgr = golden.Required("face/input_bgr");
        var features = network.Features((bgr.permute(2, 0, 1).unsqueeze(0).to(ScalarType.Float32) / 256 - 0.5).contiguous());
        golden.AssertClose("face/features", features, 5e-5);
        golden.AssertClose("face/stage1", network.RunStages(features, 1), 5e-5);
        golden.AssertClose("face/stage6", network.RunStages(features, 6), 5e-5);
    }

    [Theory]
    [InlineData(Manifest, "openpose hand or face")]
    [InlineData("key_manifest_openpose_hand.json", "openpose hand or face")]
    [InlineData("key_manifest_openpose_body.json", "openpose body")]
    [InlineData("key_manifest_normalbae.json", "normalbae")]
    [InlineData("key_manifest_depth_anything_v2_small_hf.json", "transformers")]
    public void Files_AreToldToBeAnnotators(string manifest, string layout)
    {
        var shapes = FormulaNetworks.Shapes(manifest);
        Assert.Equal(("annotator", layout), (CheckpointKind.Of(shapes).Kind, CheckpointKind.LayoutOf(shapes)));
        Assert.Equal("the network of an annotator, which makes hints", CheckpointKind.OtherKind(shapes));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Peaks_OfTheGoldensMaps_AreTheOriginals(string file)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var maps = golden.Required("peaks/heat").unsqueeze(0);
        var size = Goldens.Part(JsonName, "peaks").GetProperty("size");
        var (height, width) = (size[0].GetInt32(), size[1].GetInt32());
        golden.AssertClose("peaks/heat_resized_part3", FacePeaks.Enlarged(maps.narrow(1, 3, 1), width, height)[0, 0], 1e-5);
        var expected = golden["peaks/points_xy"].data<int>().ToArray().Chunk(2).Select(point => new PosePoint(point[0], point[1]));
        Assert.Equal(expected, FacePeaks.Find(maps, width, height));
        Assert.Equal(golden["peaks/parts_found"].shape[0], FacePeaks.Find(maps, width, height).Count);
    }

    [Fact]
    public void Boxes_OfTheGoldensHeads_AreTheOriginals()
    {
        var boxes = Goldens.Part(JsonName, "face_boxes");
        var size = boxes.GetProperty("width_height");
        foreach (var head in boxes.GetProperty("cases").EnumerateArray())
        {
            var body = new PosePoint?[PosePerson.BodyPoints];
            foreach (var (part, point) in new[] { 0, 14, 15, 16, 17 }.Zip(head.GetProperty("nose_eyes_ears").EnumerateArray()))
            {
                body[part] = point.ValueKind == JsonValueKind.Null ? null : new PosePoint(point[0].GetDouble(), point[1].GetDouble());
            }

            var expected = head.GetProperty("box_x_y_size") is { ValueKind: JsonValueKind.Array } box
                ? new FaceBox(box[0].GetInt32(), box[1].GetInt32(), box[2].GetInt32()) : (FaceBox?)null;
            Assert.Equal(expected, FaceBox.Of(new PosePerson(body), size[0].GetInt32(), size[1].GetInt32()));
        }
    }

    [Fact]
    public void Draw_OfTheGoldensFace_GivesTheOriginalsPicture()
    {
        var draw = Goldens.Part(JsonName, "draw");
        var size = draw.GetProperty("canvas_height_width");
        var (height, width) = (size[0].GetInt32(), size[1].GetInt32());
        var face = draw.GetProperty("points_0_1").EnumerateArray()
            .Select(point => point.ValueKind == JsonValueKind.Array ? new PosePoint(point[0].GetDouble() * width, point[1].GetDouble() * height) : (PosePoint?)null);
        var pose = new PoseKeypoints(width, height, [new PosePerson(new PosePoint?[PosePerson.BodyPoints]) { Face = [.. face] }]);
        HintAssert.MostPixelsWithin(PictureReader.Read(Goldens.Require("annot/face_draw.png")), PoseDrawing.Draw(pose), 2, 0.005, "face");
    }

    [Theory]
    [InlineData("openpose", 0)]
    [InlineData("openpose_hand", 1)]
    [InlineData("openpose_face", 1)]
    [InlineData("openpose_faceonly", 1)]
    [InlineData("openpose_full", 2)]
    public void Rows_NeedTheFilesOfWhatTheyFind(string name, int further) => Assert.Equal(further, AnnotatorCatalogue.Find(name).FurtherWeights.Count);

    [Fact]
    public void WithFace_OfANetworkThatSeesNothingButGround_AtTheEdgeOfThePicture_FindsNone()
    {
        using var network = new PointNetwork(PointNetwork.FaceMaps, Placement.Cpu32);
        foreach (var (name, parameter) in network.named_parameters())
        {
            using var _ = no_grad();
            // All maps are 0.5 everywhere, so that each point lies in the first pixel of the square, which does not count.
            parameter.fill_(name == "Mconv7_stage6.bias" ? 0.5f : 0);
        }

        using var finder = new FaceFinder(NetworkLease<PointNetwork>.Owned(network));
        var body = new PosePoint?[PosePerson.BodyPoints];
        (body[0], body[14]) = (new PosePoint(95, 75), new PosePoint(83, 75));
        Assert.Null(finder.WithFace(new PosePerson(body), TestPictures.Noise(100, 80), TestContext.Current.CancellationToken).Face);
    }
}
