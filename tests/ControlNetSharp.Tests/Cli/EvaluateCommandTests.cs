using ControlNetSharp.Cli;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public EvaluateCommandTests()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control_v11p_sd15_canny.safetensors"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Evaluate_OnScenes_GivesTheSameScoresTwice_WithRecoveryAsDefined()
    {
        string[] arguments = ["evaluate", "-m", _folder["model.safetensors"], "--pictures", "2", "--dtype", "fp32"];
        var json = await CommandRun.JsonOf(arguments);
        Assert.Equal(2, json.GetProperty("pictures").GetInt32());
        var kind = Assert.Single(json.GetProperty("kinds").EnumerateArray());
        double Number(string name) => kind.GetProperty(name).GetDouble();
        Assert.Equal(("canny", "edge F1"), (kind.GetProperty("kind").GetString(), kind.GetProperty("metric").GetString()));
        Assert.Equal(1, Number("scoreOfRealPictures"));
        Assert.All(["score", "scoreWithoutControl", "scoreOfRoundTrip"], name => Assert.InRange(Number(name), 0, 1));
        Assert.Equal((Number("score") - Number("scoreWithoutControl")) / (1 - Number("scoreWithoutControl")), Number("recovery"), 12);
        Assert.Equal(json.GetRawText(), (await CommandRun.JsonOf(arguments)).GetRawText());
    }

    [Fact]
    public async Task Evaluate_OnAFolderOfPictures_TakesEachOfThem_AndWritesATable()
    {
        Directory.CreateDirectory(_folder["pictures"]);
        PictureWriter.WritePng(Path.Combine(_folder["pictures"], "a.png"), TestPictures.Square(96, 64));
        File.WriteAllText(Path.Combine(_folder["pictures"], "a.txt"), "a white square\n");
        var run = await CommandRun.Of(["evaluate", "-m", _folder["model.safetensors"], "--data", _folder["pictures"], "--dtype", "fp32"]);
        Assert.Equal(0, run.ExitCode);
        // On a terminal both streams go to one place: the table begins on a line of its own.
        using var screen = new StringWriter();
        Assert.Equal(0, await ControlNetCli.RunAsync(["evaluate", "-m", _folder["model.safetensors"], "--data", _folder["pictures"], "--dtype", "fp32"], new CommandOutput(screen, screen, IsTerminal: true), TestContext.Current.CancellationToken));
        Assert.Contains("\n| kind | metric |", screen.ToString(), StringComparison.Ordinal);
        var rows = run.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, rows.Length);
        Assert.StartsWith("| canny | edge F1 |", rows[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--pictures 0", "--pictures 0|from 1 to 10000")]
    [InlineData("-c depth", "--control depth|canny")]
    [InlineData("--data @none", "none|there is no such folder")]
    [InlineData("--data @", "there is no picture in it")]
    public async Task Evaluate_WithWrongInput_SaysSo(string wrong, string expected)
    {
        var run = await CommandRun.Of($"evaluate -m {_folder["model.safetensors"]} {wrong.Replace("@", _folder.Path + "/", StringComparison.Ordinal)}".Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.All(expected.Split('|'), text => Assert.Contains(text, run.Message, StringComparison.Ordinal));
    }
}
