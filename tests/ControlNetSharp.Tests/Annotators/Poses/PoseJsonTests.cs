using System.Text;
using System.Text.Json;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.Poses;

public class PoseJsonTests
{
    private static readonly PoseKeypoints Pose = new(200, 100, [new PosePerson(Points(PosePerson.BodyPoints)) { RightHand = Points(PosePerson.HandPoints) }, new PosePerson(Points(PosePerson.BodyPoints))]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_AndParse_GiveTheSameKeyPoints(bool normalised)
    {
        var read = PoseJson.Parse(Encoding.UTF8.GetBytes(PoseJson.Write(Pose, normalised)));
        Assert.Equal((200, 100, 2), (read.Width, read.Height, read.People.Count));
        AssertPoints(Pose.People[0].Body, read.People[0].Body);
        AssertPoints(Pose.People[0].RightHand!, read.People[0].RightHand!);
        Assert.Null(read.People[0].LeftHand);
        Assert.Null(read.People[1].RightHand);
    }

    [Fact]
    public void Write_GivesTheKeysAndNumbersOfA1111()
    {
        using var json = JsonDocument.Parse(PoseJson.Write(Pose));
        var person = json.RootElement.GetProperty("people")[0];
        var body = person.GetProperty("pose_keypoints_2d");
        Assert.Equal((200, 100), (json.RootElement.GetProperty("canvas_width").GetInt32(), json.RootElement.GetProperty("canvas_height").GetInt32()));
        Assert.Equal(3 * PosePerson.BodyPoints, body.GetArrayLength());
        Assert.Equal([0.05, 0.2, 1, 0, 0, 0], body.EnumerateArray().Take(6).Select(value => value.GetDouble()));
        Assert.Equal(JsonValueKind.Null, person.GetProperty("hand_left_keypoints_2d").ValueKind);
        Assert.Equal(JsonValueKind.Null, person.GetProperty("face_keypoints_2d").ValueKind);
    }

    [Fact]
    public void Parse_TakesAListOfOnePicture_AndNobody()
    {
        var read = PoseJson.Parse("""[{"people":[],"animals":[],"canvas_width":64,"canvas_height":48}]"""u8.ToArray());
        Assert.Equal((64, 48, 0), (read.Width, read.Height, read.People.Count));
    }

    [Fact]
    public void Parse_OfThe25PointsOfOpenPose_LeavesOutMiddleHipAndFeet()
    {
        var numbers = Enumerable.Range(0, 25).SelectMany(i => new[] { 10.0 + i, 20, 0.5 });
        var read = PoseJson.Parse(Encoding.UTF8.GetBytes($$"""{"people":[{"pose_keypoints_2d":[{{string.Join(',', numbers)}}]}],"canvas_width":64,"canvas_height":48}"""));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18], read.People[0].Body.Select(point => (int)point!.Value.X - 10));
    }

    [Fact]
    public void Parse_TakesEachListAsSharesOrPixels_ByItsLargestCoordinate()
    {
        double[] body = [.. Numbers(18, i => (0.5, i == 10 ? 1.1 : 0.25))];
        var inside = Parse($$"""{"people":[{"pose_keypoints_2d":{{List(body)}},"hand_left_keypoints_2d":{{List(Numbers(21, i => (100 + i, 3)))}},"face_keypoints_2d":{{List(Numbers(70, _ => (-0.1, 2)))}}}],"canvas_width":200,"canvas_height":100}""");
        var person = Assert.Single(inside.People);
        Assert.Equal((new PosePoint(100, 25), new PosePoint(100, 1.1 * 100)), (person.Body[0]!.Value, person.Body[10]!.Value));
        Assert.Equal(new PosePoint(101, 3), person.LeftHand![1]);
        Assert.Equal(new PosePoint(-0.1 * 200, 200), person.Face![0]);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void Parse_TakesTextWithAByteOrderMark(string encoding)
    {
        var marked = Encoding.GetEncoding(encoding);
        var read = PoseJson.Parse((byte[])[.. marked.Preamble, .. marked.GetBytes(PoseJson.Write(Pose))]);
        Assert.Equal((200, 100, 2), (read.Width, read.Height, read.People.Count));
    }

    [Fact]
    public void Parse_TakesSidesWithAPoint_AndThoseThatAreGivenWithTheText()
    {
        var read = Parse("""{"people":[],"canvas_width":64.0,"canvas_height":4.8e1}""");
        Assert.Equal((64, 48), (read.Width, read.Height));
        var raw = PoseJson.Parse(Encoding.UTF8.GetBytes($$"""{"version":1.3,"people":[{"pose_keypoints_2d":{{List(Numbers(25, i => (10 + i, 20)))}}}]}"""), "raw", 640, 480);
        Assert.Equal((640, 480, new PosePoint(10, 20)), (raw.Width, raw.Height, raw.People[0].Body[0]!.Value));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData(null)]
    public void Parse_OfSomebodyWithoutABody_HasTheHand(string? body)
    {
        var given = body is null ? "" : "\"pose_keypoints_2d\":" + body + ",";
        var hand = List(Numbers(21, i => (10 + i, 20)));
        var read = Parse($$"""{"people":[{ {{given}} "hand_right_keypoints_2d":{{hand}} }],"canvas_width":64,"canvas_height":48}""");
        Assert.All(read.People[0].Body, point => Assert.Null(point));
        Assert.Equal(new PosePoint(12, 20), read.People[0].RightHand![2]);
    }

    [Theory]
    [InlineData("not json", "is not JSON")]
    [InlineData("[]", "one JSON object")]
    [InlineData("""{"people":[],"canvas_height":4}""", "canvas_width is missing, as in files of OpenPose itself: canvas_width=… and canvas_height=… give the picture")]
    [InlineData("""{"people":[],"canvas_width":0,"canvas_height":4}""", "canvas_width must be a whole number from 1, not 0")]
    [InlineData("""{"people":[],"canvas_width":90000,"canvas_height":90000}""", "90000 x 90000 pixels; at most 67108864")]
    [InlineData("""{"people":[],"canvas_width":4.5,"canvas_height":4}""", "canvas_width must be a whole number from 1, not 4.5")]
    [InlineData("""[{"people":[],"canvas_width":4,"canvas_height":4},{"people":[],"canvas_width":4,"canvas_height":4}]""", "has 2 frames; one is needed")]
    [InlineData("""{"people":3,"canvas_width":4,"canvas_height":4}""", "people must be a list")]
    [InlineData("""{"people":[7],"canvas_width":4,"canvas_height":4}""", "people[0] must be an object")]
    [InlineData("""{"people":[{}],"canvas_width":4,"canvas_height":4}""", "people[0] has no key points; it must have one of pose_keypoints_2d, face_keypoints_2d, hand_left_keypoints_2d")]
    [InlineData("""{"people":[{"pose_keypoints_2d":[1,2,3]}],"canvas_width":4,"canvas_height":4}""", "people[0].pose_keypoints_2d must be a list of three numbers (x, y, confidence) for each of 18 or 25 points, not 3 numbers")]
    public void Parse_OfSomethingElse_SaysWhereAndWhatIsAllowed(string json, string message)
    {
        var e = Assert.Throws<PictureException>(() => PoseJson.Parse(Encoding.UTF8.GetBytes(json), "pose.json"));
        Assert.StartsWith("pose.json: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OfANumberThatIsNone_NamesItsPlace()
    {
        var numbers = Enumerable.Repeat("0", 53).Append("\"x\"");
        var e = Assert.Throws<PictureException>(() => PoseJson.Parse(Encoding.UTF8.GetBytes($$"""{"people":[{"pose_keypoints_2d":[{{string.Join(',', numbers)}}]}],"canvas_width":4,"canvas_height":4}""")));
        Assert.Contains("people[0].pose_keypoints_2d[53] must be a number from -100000 to 100000, not \"x\"", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfAFileThatIsNotThere_SaysSo() => Assert.Contains("does not exist", Assert.Throws<PictureException>(() => PoseJson.Read("nowhere.json")).Message, StringComparison.Ordinal);

    private static PoseKeypoints Parse(string json) => PoseJson.Parse(Encoding.UTF8.GetBytes(json));

    private static IEnumerable<double> Numbers(int count, Func<int, (double X, double Y)> at) =>
        Enumerable.Range(0, count).SelectMany(i => new[] { at(i).X, at(i).Y, 1 });

    private static string List(IEnumerable<double> numbers) => JsonSerializer.Serialize(numbers);

    private static PosePoint?[] Points(int count) => [.. Enumerable.Range(0, count).Select(i => i == 1 ? (PosePoint?)null : new PosePoint(10 + i, 20 + 2 * i))];

    private static void AssertPoints(IReadOnlyList<PosePoint?> expected, IReadOnlyList<PosePoint?> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (e, a) in expected.Zip(actual))
        {
            Assert.Equal(e is null, a is null);
            Assert.Equal(e?.X ?? 0, a?.X ?? 0, 9);
            Assert.Equal(e?.Y ?? 0, a?.Y ?? 0, 9);
        }
    }
}
