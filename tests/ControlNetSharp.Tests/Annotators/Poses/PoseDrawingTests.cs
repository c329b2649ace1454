using System.Text.Json;
using ControlNetSharp.Annotators.OpenPose;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.Poses;

/// <summary>Skeletons against the pictures of the original's drawing (OpenCV 4.6).</summary>
public class PoseDrawingTests
{
    private const string JsonName = "pose.json";

    public static TheoryData<string> Bodies => Names("draw");

    public static TheoryData<string> Hands => Names("hands");

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Draw_OfTheGoldensBodies_GivesTheOriginalsPicture(string name)
    {
        var body = Case("draw", name);
        var pose = new PoseKeypoints(body.GetProperty("width").GetInt32(), body.GetProperty("height").GetInt32(), Persons(body));
        var expected = PictureReader.Read(Goldens.Require($"annot/{body.GetProperty("file").GetString()}"));
        HintAssert.MostPixelsWithin(expected, PoseDrawing.Draw(pose), 2, 0.005, name);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void HandBoxes_OfTheGoldensBodies_AreTheOriginals(string name)
    {
        var body = Case("draw", name);
        var boxes = Persons(body).SelectMany(person => HandBox.Of(person, body.GetProperty("width").GetInt32(), body.GetProperty("height").GetInt32()));
        Assert.Equal(Boxes(body), boxes);
    }

    [Theory]
    [MemberData(nameof(Hands))]
    public void Draw_OfTheGoldensHands_GivesTheOriginalsPicture(string name)
    {
        var hands = Case("hands", name);
        var nobody = new PosePerson(new PosePoint?[PosePerson.BodyPoints]);
        // The original writes 0, 0 for a point that was not found.
        var people = hands.GetProperty("hands").EnumerateArray().Select(hand => nobody with
        {
            LeftHand = [.. hand.EnumerateArray().Select(point => (point[0].GetInt32(), point[1].GetInt32()) is var (x, y) && (x, y) != (0, 0) ? new PosePoint(x, y) : (PosePoint?)null)],
        });
        var pose = new PoseKeypoints(hands.GetProperty("width").GetInt32(), hands.GetProperty("height").GetInt32(), [.. people]);
        HintAssert.MostPixelsWithin(PictureReader.Read(Goldens.Require($"annot/{hands.GetProperty("file").GetString()}")), PoseDrawing.Draw(pose), 2, 0.005, name);
    }

    [Fact]
    public void Draw_OfNobody_IsBlack() => Assert.All(PoseDrawing.Draw(new PoseKeypoints(9, 7, [])).Bytes(), value => Assert.Equal(0, value));

    [Fact]
    public void Draw_OfAFace_PutsWhiteDisksOnItsPoints()
    {
        var person = new PosePerson(new PosePoint?[PosePerson.BodyPoints]) { Face = [new PosePoint(10, 20), null] };
        var picture = PoseDrawing.Draw(new PoseKeypoints(40, 40, [person]));
        Assert.Equal((255, 255, 255), picture.At(10, 20));
        Assert.Equal((255, 255, 255), picture.At(13, 20));
        Assert.Equal((0, 0, 0), picture.At(15, 20));
    }

    [Fact]
    public void Draw_OfHandsAndFaces_LeavesOutWhatOtherProgramsPutBeforeTheFirstColumnOrRow()
    {
        PosePoint?[] hand = [.. Enumerable.Range(0, PosePerson.HandPoints).Select(i => (PosePoint?)new PosePoint(i % 2 == 0 ? -1 : 30, i % 2 == 0 ? 20 : 0))];
        var person = new PosePerson(new PosePoint?[PosePerson.BodyPoints]) { Face = [new PosePoint(-1, 20), new PosePoint(20, 0.5)], LeftHand = hand };
        Assert.All(PoseDrawing.Draw(new PoseKeypoints(40, 40, [person])).Bytes(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Draw_OfPointsFarOutside_LeavesThePictureBlackAndTakesNoTime()
    {
        PosePoint?[] far = [.. Enumerable.Range(0, PosePerson.BodyPoints).Select(i => (PosePoint?)new PosePoint(-90_000 - i, 80_000))];
        Assert.All(PoseDrawing.Draw(new PoseKeypoints(16, 16, [new PosePerson(far)])).Bytes(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Canvas_OfTooManyPixels_IsRefusedBeforeMemoryIsTaken()
    {
        var e = Assert.Throws<ArgumentException>(() => PoseDrawing.Draw(new PoseKeypoints(60_000, 60_000, [])));
        Assert.Contains("60000 x 60000", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Persons from the original's two lists: points, and for each person the indices of its points.</summary>
    internal static IReadOnlyList<PosePerson> Persons(JsonElement body)
    {
        var points = body.GetProperty("candidate").EnumerateArray().Select(point => new PosePoint(point[0].GetDouble(), point[1].GetDouble())).ToList();
        return [.. body.GetProperty("subset").EnumerateArray().Select(person =>
            new PosePerson([.. person.EnumerateArray().Take(PosePerson.BodyPoints).Select(index => index.GetDouble() < 0 ? (PosePoint?)null : points[(int)index.GetDouble()])]))];
    }

    internal static IEnumerable<HandBox> Boxes(JsonElement body) =>
        body.GetProperty("hand_boxes").EnumerateArray().Select(box => new HandBox(box[0].GetInt32(), box[1].GetInt32(), box[2].GetInt32(), box[3].GetBoolean()));

    internal static JsonElement Case(string part, string name) => Goldens.Part(JsonName, part).EnumerateArray().FirstOrDefault(c => c.GetProperty("name").GetString() == name) is { ValueKind: JsonValueKind.Object } found
        ? found : throw new InvalidOperationException($"{JsonName} has no {part} named {name}.");

    internal static TheoryData<string> Names(string part) =>
        File.Exists(Goldens.PathOf(JsonName)) && Goldens.Json(JsonName).TryGetProperty(part, out var cases) && cases.GetArrayLength() > 0
            ? [.. cases.EnumerateArray().Select(c => c.GetProperty("name").GetString()!)] : [""];
}
