using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Training.Datasets;

public sealed class DatasetCheckTests : IDisposable
{
    private const int Size = 128;

    private readonly DatasetFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void GoodSet_HasNoFinding_AndItsSizesAreCounted()
    {
        var examples = Canny(3);
        foreach (var (hint, picture) in examples)
        {
            _folder.Example(hint, picture);
        }

        var told = new List<(int, int)>();
        var report = DatasetCheck.Run(_folder.Path, 128, (done, total) => told.Add((done, total)), TestContext.Current.CancellationToken);
        Assert.Empty(report.Findings);
        Assert.True(report.CanTrain);
        Assert.Equal((_folder.Path, DatasetLayout.PromptJson, 128, 3), (report.Folder, report.Layout, report.Resolution, report.Examples));
        Assert.Equal([new DatasetSize(Size, Size, 3)], report.Sizes);
        Assert.Equal([new DatasetBucket(128, 128, 3, 0, 0)], report.Buckets);
        Assert.Equal([(1, 3), (2, 3), (3, 3)], told);
    }

    [Fact]
    public void DamagedLines_AndUnreadablePictures_PreventTraining_AndAreAllNamed()
    {
        _folder.Example(Ring(), Ring()).Example(Ring(), TestPictures.Noise(64, 64)).Example(Ring(), TestPictures.Noise(64, 64, 2));
        File.WriteAllText(_folder["target/1.png"], "no picture");
        File.WriteAllBytes(_folder["source/2.png"], File.ReadAllBytes(_folder["source/2.png"])[..60]);
        File.AppendAllText(_folder["prompt.json"], "{\n" + DatasetFolder.Line("source/9.png", "target/0.png", "p") + "\n" + DatasetFolder.Line("../a.png", "target/0.png", "p") + "\n");
        var report = _folder.Check();
        Assert.False(report.CanTrain);
        Assert.Equal(6, report.Examples);
        var lines = Finding(report, "wrong_line", 3, prevents: true);
        Assert.StartsWith("prompt.json, line 4: \"{\" is not JSON", lines.Files[0], StringComparison.Ordinal);
        Assert.StartsWith("prompt.json, line 5: source \"source/9.png\" is not there", lines.Files[1], StringComparison.Ordinal);
        Assert.StartsWith("prompt.json, line 6: source \"../a.png\" may lead out", lines.Files[2], StringComparison.Ordinal);
        Assert.StartsWith("target/1.png: is a text file, not a picture", Assert.Single(Finding(report, "unreadable_picture", 1, prevents: true).Files), StringComparison.Ordinal);
        Assert.StartsWith("source/2.png: the PNG file is truncated", Assert.Single(Finding(report, "unreadable_hint", 1, prevents: true).Files), StringComparison.Ordinal);
        Assert.Equal(["wrong_line", "unreadable_picture", "unreadable_hint"], report.Findings.Take(3).Select(finding => finding.Code));
    }

    [Fact]
    public void AbsolutePaths_AreShownAsTheyStandInTheFile()
    {
        _folder.Example(Ring(), Ring());
        File.AppendAllText(_folder["prompt.json"], DatasetFolder.Line("source/0.png", _folder["target/0.png"], "p") + "\n");
        var line = Assert.Single(Finding(_folder.Check(), "wrong_line", 1, prevents: true).Files);
        Assert.StartsWith($"prompt.json, line 2: target \"{_folder["target/0.png"]}\" is an absolute path, which may lead out of the folder; it must be a path relative to {_folder.Path}", line, StringComparison.Ordinal);
    }

    [Fact]
    public void EmptySet_PreventsTraining()
    {
        _folder.Text("prompt.json", "");
        var report = _folder.Check();
        Assert.False(report.CanTrain);
        Assert.Equal(["prompt.json"], Finding(report, "no_example", 1, prevents: true).Files);
        Assert.Empty(report.Sizes);
    }

    [Fact]
    public void Captions_ThatAreMissing_TooLong_OrDamaged_AreNamed_AndDoNotPreventTraining()
    {
        string[] captions = ["", string.Join(' ', Enumerable.Repeat("cat", 75)), string.Join(' ', Enumerable.Repeat("cat", 76)), "a caf\uFFFD"];
        foreach (var (i, caption) in captions.Index())
        {
            _folder.Picture($"{i}.png", TestPictures.Noise(64, 64, i)).Text($"{i}.txt", caption);
        }

        _folder.Picture("5.png", TestPictures.Noise(64, 64, 5));
        var report = _folder.Check();
        Assert.True(report.CanTrain);
        Assert.Equal(["0.png", "5.png"], Finding(report, "caption_missing", 2).Files);
        Assert.Equal(["2.png: 76 tokens"], Finding(report, "caption_too_long", 1).Files);
        Assert.Equal(["3.png"], Finding(report, "caption_damaged", 1).Files);
        Assert.Equal(3, report.Findings.Count);
    }

    [Fact]
    public void Findings_NameAHandful_AndCountAll()
    {
        for (var i = 0; i < 8; i++)
        {
            _folder.Example(Ring(), TestPictures.Noise(64, 64, i), "");
        }

        Assert.Equal(5, Finding(_folder.Check(), "caption_missing", 8).Files.Count);
    }

    [Fact]
    public void LineHints_DrawnBlackOnWhite_AreNamed()
    {
        var examples = Canny(3);
        _folder.Example(examples[0].Hint, examples[0].Picture).Example(Inverted(examples[1].Hint), examples[1].Picture).Example(Inverted(examples[2].Hint), examples[2].Picture);
        var report = _folder.Check();
        Assert.Equal(["source/1.png", "source/2.png"], Finding(report, "hint_polarity", 2).Files);
        Assert.DoesNotContain(report.Findings, finding => finding.Code == "hint_shifted");
    }

    [Theory]
    [InlineData("depth")]
    [InlineData("segmentation")]
    [InlineData("normal")]
    [InlineData("fill")]
    [InlineData("canny")]
    public void HintsOfScenes_AreNotSuspected(string condition)
    {
        for (var seed = 0; seed < 6; seed++)
        {
            var example = SceneHints.Find(condition)!.Make(seed, Size);
            _folder.Example(example.Hint, example.Picture, example.Caption);
        }

        Assert.Empty(_folder.Check(128).Findings);
    }

    [Fact]
    public void NormalMaps_WithRedAndBlueSwapped_AreNamed()
    {
        for (var seed = 0; seed < 6; seed++)
        {
            var example = SceneHints.Find("normal")!.Make(seed, Size);
            _folder.Example(Swapped(example.Hint), example.Picture);
        }

        var finding = Finding(_folder.Check(128), "hint_channel_order", 6);
        Assert.Equal("source/0.png", finding.Files[0]);
    }

    [Fact]
    public void OneSwappedNormalMap_AmongGoodOnes_IsNamed()
    {
        // A ball: its sides point everywhere.
        var ball = TestPictures.Of(64, 64, (x, y) =>
        {
            var (u, v) = ((x - 31.5) / 32, (31.5 - y) / 32);
            var r = u * u + v * v;
            int Level(double component) => (int)Math.Round(127.5 * (component + 1));
            return r < 1 ? (Level(-u), Level(v), Level(Math.Sqrt(1 - r))) : (128, 128, 255);
        });
        for (var i = 0; i < 6; i++)
        {
            _folder.Example(i == 4 ? Swapped(ball) : ball, TestPictures.Noise(64, 64, i));
        }

        Assert.Equal(["source/4.png"], Finding(_folder.Check(), "hint_channel_order", 1).Files);
    }

    [Theory]
    [InlineData("canny", 8, -5)]
    [InlineData("canny", 0, 6)]
    [InlineData("fill", -7, 0)]
    [InlineData("segmentation", 5, 5)]
    public void Hints_ThatLieBesideTheirPictures_AreNamedWithTheShift(string condition, int dx, int dy)
    {
        // A scene with much to see in it.
        var example = SceneHints.Find(condition)!.Make(5, 256);
        _folder.Example(example.Hint, example.Picture).Example(Moved(example.Hint, dx, dy), Inverted(example.Picture));
        var named = Assert.Single(Finding(_folder.Check(256), "hint_shifted", 1).Files);
        var numbers = named.Replace("source/1.png: by ", "").Replace(" pixels (right, down)", "").Split(", ").Select(int.Parse).ToList();
        Assert.InRange(numbers[0], -dx - 1, -dx + 1);
        Assert.InRange(numbers[1], -dy - 1, -dy + 1);
    }

    [Fact]
    public void Hints_WhoseEdgesAreNotThoseOfThePicture_AreNotCalledShifted()
    {
        var examples = Canny(6);
        for (var i = 0; i < examples.Count; i++)
        {
            _folder.Example(examples[i].Hint, examples[(i + 1) % examples.Count].Picture);
        }

        Assert.DoesNotContain(_folder.Check(128).Findings, finding => finding.Code == "hint_shifted");
    }

    [Fact]
    public void Hints_OfAnotherSizeOrShape_OrBlank_AreNamed()
    {
        _folder.Example(TestPictures.Noise(32, 32), TestPictures.Noise(64, 64, 1))
            .Example(TestPictures.Noise(64, 48), TestPictures.Noise(64, 64, 2))
            .Example(TestPictures.Noise(65, 64), TestPictures.Noise(64, 64, 3))
            .Example(TestPictures.Of(64, 64, (_, _) => (7, 8, 9)), TestPictures.Noise(64, 64, 4));
        var report = _folder.Check();
        Assert.Equal(["source/0.png: 32 x 32, picture 64 x 64", "source/2.png: 65 x 64, picture 64 x 64"], Finding(report, "hint_size", 2).Files);
        Assert.Equal(["source/1.png: 64 x 48, picture 64 x 64"], Finding(report, "hint_shape", 1, prevents: true).Files);
        Assert.Equal(["source/3.png"], Finding(report, "hint_blank", 1).Files);
    }

    [Fact]
    public void Duplicates_AreTold_FromNearOnes_AndFromOthers()
    {
        var (picture, other) = (SceneRenderer.Render(Scene.FromSeed(1), Size), SceneRenderer.Render(Scene.FromSeed(2), Size));
        _folder.Picture("a.png", picture).Picture("b.png", other).Text("a.txt", "a").Text("b.txt", "b");
        File.Copy(_folder["a.png"], _folder["c.png"]);
        // The same pixels in other bytes, and nearly the same pixels.
        PictureWriter.WritePng(_folder["d.png"], picture, new Dictionary<string, string> { ["comment"] = "other bytes" });
        PictureWriter.Write(_folder["e.jpg"], picture, 80);
        PictureWriter.WritePng(_folder["f.png"], PictureResizing.Resize(picture, 100, 100, Interpolation.Area));
        var report = _folder.Check();
        Assert.Equal(["c.png = a.png", "d.png = a.png"], Finding(report, "duplicate", 2).Files);
        Assert.Equal(["e.jpg ≈ a.png", "f.png ≈ a.png"], Finding(report, "near_duplicate", 2).Files);
    }

    [Fact]
    public void FlatPictures_OfDifferentColours_AreNoDuplicates()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var example = FillScene.Make(seed, 64);
            _folder.Example(example.Hint, example.Picture);
        }

        Assert.DoesNotContain(_folder.Check().Findings, finding => finding.Code.EndsWith("duplicate", StringComparison.Ordinal));
    }

    [Fact]
    public void Pictures_OfManyShapes_AreCountedByBucket_AndTheLossIsNamed()
    {
        (int Width, int Height)[] sizes = [(128, 128), (256, 256), (400, 100), (1000, 100), (90, 90)];
        foreach (var (i, size) in sizes.Index())
        {
            _folder.Picture($"{i}.png", TestPictures.Noise(size.Width, size.Height, i)).Text($"{i}.txt", "a");
        }

        var report = _folder.Check(128);
        Assert.Equal(5, report.Sizes.Count);
        Assert.Equal([new DatasetBucket(128, 128, 3, 0, 1), new DatasetBucket(256, 64, 2, 0.3, 0)], report.Buckets);
        Assert.Equal(["3.png: 1000 x 100, 60 % at 256 x 64"], Finding(report, "cropped", 1).Files);
        Assert.Equal(["4.png: 90 x 90 to 128 x 128"], Finding(report, "enlarged", 1).Files);
    }

    [Fact]
    public void Check_ThatIsCancelled_Ends()
    {
        _folder.Example(Ring(), Ring());
        Assert.Throws<OperationCanceledException>(() => DatasetCheck.Run(_folder.Path, 64, cancellationToken: new CancellationToken(canceled: true)));
    }

    private static DatasetFinding Finding(DatasetReport report, string code, int count, bool prevents = false)
    {
        var finding = Assert.Single(report.Findings, finding => finding.Code == code);
        Assert.Equal((count, prevents), (finding.Count, finding.PreventsTraining));
        return finding;
    }

    private static List<(Picture Hint, Picture Picture)> Canny(int count)
    {
        using var annotator = new CannyAnnotator();
        return [.. Enumerable.Range(0, count).Select(seed => SceneRenderer.Render(Scene.FromSeed(seed), Size)).Select(picture => (annotator.Annotate(picture), picture))];
    }

    private static Picture Ring() => TestPictures.Of(64, 64, (x, y) => Math.Abs(Math.Sqrt((x - 32) * (x - 32) + (y - 32) * (y - 32)) - 20) < 1 ? (255, 255, 255) : (0, 0, 0));

    private static Picture Inverted(Picture picture) => new(picture.Width, picture.Height, [.. picture.Bytes().Select(level => (byte)(255 - level))]);

    private static Picture Swapped(Picture picture) => TestPictures.Of(picture.Width, picture.Height, (x, y) => picture.At(x, y) is var (r, g, b) ? (b, g, r) : default);

    private static Picture Moved(Picture picture, int dx, int dy) =>
        TestPictures.Of(picture.Width, picture.Height, (x, y) => picture.At(Math.Clamp(x - dx, 0, picture.Width - 1), Math.Clamp(y - dy, 0, picture.Height - 1)));
}
