using System.Text.Json.Nodes;
using ControlNetSharp.Annotators;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>A folder or an animation of hints, which gives as many pictures, through the command line with tiny random networks.</summary>
public sealed class RowCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RowCommandTests()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        Directory.CreateDirectory(_folder["row"]);
        // In the order of characters the second is the last.
        foreach (var (name, seed) in new[] { ("walk1.png", 1), ("walk2.png", 2), ("walk10.png", 3) })
        {
            PictureWriter.WritePng(_folder["row/" + name], TestPictures.Noise(64, 64, seed));
        }

        PictureWriter.WritePng(_folder["plain.png"], TestPictures.Square(64, 64));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_WithAFolderOfHints_MakesAPictureOfEach_AsItIsMadeAlone()
    {
        var row = await Row("-c", Unit("row"), "-c", Unit("plain.png", ",weight=0.5"));
        Assert.Equal(3, row.Count);
        Assert.EndsWith("out-0002.png", row[2], StringComparison.Ordinal);
        foreach (var (index, name) in new[] { "walk1.png", "walk2.png", "walk10.png" }.Index())
        {
            var alone = await Row("-c", Unit("row/" + name), "-c", Unit("plain.png", ",weight=0.5"), "--seed", $"{7 + index}", "-o", _folder["alone.png"]);
            Assert.Equal(Bytes(alone[0]), Bytes(row[index]));
        }
    }

    [Fact]
    public async Task Generate_WithAFolderOfHints_WritesIntoEachPictureItsOwn_SoThatItIsMadeAgainAlone()
    {
        var row = await Row("-c", Unit("row"));
        var manifest = Replay.Read(row[2]).Manifest;
        var unit = Assert.Single(manifest.Request.Units);
        Assert.Equal((9L, 1, 1), (manifest.Request.Seed, manifest.Request.Batch, manifest.Request.Count));
        Assert.Equal(("walk10.png", null), (Path.GetFileName(unit.Picture.Path), unit.Frames));
        Directory.Delete(_folder["row"], recursive: true);
        var again = await CommandRun.JsonOf("generate", "--replay", row[2], "-o", _folder["again.png"]);
        Assert.Equal(Bytes(row[2]), Bytes(again.GetProperty("files")[0].GetString()!));
        Assert.Equal(PngTexts.Read(row[2])["controlnetsharp"], PngTexts.Read(_folder["again.png"])["controlnetsharp"]);
    }

    [Fact]
    public async Task Generate_WithAnAnimation_IsTheSameAsWithItsFramesInAFolder_AndAsThePrintedRequest()
    {
        Picture[] frames = [.. Enumerable.Range(1, 3).Select(side => TestPictures.Of(64, 64, (x, y) => x / side % 2 == 0 ? (255, 255, 255) : (0, 0, 0)))];
        File.WriteAllBytes(_folder["row.gif"], AnimationBytes.Gif(64, 64, frames));
        Directory.CreateDirectory(_folder["frames"]);
        foreach (var (index, frame) in frames.Index())
        {
            PictureWriter.WritePng(_folder[$"frames/{index}.png"], frame);
        }

        var ofGif = await Row("-c", Unit("row.gif"), "--count", "3", "--manifest", "link");
        var files = ofGif.Select(Bytes).ToList();
        Assert.Equal(3, files.Distinct(ByteArrays.Instance).Count());
        var again = await CommandRun.JsonOf("generate", "--replay", ofGif[1], "-o", _folder["again.png"]);
        Assert.Equal(files[1], Bytes(again.GetProperty("files")[0].GetString()!));
        Assert.Equal(files, (await Row("-c", Unit("frames"))).Select(Bytes));

        var printed = await CommandRun.Of(Arguments("-c", Unit("row.gif"), "--print-request"));
        var units = JsonNode.Parse(printed.Result)!["units"]![0]!;
        Assert.Equal([1, 2], units["frames"]!.AsArray().Select(frame => (int)frame!["frame"]!));
        await File.WriteAllTextAsync(_folder["request.json"], printed.Result, TestContext.Current.CancellationToken);
        Assert.Equal(files, (await Files("generate", "--request", _folder["request.json"], "--dtype", "fp32", "-o", _folder["json.png"])).Select(Bytes));
    }

    [Fact]
    public async Task Generate_WithARowInJson_TakesAFolder_OrTheNamesOfItsPictures()
    {
        var row = (await Row("-c", Unit("row"))).Select(Bytes).ToList();
        string[] units =
        [
            """{"kind": "canny", "picture": "row", "model": "control.safetensors"}""",
            """{"kind": "canny", "picture": "row/walk1.png", "frames": ["row/walk2.png", "row/walk10.png"], "model": "control.safetensors"}""",
        ];
        foreach (var unit in units)
        {
            await File.WriteAllTextAsync(_folder["request.json"], $$"""{"prompt": "a", "model": "model.safetensors", "seed": 7, "steps": 2, "count": 3, "units": [{{unit}}]}""", TestContext.Current.CancellationToken);
            Assert.Equal(row, (await Files("generate", "--request", _folder["request.json"], "--dtype", "fp32", "-o", _folder["json.png"], "--overwrite")).Select(Bytes));
            await File.WriteAllTextAsync(_folder["unit.json"], unit, TestContext.Current.CancellationToken);
            Assert.Equal(row, (await Row("-c", "@" + _folder["unit.json"])).Select(Bytes));
        }
    }

    [Fact]
    public async Task Generate_WithARow_SavesTheHintsOfEachPicture_AndThoseForAllOnce()
    {
        var json = await CommandRun.JsonOf(Arguments("-c", Unit("plain.png"), "-c", Unit("row"), "--save-maps"));
        var maps = json.GetProperty("maps").EnumerateArray().Select(map => Path.GetFileName(map.GetString()));
        Assert.Equal(["out-map0-canny.png", "out-map1-canny-0000.png", "out-map1-canny-0001.png", "out-map1-canny-0002.png"], maps);
        var hint = new CannyAnnotator().Annotate(PictureReader.Read(_folder["row/walk10.png"]), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(hint.Bytes(), Bytes(_folder["out-map1-canny-0002.png"]));
    }

    [Fact]
    public async Task Generate_WithAFolderOfKeyPointsAndPictures_TakesEachAsWhatItIs()
    {
        Directory.CreateDirectory(_folder["poses"]);
        var person = string.Join(',', Enumerable.Range(0, 54).Select(i => i % 3 == 2 ? "1" : $"{8 + i}"));
        await File.WriteAllTextAsync(_folder["poses/1.json"], $$"""{"people": [{"pose_keypoints_2d": [{{person}}]}], "canvas_width": 64, "canvas_height": 64}""", TestContext.Current.CancellationToken);
        PictureWriter.WritePng(_folder["poses/2.png"], TestPictures.Square(64, 64));
        var unit = $"pose={_folder["poses"]},annotator=none,model={_folder["control.safetensors"]}";
        Assert.Equal(2, (await Row("-c", unit)).Count);
    }

    [Theory]
    [InlineData("row", "--count 2", "--count 2: must be left out or be 3, as many as the row of pictures has")]
    [InlineData("row", "--count 1", "--count 1: must be left out or be 3")]
    [InlineData("row", "--batch 2", "--batch 2: must be 1 where units have a row of pictures (3)")]
    [InlineData("row", "-c canny=@two,model=@control.safetensors", "a row of 2 pictures does not go with that of units[0], which has 3")]
    [InlineData("row", "-c canny=@one,model=@control.safetensors", "a row of 1 pictures does not go with that of units[0], which has 3")]
    [InlineData("empty", "", "empty: there is no picture in this folder")]
    [InlineData("notes", "", "b.txt: is a text file, not a picture")]
    [InlineData("small", "", "a hint must be at least 8 x 8 pixels; this one has 4 x 4")]
    public async Task Generate_WithARowThatCannotBe_IsRefusedBeforeAnythingIsMade(string row, string more, string message)
    {
        foreach (var folder in new[] { "empty", "notes", "small", "one", "two" })
        {
            Directory.CreateDirectory(_folder[folder]);
        }

        foreach (var file in new[] { "notes/a.png", "small/a.png", "one/a.png", "two/a.png", "two/b.png" })
        {
            PictureWriter.WritePng(_folder[file], TestPictures.Square(64, 64));
        }

        await File.WriteAllTextAsync(_folder["notes/b.txt"], "what is to be done", TestContext.Current.CancellationToken);
        PictureWriter.WritePng(_folder["small/b.png"], TestPictures.Square(4, 4));
        var others = more.Replace("@", _folder.Path + "/", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var run = await CommandRun.Of(Arguments(["-c", Unit(row), .. others]));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path, "out*.png"));
    }

    [Fact]
    public async Task Generate_WithAnAnimationOfOneFrame_IsOfAPicture()
    {
        File.WriteAllBytes(_folder["one.gif"], AnimationBytes.Gif(64, 64, TestPictures.Square(64, 64)));
        var made = await Row("-c", Unit("one.gif"), "--count", "2");
        Assert.Equal((await Row("-c", Unit("plain.png"), "--count", "2")).Select(Bytes), made.Select(Bytes));
    }

    private string Unit(string picture, string more = "") => $"canny={_folder[picture]},model={_folder["control.safetensors"]}{more}";

    private string[] Arguments(params string[] more) =>
        ["generate", "-m", _folder["model.safetensors"], "-p", "a", "--steps", "2", "--dtype", "fp32", "--overwrite", .. more.Contains("--seed") ? [] : (string[])["--seed", "7"], .. more.Contains("-o") ? [] : (string[])["-o", _folder["out.png"]], .. more];

    private Task<List<string>> Row(params string[] more) => Files(Arguments(more));

    private static async Task<List<string>> Files(params string[] arguments) =>
        [.. (await CommandRun.JsonOf(arguments)).GetProperty("files").EnumerateArray().Select(file => file.GetString()!)];

    private static byte[] Bytes(string file) => PictureReader.Read(file).Bytes();

    private sealed class ByteArrays : IEqualityComparer<byte[]>
    {
        public static ByteArrays Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => obj.Length;
    }
}
