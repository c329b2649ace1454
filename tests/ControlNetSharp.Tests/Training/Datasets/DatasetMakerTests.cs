using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Training.Datasets;

public sealed class DatasetMakerTests : IDisposable
{
    private const long FirstSeed = 2_000_000;
    private const int Size = 64;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Conditions => [.. DatasetMaker.Conditions];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Conditions_HaveTheExactKinds_TheAnnotatorsWithoutWeights_AndFill()
    {
        Assert.Superset(new HashSet<string> { "canny", "depth", "normal", "segmentation", "fill" }, DatasetMaker.Conditions.ToHashSet());
        Assert.All(AnnotatorCatalogue.All.Where(info => info.Weights is null && ConditionKind.Find(info.Kind).TakesNetwork), info => Assert.Contains(info.Kind, DatasetMaker.Conditions));
        Assert.Equal(("segmentation", "fill", null), (DatasetMaker.Find("SEG"), DatasetMaker.Find("Fill"), DatasetMaker.Find("hint")));
        Assert.Null(DatasetMaker.Find("reference"));
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void Make_WritesASetThatTrainingCanRead_TheSameOneAgain(string condition)
    {
        var told = new List<int>();
        Make("set", Options(condition, 3), told.Add);
        Make("again", Options(condition, 3));
        Assert.Equal([1, 2, 3], told);
        var dataset = TrainingDataset.Open(_folder["set"]);
        Assert.Equal((DatasetLayout.PromptJson, 3), (dataset.Layout, dataset.Examples.Count));
        foreach (var (i, example) in dataset.Examples.Index())
        {
            Assert.Equal((_folder[$"set/target/{i}.png"], _folder[$"set/source/{i}.png"]), (example.Picture, example.Hint));
            var made = SceneHints.Find(condition)!.Make(FirstSeed + i, Size);
            Assert.Equal(made.Picture.Bytes(), PictureReader.Read(example.Picture).Bytes());
            Assert.Equal(made.Hint.Bytes(), PictureReader.Read(example.Hint!).Bytes());
            Assert.Equal(made.Caption, example.Caption);
        }

        string[] Files(string set) => [.. Directory.GetFiles(_folder[set], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.Equal(7, Files("set").Length);
        Assert.All(Files("set").Zip(Files("again")), pair => Assert.Equal(File.ReadAllBytes(pair.First), File.ReadAllBytes(pair.Second)));
        Assert.True(DatasetCheck.Run(_folder["set"], Size, cancellationToken: TestContext.Current.CancellationToken).CanTrain);
    }

    [Fact]
    public void PromptJson_HasTheTutorialsFields_OneObjectALine()
    {
        Make("set", Options("fill", 2));
        var lines = File.ReadAllText(_folder["set/prompt.json"]).Split('\n');
        Assert.Equal("", lines[2]);
        using var line = JsonDocument.Parse(lines[1]);
        Assert.Equal([("source", "source/1.png"), ("target", "target/1.png"), ("prompt", FillScene.Make(FirstSeed + 1, Size).Caption)], line.RootElement.EnumerateObject().Select(field => (field.Name, field.Value.GetString())));
    }

    [Fact]
    public void Make_OfAnAnnotatorsKind_HasItsHints_OnTheScenesPictures()
    {
        var (example, picture) = (SceneHints.Find("canny")!.Make(5, Size), SceneRenderer.Render(Scene.FromSeed(5), Size));
        using var annotator = AnnotatorCatalogue.Create("canny");
        Assert.Equal(picture.Bytes(), example.Picture.Bytes());
        Assert.Equal(annotator.Annotate(picture, cancellationToken: TestContext.Current.CancellationToken).Bytes(), example.Hint.Bytes());
        Assert.Equal(Scene.FromSeed(5).Caption, example.Caption);
    }

    [Fact]
    public void Make_OfSeveralConditions_HasThemInTurn()
    {
        Make("set", new DatasetMakeOptions { Conditions = ["seg", "canny"], Scenes = 4, Size = Size });
        Picture Hint(int i) => PictureReader.Read(_folder[$"set/source/{i}.png"]);
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(SceneHints.Find(i % 2 == 0 ? "segmentation" : "canny")!.Make(FirstSeed + i, Size).Hint.Bytes(), Hint(i).Bytes()));
    }

    public static TheoryData<string> Kinds => [.. DatasetMaker.Conditions];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void VariedHints_AreTheSameAgain_AndNotThePlainOnes(string condition)
    {
        var hints = SceneHints.Find(condition)!;
        using var first = new VariedHints();
        using var second = new VariedHints();
        var differing = 0;
        for (var seed = 0; seed < 8; seed++)
        {
            var (plain, varied, again) = (hints.Make(seed, Size), first.Make(hints, seed, Size), second.Make(hints, seed, Size));
            Assert.Equal(plain.Picture.Bytes(), varied.Picture.Bytes());
            Assert.Equal(plain.Caption, varied.Caption);
            Assert.Equal((Size, Size), (varied.Hint.Width, varied.Hint.Height));
            Assert.Equal(varied.Hint.Bytes(), again.Hint.Bytes());
            differing += plain.Hint.Bytes().SequenceEqual(varied.Hint.Bytes()) ? 0 : 1;
        }

        Assert.InRange(differing, 1, 8);
    }

    [Fact]
    public void HintVariation_OfAreas_KeepsTheirColours_AndOfLinesTheirDarkGround()
    {
        var (areas, lines) = (SceneHints.Find("segmentation")!.Make(3, Size).Hint, SceneHints.Find("canny")!.Make(3, Size).Hint);
        var colours = areas.Bytes().Chunk(3).Select(c => (c[0], c[1], c[2])).ToHashSet();
        for (var seed = 0; seed < 30; seed++)
        {
            Assert.All(HintVariation.Apply("segmentation", areas, new Random(seed)).Bytes().Chunk(3), c => Assert.Contains((c[0], c[1], c[2]), colours));
            Assert.InRange(HintVariation.Apply("canny", lines, new Random(seed)).Bytes().Average(level => (double)level), 0.3 * lines.Bytes().Average(level => (double)level), 3.2 * lines.Bytes().Average(level => (double)level));
        }
    }

    [Fact]
    public void Depth_IsBrighterWhereItIsNearer_FromBlackToWhite()
    {
        var (hint, truth) = (SceneHints.Find("depth")!.Make(7, Size).Hint, SceneRenderer.RenderTruth(Scene.FromSeed(7), Size));
        var byDistance = Enumerable.Range(0, truth.Depth.Length).OrderBy(i => truth.Depth[i]).Select(i => hint.Rgb[3 * i]).ToList();
        Assert.Equal(byDistance.OrderDescending(), byDistance);
        Assert.Equal((255, 0), (byDistance[0], byDistance[^1]));
        Assert.All(Enumerable.Range(0, truth.Depth.Length), i => Assert.True(hint.Rgb[3 * i] == hint.Rgb[3 * i + 1] && hint.Rgb[3 * i] == hint.Rgb[3 * i + 2]));
    }

    [Fact]
    public void Normals_AreRedToTheLeft_GreenUpwards_BlueToTheViewer()
    {
        SceneTruth Truth(float x, float y, float z, float depth = 1) => new() { Picture = new Picture(1, 1, new byte[3]), Depth = [depth], Normals = [x, y, z], Segmentation = [0], Edges = [false], People = [] };
        Assert.Equal([255, 128, 128], TruthHints.Normals(Truth(-1, 0, 0), 1).Bytes());
        Assert.Equal([0, 128, 128], TruthHints.Normals(Truth(1, 0, 0), 1).Bytes());
        Assert.Equal([128, 255, 128], TruthHints.Normals(Truth(0, 1, 0), 1).Bytes());
        Assert.Equal([128, 128, 255], TruthHints.Normals(Truth(0, 0, 1), 1).Bytes());
        Assert.Equal([128, 128, 255], TruthHints.Normals(Truth(0, 0, 0, float.PositiveInfinity), 1).Bytes());
    }

    [Fact]
    public void Edges_AreBrightOnBlack_WhereSurfacesEnd()
    {
        var (hint, truth) = (SceneHints.Find("softedge")!.Make(7, Size).Hint, SceneRenderer.RenderTruth(Scene.FromSeed(7), Size));
        var (on, off) = (truth.Edges.Index().Where(pixel => pixel.Item).Select(pixel => (double)hint.Rgb[3 * pixel.Index]).ToList(), truth.Edges.Index().Where(pixel => !pixel.Item).Select(pixel => (double)hint.Rgb[3 * pixel.Index]).ToList());
        Assert.True(on.Count > 0 && off.Count > 0);
        Assert.True(on.Min() > 100 && on.Average() > 3 * off.Average(), $"{on.Min()}, {on.Average()}, {off.Average()}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Pose_ShowsAPerson_InThePicture(long seed)
    {
        var example = SceneHints.Find("pose")!.Make(seed, Size);
        Assert.Contains(example.Hint.Bytes(), level => level > 0);
        Assert.Contains(new[] { "person", "man", "woman", "boy", "girl", "child", "people", "men", "women" }, word => example.Caption.Contains(word, StringComparison.Ordinal));
    }

    [Fact]
    public void Segmentation_HasTheColourOfEachPixelsClass()
    {
        var (hint, truth) = (SceneHints.Find("segmentation")!.Make(7, Size).Hint, SceneRenderer.RenderTruth(Scene.FromSeed(7), Size));
        Assert.All(truth.Segmentation.Index(), pixel => Assert.Equal(Ade20kPalette.ColourOf(pixel.Item), (hint.Rgb[3 * pixel.Index], hint.Rgb[3 * pixel.Index + 1], hint.Rgb[3 * pixel.Index + 2])));
    }

    [Fact]
    public void Fill_ShowsTheCircleOfTheHint_InTheColoursOfThePrompt()
    {
        var colours = CssColour.All.ToDictionary(colour => colour.Name, colour => (colour.Red, colour.Green, colour.Blue));
        for (var seed = 0; seed < 50; seed++)
        {
            var (hint, picture, caption) = FillScene.Make(seed, Size);
            var words = caption.Split(" circle with ");
            Assert.EndsWith(" background", words[1], StringComparison.Ordinal);
            var (circle, ground) = (colours[words[0]], colours[words[1].Replace(" background", "")]);
            // Where the hint is black the picture is one of both, and a line is drawn between any two pixels of different colours.
            var pixels = Enumerable.Range(0, Size * Size).Select(i => (X: i % Size, Y: i / Size)).ToList();
            Assert.All(pixels, p => Assert.True(hint.At(p.X, p.Y) != (0, 0, 0) || picture.At(p.X, p.Y) == circle || picture.At(p.X, p.Y) == ground, $"seed {seed}, {p}"));
            Assert.All(pixels.Where(p => p.X + 1 < Size), p => Assert.True(
                picture.At(p.X, p.Y) == picture.At(p.X + 1, p.Y) || hint.At(p.X, p.Y) != (0, 0, 0) || hint.At(p.X + 1, p.Y) != (0, 0, 0), $"seed {seed}, {p}"));
            Assert.Contains(pixels, p => picture.At(p.X, p.Y) == circle);
            Assert.Contains(pixels, p => hint.At(p.X, p.Y).R > 100);
            Assert.All(pixels, p => Assert.True(hint.At(p.X, p.Y) is var (r, g, b) && r == g && g == b));
        }
    }

    [Fact]
    public void Fill_VariesInSizePlaceAndColours_AndIsSmoothAtEdges()
    {
        var examples = Enumerable.Range(0, 100).Select(seed => FillScene.Make(seed, Size)).ToList();
        var shares = examples.Select(example => example.Hint.Bytes().Count(level => level > 100)).ToList();
        Assert.True(shares.Max() > 2.5 * shares.Min(), $"{shares.Min()} to {shares.Max()}");
        Assert.True(examples.Select(example => example.Caption).Distinct().Count() > 95);
        Assert.True(examples.All(example => example.Hint.Bytes().Distinct().Count() > 20));
    }

    [Fact]
    public void CssColours_AreNamedAndDistinct()
    {
        Assert.Equal(139, CssColour.All.Length);
        Assert.Equal(139, CssColour.All.DistinctBy(colour => colour.Name).Count());
        Assert.Equal(139, CssColour.All.DistinctBy(colour => colour.Rgb).Count());
        // .NET has the same table, its names in one word.
        foreach (var colour in CssColour.All)
        {
            var known = System.Drawing.Color.FromName(colour.Name.Replace(" ", ""));
            Assert.True(known.IsKnownColor && (known.ToArgb() & 0xFFFFFF) == colour.Rgb, $"{colour}: {known}");
        }
    }

    [Theory]
    [InlineData("hint", 1, 64, FirstSeed, "canny, ")]
    [InlineData("hint", 1, 64, FirstSeed, "fill")]
    [InlineData("circles", 1, 64, FirstSeed, "No dataset can be made for \"circles\"")]
    [InlineData("fill", 0, 64, FirstSeed, "Scenes 0: must be from 1 to 1000000")]
    [InlineData("fill", 1, 100, FirstSeed, "Size 100: must be a multiple of 64 from 64 to 2048")]
    [InlineData("fill", 1, 64, -1, "FirstSeed -1: must be from 0")]
    [InlineData("fill", 1, 64, 1_000_000, "from 900000 to 1099999")]
    [InlineData("fill", 2, 64, 899_999, "from 900000 to 1099999")]
    [InlineData("fill", 1_000_000, 64, 0, "from 900000 to 1099999")]
    public void Make_OfWhatIsNotAllowed_IsRefused_AndLeavesNothing(string condition, int scenes, int size, long seed, string expected)
    {
        var problem = Assert.ThrowsAny<ArgumentException>(() => Make("set", new DatasetMakeOptions { Conditions = [condition], Scenes = scenes, Size = size, FirstSeed = seed }));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData(1, 899_999, false)]
    [InlineData(2, 899_999, true)]
    [InlineData(1, 1_099_999, true)]
    [InlineData(1, 1_100_000, false)]
    public void ReservedSeeds_AreThoseOfValidationAndEvaluation(int scenes, long seed, bool uses) =>
        Assert.Equal(uses, new DatasetMakeOptions { Conditions = ["fill"], Scenes = scenes, FirstSeed = seed }.UsesReservedSeeds);

    [Fact]
    public void Make_ThatIsCancelledOnTheWay_LeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => DatasetMaker.Make(
            _folder["set"], Options("fill", 500), done =>
            {
                if (done == 3)
                {
                    stop.Cancel();
                }
            },
            stop.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Make_ThatFailsOnTheWay_SaysWhy_AndLeavesNothing()
    {
        var problem = Assert.Throws<InvalidOperationException>(() => Make("set", Options("fill", 10), _ => throw new InvalidOperationException("the bar broke")));
        Assert.Equal("the bar broke", problem.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Make_InAnEmptyFolder_FillsIt_ButNotInOneWithSomethingInIt()
    {
        Directory.CreateDirectory(_folder["empty"]);
        Make("empty", Options("fill", 1));
        var before = _folder.Listing();
        Assert.Contains("exists already", Assert.Throws<DatasetException>(() => Make("empty", Options("fill", 1))).Message, StringComparison.Ordinal);
        Assert.Contains("exists already", Assert.Throws<DatasetException>(() => Make("empty/prompt.json", Options("fill", 1))).Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<DatasetException>(() => Make("none/set", Options("fill", 1))).Message, StringComparison.Ordinal);
        Assert.Equal(before, _folder.Listing());
        Assert.Equal(["empty"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    private static DatasetMakeOptions Options(string condition, int scenes) => new() { Conditions = [condition], Scenes = scenes, Size = Size };

    private void Make(string name, DatasetMakeOptions options, Action<int>? onExample = null) => DatasetMaker.Make(_folder[name], options, onExample, TestContext.Current.CancellationToken);
}
