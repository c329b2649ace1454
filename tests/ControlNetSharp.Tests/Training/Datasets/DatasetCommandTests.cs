using System.Text.Json;
using ControlNetSharp.Tests.Cli;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Training.Datasets;

public sealed class DatasetCommandTests : IDisposable
{
    private readonly DatasetFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Make_ThenCheck_SaysThatTrainingIsPossible()
    {
        var made = await CommandRun.JsonOf("dataset", "make", _folder["set"], "--condition", "seg", "--scenes", "4", "--size", "128", "--seed", "5000000");
        Assert.Equal(
            (_folder["set"], "segmentation", 4, 128, 5_000_000),
            (made.GetProperty("folder").GetString(), made.GetProperty("condition").GetString(), made.GetProperty("examples").GetInt32(), made.GetProperty("size").GetInt32(), made.GetProperty("firstSeed").GetInt32()));
        var report = await CommandRun.JsonOf("dataset", "check", _folder["set"], "--resolution", "128");
        Assert.True(report.GetProperty("canTrain").GetBoolean());
        Assert.Equal(("promptJson", 128, 4), (report.GetProperty("layout").GetString(), report.GetProperty("resolution").GetInt32(), report.GetProperty("examples").GetInt32()));
        Assert.Equal(4, Assert.Single(report.GetProperty("sizes").EnumerateArray()).GetProperty("count").GetInt32());
        Assert.Equal(128, Assert.Single(report.GetProperty("buckets").EnumerateArray()).GetProperty("width").GetInt32());
        Assert.Empty(report.GetProperty("findings").EnumerateArray());
    }

    [Fact]
    public async Task Make_WithoutJson_WritesTheFolder_AndTheDefaultsAreUsed()
    {
        var run = await CommandRun.Of(["dataset", "make", _folder["set"], "--condition", "fill", "--scenes", "1"]);
        Assert.Equal((0, _folder["set"], ""), (run.ExitCode, run.Result.Trim(), run.Message));
        var hint = ControlNetSharp.Pictures.PictureReader.Read(_folder["set/source/0.png"]);
        Assert.Equal(ControlNetSharp.Training.Datasets.FillScene.Make(2_000_000, 256).Hint.Bytes(), hint.Bytes());
    }

    [Fact]
    public async Task Check_OfASetWithWarnings_ListsThem_WithExitCode0()
    {
        for (var i = 0; i < 7; i++)
        {
            _folder.Picture($"{i}.png", TestPictures.Noise(64, 64, i)).Text($"{i}.txt", i == 0 ? "a" : "");
        }

        var run = await CommandRun.Of(["dataset", "check", _folder.Path, "--resolution", "512"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Message));
        Assert.All(
            ["7 examples, captions in .txt files", "| 64 x 64 | 7 |", "| 512 x 512 | 1.00 | 7 |", "warning caption_missing (6): pictures", "    1.png", "    and 1 more", "Training is possible; 2 warnings."],
            text => Assert.Contains(text, run.Result, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_WithoutResolution_TakesThatOfTheModel_AsTrainDoes()
    {
        _folder.Picture("a.png", TestPictures.Noise(64, 64)).Text("a.txt", "a thing");
        var json = await CommandRun.JsonOf("dataset", "check", _folder.Path);
        Assert.Equal(256, json.GetProperty("resolution").GetInt32());
        using var other = new TemporaryFolder();
        json = await CommandRun.JsonOf("dataset", "check", _folder.Path, "-m", TinyModel.WriteModel(other["model.safetensors"]));
        Assert.Equal(TinyModel.NativeSize, json.GetProperty("resolution").GetInt32());
        Assert.Contains("Training is possible; 1 warning.", (await CommandRun.Of(["dataset", "check", _folder.Path])).Result, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckAndTrain_OfPicturesWithCaptions_SayWhatIsLeftOut_AndWhichPicturesShareACaption()
    {
        _folder.Picture("a.png", TestPictures.Noise(64, 64)).Picture("a.bmp", TestPictures.Noise(64, 64, 2)).Text("a.txt", "a thing").Text("b.gif", "").Text("b.txt", "no picture of it is read");
        var check = await CommandRun.Of(["dataset", "check", _folder.Path, "--resolution", "64"]);
        Assert.All(
            ["warning file_left_out (2): files are left out: a picture ends in .png, .jpg", "    b.gif", "    b.txt", "warning caption_shared (2)", "    a.bmp: a.txt", "    a.png: a.txt"],
            text => Assert.Contains(text, check.Result, StringComparison.Ordinal));

        using var other = new TemporaryFolder();
        var train = await CommandRun.Of(
            ["train", "-m", TinyModel.WriteModel(other["model.safetensors"]), "--data", _folder.Path, "--condition", "canny", "--out", other["out"], "--max_train_steps", "1", "--num_validation_images", "1"]);
        Assert.Equal(0, train.ExitCode);
        Assert.All([".gif (1), .txt (1); a picture ends in", "2 pictures share their caption"], text => Assert.Contains(text, train.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_OfASetThatCannotBeTrainedOn_ReportsIt_WithExitCode2()
    {
        _folder.Picture("a.png").Text("prompt.json", DatasetFolder.Line("a.png", "a.png", "p"), "{");
        var (text, json) = (await CommandRun.Of(["dataset", "check", _folder.Path]), await CommandRun.Of(["dataset", "check", _folder.Path, "--json"]));
        Assert.Equal((2, 2), (text.ExitCode, json.ExitCode));
        Assert.Contains("ERROR wrong_line (1): lines cannot be used", text.Result, StringComparison.Ordinal);
        Assert.Contains("cannot be trained on: 1 wrong_line.", text.Message, StringComparison.Ordinal);
        // One JSON object, the report; the error goes to standard error alone.
        Assert.False(json.Json.GetProperty("canTrain").GetBoolean());
        var finding = json.Json.GetProperty("findings")[0];
        Assert.Equal(("wrong_line", true, 1), (finding.GetProperty("code").GetString(), finding.GetProperty("preventsTraining").GetBoolean(), finding.GetProperty("count").GetInt32()));
    }

    [Theory]
    [InlineData("check @none", "file", "no such folder")]
    [InlineData("check @", "file", "is no dataset; looked for prompt.json, metadata.jsonl, metadata.csv")]
    [InlineData("check @ --resolution 500", "--resolution", "--resolution 500: must be a multiple of 64 from 64 to 4096")]
    [InlineData("check @ --resolution x", "--resolution", "--resolution x: must be a whole number from 64 to 4096")]
    [InlineData("make @new --condition hint --scenes 1", "--condition", "--condition hint: no dataset can be made for it; must be canny, ")]
    [InlineData("make @new --condition fill --scenes 0", "--scenes", "--scenes 0: must be a whole number from 1 to 1000000")]
    [InlineData("make @new --condition fill --scenes 1 --size 100", "--size", "--size 100: must be a multiple of 64 from 64 to 2048")]
    [InlineData("make @new --condition fill --scenes 200000 --seed 800000", "--seed", "--seed 800000: the scenes would have seeds from 800000 to 999999; those from 900000 to 1099999")]
    [InlineData("make @new --condition fill", "make", "--scenes")]
    [InlineData("make @full --condition fill --scenes 1", "file", "exists already")]
    [InlineData("make @none/new --condition fill --scenes 1", "file", "does not exist")]
    public async Task WrongInput_IsRefusedWithExitCode2_NamingIt_AndNothingIsWritten(string arguments, string option, string expected)
    {
        using var folder = new DatasetFolder();
        folder.Text("full/notes", "");
        var run = await CommandRun.Of(["dataset", .. arguments.Split(' ').Select(text => text.StartsWith('@') ? folder[text[1..]] : text), "--json"]);
        Assert.Equal(2, run.ExitCode);
        var error = run.Json.GetProperty("error");
        Assert.Contains(expected, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(option == "file" ? JsonValueKind.String : JsonValueKind.Undefined, error.TryGetProperty("file", out var file) ? file.ValueKind : JsonValueKind.Undefined);
        Assert.True(option == "file" || error.GetProperty("option").GetString() == option);
        Assert.Equal([folder["full"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Make_ThatIsCancelled_LeavesNothing_WithExitCode130()
    {
        var run = await CommandRun.Of(["dataset", "make", _folder["set"], "--condition", "fill", "--scenes", "100"], new CancellationToken(canceled: true));
        Assert.Equal(130, run.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }
}
