using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.MoveNet;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Engine;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Scenes;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.MoveNet;

/// <summary>People in photographs, and in drawings, where the annotator for them answers.</summary>
public class MoveNetAnnotatorTests
{
    private static readonly Lazy<Picture> Astronaut = new(() => PictureReader.Read(Repository.PathOf("docs/pictures/astronaut.png")));

    /// <summary>A drawn person in whom MoveNet sees none.</summary>
    private static readonly Lazy<Picture> Drawn = new(() => SceneRenderer.Render(Scene.FromSeed(1_000_014), 256));

    [Fact]
    public void Detect_OfAPhotograph_FindsTheAstronaut()
    {
        var person = Assert.Single(Found("movenet", Astronaut.Value).People);
        AssertIsAstronaut(person, point => point, 0.05);
    }

    [Fact]
    public void Detect_OfAPersonBesideTheMirrorImage_FindsBoth_WithLeftAndRightOfTheirOwn()
    {
        var pair = TestPictures.Of(1024, 512, (x, y) => Astronaut.Value.At(x < 512 ? x : 1023 - x, y));
        var people = Found("movenet", pair).People.OrderBy(person => person.Body[0]!.Value.X).ToList();
        Assert.Equal(2, people.Count);
        AssertIsAstronaut(people[0], point => point, 0.05);
        // The mirror image's right shoulder is where her left one is.
        int[] mirrored = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16];
        var other = new PosePerson([.. mirrored.Select(i => people[1].Body[i])]);
        AssertIsAstronaut(other, point => new(1023 - point.X, point.Y), 0.05);
    }

    [Fact]
    public void Detect_OfASmallPersonInALargePicture_FindsIt()
    {
        var small = PictureResizing.Scale(Astronaut.Value, 128, 128);
        var picture = TestPictures.Of(1000, 700, (x, y) => x is >= 700 and < 828 && y is >= 400 and < 528 ? small.At(x - 700, y - 400) : (120, 130, 140));
        var person = Assert.Single(Found("movenet", picture).People);
        AssertIsAstronaut(person, point => new(4 * (point.X - 700), 4 * (point.Y - 400)), 0.08);
    }

    [Theory]
    [InlineData("chelsea.png")]
    [InlineData("coffee.png")]
    [InlineData("rocket.jpg")]
    public void Detect_OfAPhotographOfNobody_FindsNobody(string file) =>
        Assert.Empty(Found("movenet", PictureReader.Read(Repository.PathOf("docs/pictures/" + file))).People);

    [Fact]
    public void Options_AreThresholds_OfPeopleAndOfPoints()
    {
        Assert.Empty(Found("movenet", Astronaut.Value, ("person_threshold", 0.95)).People);
        int Points(double threshold) => Assert.Single(Found("movenet", Astronaut.Value, ("point_threshold", threshold)).People).Body.Count(point => point is not null);
        Assert.Equal(18, Points(0));
        Assert.InRange(Points(0.5), 4, Points(0.2) - 1);
        Assert.Empty(Found("movenet", Astronaut.Value, ("point_threshold", 1)).People);
    }

    [Fact]
    public void Detect_OfDrawnPeopleWhomMoveNetDoesNotSee_IsAnsweredByTheirOwnNetwork_UnlessOneIsNamed()
    {
        Assert.Equal(("movenet", 0), Answer("movenet", Drawn.Value));
        Assert.Equal(("openpose_pocket", 1), Answer("pose", Drawn.Value));
        Assert.Equal(("openpose_pocket", 1), Answer("openpose_pocket", Drawn.Value));
        Assert.Equal(("movenet", 1), Answer("pose", Astronaut.Value));
        Assert.Equal(("movenet", 0), Answer("POSE", TestPictures.Of(64, 64, (_, _) => (90, 90, 90))));

        static (string?, int) Answer(string name, Picture picture)
        {
            var found = Found(name, picture);
            return (found.FoundBy, found.People.Count);
        }
    }

    [Fact]
    public async Task AnEngine_SaysWhichAnnotatorAnswered_AndHandsTheOptionsOn()
    {
        await using var engine = new ControlNetEngine(new EngineOptions());
        Assert.Equal("openpose_pocket", (await Annotated(new ControlUnit { Kind = "pose", Picture = Drawn.Value })).Annotator);
        Assert.Equal("movenet", (await Annotated(new ControlUnit { Kind = "openpose", Picture = Astronaut.Value })).Annotator);
        var named = await Annotated(new ControlUnit { Kind = "pose", Annotator = "movenet", Picture = Drawn.Value });
        Assert.Equal(("movenet", 0), (named.Annotator, named.Pose!.People.Count));
        var strict = await Annotated(new ControlUnit { Kind = "pose", Annotator = "movenet", Picture = Astronaut.Value, Options = new Dictionary<string, double> { ["person_threshold"] = 0.95 } });
        Assert.Empty(strict.Pose!.People);

        Task<AnnotationResult> Annotated(ControlUnit unit) => engine.AnnotateAsync(unit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Find_CancelledInTheFirstPass_EndsBeforeTheSecond_AndLeavesNoTensors()
    {
        using var network = MoveNetNetworkTests.Network();
        using var cancellation = new CancellationTokenSource();
        var detector = new MoveNetDetector(network);
        // Networks keep padded weights from their first call on, where ConvolutionCheck asks for them.
        detector.Find(Drawn.Value, 0.2, cancellation.Token);
        var (before, passes) = (DisposeScopeManager.Statistics.ThreadTotalLiveCount, 0);
        network.modules().OfType<ConvolutionLayer>().First().register_forward_hook((_, _, output) =>
        {
            passes++;
            cancellation.Cancel();
            return output;
        });
        Assert.Throws<OperationCanceledException>(() => detector.Find(Astronaut.Value, 0.2, cancellation.Token));
        Assert.Equal((before, 1), (DisposeScopeManager.Statistics.ThreadTotalLiveCount, passes));
    }

    /// <summary>The key points of her that are plain to see, within a share of the picture's side: how the squares are resampled moves them.</summary>
    private static void AssertIsAstronaut(PosePerson person, Func<PosePoint, PosePoint> toOriginal, double tolerance)
    {
        var expected = Goldens.Part("movenet_openpose18.json", "pictures").GetProperty("astronaut").GetProperty("detect_256_512_refined")[0].GetProperty("openpose18");
        // Nose, neck, shoulders, elbows, eyes, ears.
        foreach (var i in new[] { 0, 1, 2, 3, 5, 6, 14, 15, 16, 17 })
        {
            var point = toOriginal(Assert.NotNull(person.Body[i]));
            Assert.Equal(expected[i][0].GetDouble(), point.X, 512 * tolerance);
            Assert.Equal(expected[i][1].GetDouble(), point.Y, 512 * tolerance);
        }
    }

    private static PoseKeypoints Found(string name, Picture picture, params (string Name, double Value)[] options)
    {
        using var annotator = AnnotatorCatalogue.Create(name);
        return ((PoseAnnotator)annotator).Detect(picture, new AnnotatorOptions(annotator.Info, options.ToDictionary(option => option.Name, option => option.Value)), TestContext.Current.CancellationToken);
    }
}
