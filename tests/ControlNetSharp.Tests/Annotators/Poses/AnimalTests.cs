using System.Text;
using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.Poses;

/// <summary>Animals in files, and as they are drawn.</summary>
public class AnimalTests
{
    private static readonly double[] Numbers = [.. Enumerable.Range(0, PoseKeypoints.AnimalPoints).SelectMany(i => new[] { 10.0 + 5 * i, 20 + 3 * i, i == 4 ? 0 : 0.7 })];

    public static TheoryData<string> Forms =>
    [
        $$"""{"people":[],"animals":[{{List(Numbers)}}],"canvas_width":120,"canvas_height":90}""",
        $$"""[{"animals":[{{List(Numbers)}}],"canvas_width":120,"canvas_height":90}]""",
        $$"""{"version":"ap10k","animals":[[{{string.Join(',', Numbers.Chunk(3).Select(List))}}]],"canvas_width":120,"canvas_height":90}""",
        $$"""{"images":[{"id":1,"file_name":"a.jpg","width":120,"height":90}],"annotations":[{"image_id":1,"num_keypoints":16,"keypoints":{{List(Numbers)}}}],"categories":[]}""",
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Parse_OfEachForm_GivesTheAnimal(string json)
    {
        var read = Parse(json);
        Assert.Equal((120, 90, 0), (read.Width, read.Height, read.People.Count));
        var animal = Assert.Single(read.Animals);
        Assert.Equal(PoseKeypoints.AnimalPoints, animal.Count);
        Assert.Null(animal[4]);
        Assert.Equal(new PosePoint(90, 68), animal[16]);
    }

    [Fact]
    public void Write_AndParse_GiveTheSameAnimals_AndFilesWithoutHaveNoList()
    {
        var read = Parse(Forms.First().Data);
        var again = Parse(PoseJson.Write(read));
        Assert.Equal(read.Animals[0].Select(point => point is null), again.Animals[0].Select(point => point is null));
        Assert.Equal(read.Animals[0][16]!.Value.X, again.Animals[0][16]!.Value.X, 9);
        Assert.DoesNotContain("animals", PoseJson.Write(new PoseKeypoints(4, 4, [])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"animals":3,"canvas_width":4,"canvas_height":4}""", "animals must be a list")]
    [InlineData("""{"animals":[[1,2,3]],"canvas_width":4,"canvas_height":4}""", "animals[0] must be a list of three numbers (x, y, confidence) for each of 17 points, not 3 numbers")]
    [InlineData("""{"animals":[{"bbox":[]}],"canvas_width":4,"canvas_height":4}""", "animals[0] has no keypoints")]
    [InlineData("""{"images":[{"width":4,"height":4},{"width":4,"height":4}],"annotations":[]}""", "has 2 images; one is needed")]
    [InlineData("""{"images":[{"height":4}],"annotations":[]}""", "width is missing")]
    [InlineData("""{"images":[{"width":4,"height":4}],"annotations":[],"categories":[{"id":1,"name":"person"}]}""", "is a data set of persons")]
    public void Parse_OfSomethingElse_SaysWhereAndWhatIsAllowed(string json, string message) =>
        Assert.Contains(message, Assert.Throws<PictureException>(() => Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Draw_OfAnAnimal_JoinsItsPointsInTheColoursOfAP10K()
    {
        var points = new PosePoint?[PoseKeypoints.AnimalPoints];
        // Eyes, and the back from the neck to the root of the tail.
        (points[0], points[1], points[3], points[4]) = (new PosePoint(10, 10), new PosePoint(30, 10), new PosePoint(10, 40), new PosePoint(50, 40));
        var picture = PoseDrawing.Draw(new PoseKeypoints(64, 64, []) { Animals = [points] });
        Assert.Equal((255, 255, 255), picture.At(20, 10));
        Assert.Equal((255, 0, 255), picture.At(30, 40));
        // OpenCV's line of 5 pixels reaches three to each side, and so do its round ends.
        Assert.Equal((255, 0, 255), picture.At(30, 43));
        Assert.Equal((0, 0, 0), picture.At(30, 44));
        Assert.Equal((255, 0, 255), picture.At(53, 40));
        Assert.Equal((0, 0, 0), picture.At(54, 40));
        Assert.Equal((0, 0, 0), picture.At(10, 25));
    }

    [Theory]
    [InlineData(499, 1)]
    [InlineData(500, 2)]
    [InlineData(1024, 3)]
    [InlineData(2999, 4)]
    [InlineData(4000, 6)]
    [InlineData(5000, 7)]
    [InlineData(9000, 7)]
    public void XinsirsScale_GrowsWithTheHint(int side, int scale) => Assert.Equal(scale, PoseDrawing.ScaleBySize(side));

    [Fact]
    public void Draw_InXinsirsStyle_HasLargeJointsAboveOpaqueLimbs()
    {
        var body = new PosePoint?[PosePerson.BodyPoints];
        (body[1], body[2]) = (new PosePoint(400, 300), new PosePoint(600, 300));
        var pose = new PoseKeypoints(1024, 640, [new PosePerson(body)]);
        var picture = PoseDrawing.Draw(pose, PoseStyle.Xinsir);
        // The scale is 3: joints of radius 12 in their full colours, limbs 12 to each side of the middle in 0.6 of theirs.
        Assert.Equal((255, 85, 0), picture.At(412, 300));
        Assert.Equal((255, 170, 0), picture.At(588, 300));
        Assert.Equal((153, 0, 0), picture.At(500, 300));
        Assert.Equal((153, 0, 0), picture.At(500, 311));
        Assert.Equal((0, 0, 0), picture.At(500, 314));
        Assert.Equal((0, 0, 0), PoseDrawing.Draw(pose).At(500, 311));
    }

    [Fact]
    public void AllAnnotatorsOfPersons_TakeTheStyle_AndFilesOfKeyPointsToo()
    {
        Assert.All(AnnotatorCatalogue.Of(ConditionKind.Find("pose")).Where(info => info.Name != "animal_openpose"), info => Assert.Contains(info.Options, option => option.Name == "style"));
        var options = AnnotatorOptions.Parse(MeasuredPose.Info, new Dictionary<string, string> { ["style"] = "xinsir" });
        Assert.Equal(PoseStyle.Xinsir, PoseStyles.Of(options));
        Assert.Equal(PoseStyle.OpenPose, PoseStyles.Of(new AnnotatorOptions(AnnotatorCatalogue.Find("canny"))));
    }

    private static string List(IEnumerable<double> numbers) => JsonSerializer.Serialize(numbers);

    private static PoseKeypoints Parse(string json) => PoseJson.Parse(Encoding.UTF8.GetBytes(json));
}
