using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Annotators.RtmPose;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Annotators.Onnx;
using ControlNetSharp.Tests.Cli;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.RtmPose;

/// <summary>What stands before and behind the networks of DWPose, RTMPose and animal_openpose, and the whole way with tiny ONNX files.</summary>
public sealed class RtmPoseTests : IDisposable
{
    private const int Side = 64;

    /// <summary>Cells of a detector that sees 64 x 64 pixels, and numbers of each.</summary>
    private const int Cells = 64 + 16 + 4,
        Numbers = 5 + 80;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Detector_SeesThePictureInTheUpperLeftCorner_OnGrey_AsBytes()
    {
        var input = YoloxDetector.Input(TestPictures.Of(32, 16, (x, y) => (x, y, 200)), 64, 64, 2);
        Assert.Equal([1, 3, 64, 64], input.Shape);
        Assert.Equal(200, input.Values[2 * 64 * 64]);
        Assert.Equal(31, input.Values[63]);
        // Between the pixels of the rows, and below the picture.
        Assert.Equal([0, 0, 1, 1], new[] { 0, 1, 2, 3 }.Select(y => (int)input.Values[64 * 64 + 64 * y]));
        Assert.Equal(114, input.Values[64 * 32]);
    }

    [Fact]
    public void Detector_DecodesBoxes_FromCellStrideAndLogarithm()
    {
        // The cell at (3, 5) of the grid with stride 8, and the one at (1, 0) of that with stride 32.
        var values = Nothing();
        Box(values, 8 * 5 + 3, [0.5f, -0.25f, MathF.Log(4), MathF.Log(2)], kind: 0, score: 0.9f);
        Box(values, 64 + 16 + 1, [0.25f, 0.5f, 0, 0], kind: 0, score: 0.5f);
        var boxes = Detector(values).Find(TestPictures.Noise(128, 96), [0], 0.3f);
        // The picture of 128 x 96 is seen at half its size.
        Assert.Equal([24, 60, 88, 92, 48, 0, 112, 64], boxes.SelectMany(box => new[] { box.Left, box.Top, box.Right, box.Bottom }).Select(side => Math.Round(side, 3)));
    }

    [Fact]
    public void Detector_KeepsTheSurestOfThoseThatOverlap_EachClassForItself()
    {
        var values = Nothing();
        // Boxes of 32 x 32 pixels around (8 · (cell + x), 16): two that nearly coincide, one apart, one that is unsure.
        foreach (var (cell, x, score) in new[] { (0, 0f, 0.8f), (1, -0.9f, 0.9f), (2, 4f, 0.7f), (3, 8f, 0.29f) })
        {
            Box(values, cell, [x, 2, MathF.Log(4), MathF.Log(4)], kind: 0, score);
        }

        Box(values, 4, [-4, 2, MathF.Log(4), MathF.Log(4)], kind: 16, score: 0.6f);
        Assert.Equal([0.8, 48], Middles(kind: 0));
        Assert.Equal([0], Middles(kind: 16));

        IEnumerable<double> Middles(int kind) =>
            Detector(values).Find(TestPictures.Noise(64, 64), [kind], 0.3f).Select(box => Math.Round((box.Left + box.Right) / 2, 3));
    }

    /// <summary>Sides count one pixel more than they measure: two boxes of 9 x 9 that lie 3.6 apart share 6.4 of 13.6 columns, which is above 0.45, where 5.4 of 12.6 is not.</summary>
    [Theory]
    [InlineData(3.6f, 1)]
    [InlineData(4f, 2)]
    public void Overlap_CountsPixels_AsTheOriginalDoes(float shift, int kept)
    {
        SeenBox[] boxes = [new(0, 0, 9, 9), new(shift, 0, shift + 9, 9)];
        Assert.Equal(kept, YoloxDetector.Distinct(boxes, i => 1 - 0.1f * i, 0.3f).Count());
    }

    [Fact]
    public void Detector_OfAnotherNetwork_SaysWhatItShouldGive()
    {
        var detector = new YoloxDetector(new FakeOnnx([1, 3, Side, Side], new OnnxTensor(new float[6], [1, 1, 6])));
        var e = Assert.Throws<CheckpointException>(() => detector.Find(TestPictures.Noise(4, 4), [0], 0.3f));
        Assert.Contains("gives [1, 1, 6] for 64 x 64 pixels; boxes of YOLOX, still to be decoded, are [1, 84, 5 + classes]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Crop_IsAQuarterLargerThanTheBox_InTheShapeOfTheInput()
    {
        var crop = PoseCrop.Around(new SeenBox(10, 20, 50, 40), 48, 64);
        Assert.Equal((30, 30, 50), (crop.MiddleX, crop.MiddleY, crop.SizeX));
        Assert.Equal(50 * 64 / 48.0, crop.SizeY, 9);
        Assert.Equal((30, 30), Rounded(crop.ToPicture(24, 32)));
        Assert.Equal(5, crop.ToPicture(0, 0).X, 9);
    }

    [Fact]
    public void Crop_OfThePictureItself_IsThePicture_AndBlackOutsideOfIt()
    {
        var picture = TestPictures.Noise(32, 32);
        Assert.Equal(picture.Bytes(), new PoseCrop(16, 16, 32, 32, 32, 32).Cut(picture));
        // Half a pixel to the right: the mean of two pixels, rounded up; the last column lies half outside.
        var moved = new PoseCrop(16.5, 16, 32, 32, 32, 32).Cut(picture);
        Assert.Equal((picture.Rgb[0] + picture.Rgb[3] + 1) / 2, moved[0]);
        Assert.Equal((picture.Rgb[3 * 31] + 1) / 2, moved[3 * 31]);
        Assert.All(new PoseCrop(-100, 16, 32, 32, 32, 32).Cut(picture), level => Assert.Equal(0, level));
    }

    [Fact]
    public void CropInput_IsNormalisedByTheMeanOfImageNet()
    {
        var input = new PoseCrop(1, 1, 2, 2, 2, 2).Input(TestPictures.Of(2, 2, (_, _) => (255, 0, 128)));
        Assert.Equal([1, 3, 2, 2], input.Shape);
        Assert.Equal((255 - 123.675) / 58.395, input.Values[0], 5);
        Assert.Equal((0 - 116.28) / 57.12, input.Values[4], 5);
        Assert.Equal((128 - 103.53) / 57.375, input.Values[8], 5);
    }

    [Fact]
    public void Points_LieWhereColumnAndRowAreHighest_TheFirstOfEqualOnes()
    {
        // Two points; the input has 4 x 3 pixels, the part of the picture 40 x 30 from (100, 200) on.
        var crop = new PoseCrop(120, 215, 40, 30, 4, 3);
        OnnxTensor columns = new([0, 0, 0, 0.9f, 0.9f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1], [1, 2, 8]);
        OnnxTensor rows = new([0, 0.4f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 2, 6]);
        var points = SimccDecoder.Decode([columns, rows], crop, "pose.onnx");
        Assert.Equal(((100 + 1.5 * 10, 200 + 0.5 * 10), 0.4f), (Rounded(points[0].Point), points[0].Score));
        // What is nowhere above 0 lies half a pixel outside.
        Assert.Equal(((95, 195), 0f), (Rounded(points[1].Point), points[1].Score));
        var e = Assert.Throws<CheckpointException>(() => SimccDecoder.Decode([columns], crop, "pose.onnx"));
        Assert.Contains("pose.onnx: gives [1, 2, 8] for 4 x 3 pixels; a network of poses with SimCC gives [1, points, 8] and [1, points, 6].", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WholeBodies_AreThoseOfOpenPose_WithTheEyesInTheFace()
    {
        PosePoint?[] points = [.. Enumerable.Range(0, CocoPoints.WholeBody).Select(i => (PosePoint?)new PosePoint(i, 2 * i))];
        points[2] = null;
        var person = CocoPoints.ToOpenPose(points);
        Assert.Equal([0, 5.5, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, -1, 1, 4, 3], person.Body.Select(point => point?.X ?? -1));
        Assert.Equal([.. Enumerable.Range(23, 68).Select(i => (double)i), -1, 1], person.Face!.Select(point => point?.X ?? -1));
        Assert.Equal(Enumerable.Range(91, 21).Select(i => (double)i), person.LeftHand!.Select(point => point!.Value.X));
        Assert.Equal(Enumerable.Range(112, 21).Select(i => (double)i), person.RightHand!.Select(point => point!.Value.X));
        Assert.Null(CocoPoints.ToOpenPose([.. points.Select((point, i) => i is >= 91 and < 112 ? null : point)]).LeftHand);
        Assert.Null(CocoPoints.ToOpenPose(points[..26]).Face);
    }

    [Fact]
    public void WhereNoPersonIsSeen_TheWholePictureIsLookedAt_AndUnsurePointsAreLeftOut()
    {
        using var annotator = Annotator(Nothing(), sure: 5, count: CocoPoints.WholeBody, out var poses);
        var pose = annotator.Detect(TestPictures.Noise(96, 64), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Single(poses.Given);
        var person = Assert.Single(pose.People);
        Assert.Equal("dw_openpose_full", pose.FoundBy);
        Assert.Equal([true, false, false, false, false, false, false, false, false, false, false, false, false, false, true, true, true, true], person.Body.Select(point => point is not null));
        Assert.Null(person.LeftHand);
        using var nobody = Annotator(Nothing(), sure: 0, count: CocoPoints.WholeBody, out _);
        Assert.Empty(nobody.Detect(TestPictures.Noise(96, 64), cancellationToken: TestContext.Current.CancellationToken).People);
    }

    [Fact]
    public void ANetworkOfTooFewPoints_IsRefused()
    {
        using var annotator = Annotator(Nothing(), sure: 5, count: 5, out _);
        var e = Assert.Throws<CheckpointException>(() => annotator.Detect(TestPictures.Noise(8, 8), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("finds 5 points; at least 17 are needed", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dw_openpose_full", "dw-ll_ucoco_384.onnx", CocoPoints.WholeBody)]
    [InlineData("rtmpose", "rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.onnx", CocoPoints.Body)]
    public async Task Annotate_ByTinyOnnxFiles_DrawsWhatTheySee(string annotator, string file, int count)
    {
        WriteModels(file, kind: 0, count);
        var made = await CommandRun.JsonOf(
            "annotate", "pose", _folder["photo.png"], "-o", _folder["hint.png"], "--annotator", annotator, "--models", _folder.Path, "--option", "style=xinsir");
        Assert.Equal(annotator, made.GetProperty("annotator").GetString());
        var person = made.GetProperty("keypoints").GetProperty("people")[0];
        Assert.Equal(count == CocoPoints.WholeBody, person.GetProperty("face_keypoints_2d").ValueKind != JsonValueKind.Null);
        // All points are the middle of the box, which is that of the picture.
        var nose = person.GetProperty("pose_keypoints_2d").EnumerateArray().Take(3).Select(number => Math.Round(number.GetDouble(), 3));
        Assert.Equal([48, 32, 1], nose);
        Assert.Contains(PictureReader.Read(_folder["hint.png"]).Bytes(), level => level > 0);
    }

    [Fact]
    public async Task Annotate_OfAnimals_GivesThemInTheJson()
    {
        WriteModels("rtmpose-m_simcc-ap10k_pt-aic-coco_210e-256x256-7a041aa1_20230206.onnx", kind: 16, PoseKeypoints.AnimalPoints);
        var made = await CommandRun.JsonOf("annotate", "animal_openpose", _folder["photo.png"], "-o", _folder["hint.png"], "--models", _folder.Path);
        Assert.Equal(0, made.GetProperty("keypoints").GetProperty("people").GetArrayLength());
        Assert.Equal(3 * PoseKeypoints.AnimalPoints, made.GetProperty("keypoints").GetProperty("animals")[0].GetArrayLength());
        // A dog is no person: the whole picture is looked at for people.
        File.Copy(_folder["rtmpose-m_simcc-ap10k_pt-aic-coco_210e-256x256-7a041aa1_20230206.onnx"], _folder["rtmpose-t_simcc-coco_x.onnx"]);
        var people = await CommandRun.JsonOf("annotate", "rtmpose", _folder["photo.png"], "-o", _folder["people.png"], "--models", _folder.Path);
        Assert.Equal(1, people.GetProperty("keypoints").GetProperty("people").GetArrayLength());
    }

    [Fact]
    public void Files_AreFoundByTheirPublishedNames_AnimalsApart()
    {
        File.WriteAllText(_folder["yolox_l.onnx"], "");
        File.WriteAllText(_folder["rtmpose-m_simcc-ap10k_pt-aic-coco_210e-256x256-7a041aa1_20230206.onnx"], "");
        var files = new AnnotatorFiles([_folder.Path]);
        Assert.Contains("rtmpose-*_simcc-body*.onnx", Assert.Throws<FileNotFoundException>(() => AnnotatorCatalogue.Create("rtmpose", files)).Message, StringComparison.Ordinal);
        Assert.EndsWith("7a041aa1_20230206.onnx", files.Find(AnimalPoseAnnotator.Description, AnimalPoseAnnotator.Description.FurtherWeights[0]), StringComparison.Ordinal);
        File.WriteAllText(_folder["rtmpose-l_simcc-coco-wholebody_pt-aic-coco_270e-384x288-eaeb96c8_20230125.onnx"], "");
        Assert.Contains("wholebody", files.Find(RtmPoseAnnotator.RtmPose, RtmPoseAnnotator.RtmPose.FurtherWeights[0]), StringComparison.Ordinal);
    }

    /// <summary>A detector that sees one thing in the whole picture, and a network that puts each point into its middle.</summary>
    private void WriteModels(string file, int kind, int count)
    {
        // The picture of 96 x 64 fills 64 x 42 of what the detector sees: a box of those sides around (32, 21.33).
        var values = Nothing();
        Box(values, 0, [4, 2.6666667f, MathF.Log(8), MathF.Log(5.3333335f)], kind, 0.9f);
        new TinyOnnx().Input("images", 1, 3, Side, Side).Constant("boxes", values, 1, Cells, Numbers).Node("Identity", ["boxes"], "output").Output("output", 1, Cells, Numbers).Write(_folder["yolox_l.onnx"]);
        var (x, y) = (Rows(count, count, 96), Rows(count, count, 128));
        new TinyOnnx().Input("input", null, 3, 64, 48).Constant("x", x, 1, count, 96).Constant("y", y, 1, count, 128)
            .Node("Identity", ["x"], "simcc_x").Node("Identity", ["y"], "simcc_y").Output("simcc_x", 1, count, 96).Output("simcc_y", 1, count, 128).Write(_folder[file]);
        PictureWriter.WritePng(_folder["photo.png"], TestPictures.Noise(96, 64));
    }

    private static RtmPoseAnnotator Annotator(float[] boxes, int sure, int count, out FakeOnnx poses)
    {
        poses = new FakeOnnx([null, 3, 64, 48], new OnnxTensor(Rows(count, sure, 96), [1, count, 96]), new OnnxTensor(Rows(count, sure, 128), [1, count, 128]));
        var detector = new FakeOnnx([1, 3, Side, Side], new OnnxTensor(boxes, [1, Cells, Numbers]));
        return new(RtmPoseAnnotator.DwPose, new TopDownPoses(new NetworkLease<IOnnxModel>(detector, () => { }), new NetworkLease<IOnnxModel>(poses, () => { })));
    }

    /// <summary>For each point the middle of so many places, sure for the first ones.</summary>
    private static float[] Rows(int count, int sure, int length)
    {
        var values = new float[count * length];
        for (var point = 0; point < count; point++)
        {
            values[point * length + length / 2] = point < sure ? 0.8f : 0.2f;
        }

        return values;
    }

    private static YoloxDetector Detector(float[] values) => new(new FakeOnnx([1, 3, Side, Side], new OnnxTensor(values, [1, Cells, Numbers])));

    private static (double X, double Y) Rounded(PosePoint point) => (Math.Round(point.X, 6), Math.Round(point.Y, 6));

    private static float[] Nothing() => new float[Cells * Numbers];

    private static void Box(float[] values, int cell, float[] place, int kind, float score)
    {
        place.CopyTo(values, cell * Numbers);
        (values[cell * Numbers + 4], values[cell * Numbers + 5 + kind]) = (1, score);
    }
}
