using System.Text.Json;
using ControlNetSharp.Cli;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Evaluation;
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
        string[] arguments = ["evaluate", "-m", _folder["model.safetensors"], "--pictures", "2", "--real", "2", "--dtype", "fp32"];
        var json = await CommandRun.JsonOf(arguments);
        Assert.Equal(2, json.GetProperty("pictures").GetInt32());
        var kind = Assert.Single(json.GetProperty("kinds").EnumerateArray());
        double Number(string name) => kind.GetProperty(name).GetDouble();
        Assert.Equal(("canny", "edge F1"), (kind.GetProperty("kind").GetString(), kind.GetProperty("metric").GetString()));
        Assert.Equal(1, Number("scoreOfRealPictures"));
        Assert.All(["score", "scoreWithoutControl", "scoreOfRoundTrip"], name => Assert.InRange(Number(name), 0, 1));
        Assert.Equal((Number("score") - Number("scoreWithoutControl")) / (1 - Number("scoreWithoutControl")), Number("recovery"), 12);
        Assert.Equal(File.Exists(Path.Combine(AppContext.BaseDirectory, ModelFiles.Pocket, SceneClassifier.FileName)) ? JsonValueKind.Object : JsonValueKind.Null, json.GetProperty("promptFidelity").ValueKind);
        Assert.Equal(Number("recovery"), json.GetProperty("meanRecovery").GetDouble());
        Assert.Equal(0, json.GetProperty("combinations").GetArrayLength());
        Assert.Equal(json.GetRawText(), (await CommandRun.JsonOf(arguments)).GetRawText());
    }

    [Fact]
    public async Task Evaluate_WithSeveralControlNets_AClassifierAndCombinations_MeasuresAllOfIt_AndShowsThePictures()
    {
        SceneClassifierTests.Write(_folder["classifier.safetensors"]);
        foreach (var name in new[] { "control_v11p_sd15_openpose", "control_v11p_sd15_seg", "control_v11f1p_sd15_depth" })
        {
            TinyModel.WriteControlNet(_folder[$"{name}.safetensors"]);
        }

        var json = await CommandRun.JsonOf(
            "evaluate", "-m", _folder["model.safetensors"], "--models", _folder.Path, "--pictures", "2", "--steps", "2", "--cfg", "2", "--real", "3", "--dtype", "fp32", "--combinations", "--page", _folder["page"]);
        var kinds = json.GetProperty("kinds").EnumerateArray().ToList();
        Assert.Equal(["canny", "pose", "segmentation", "depth"], kinds.Select(kind => kind.GetProperty("kind").GetString()));
        Assert.All(kinds, kind =>
        {
            Assert.Equal(2, kind.GetProperty("pictures").GetInt32());
            Assert.All(["score", "scoreWithoutControl", "scoreOfRoundTrip", "scoreOfRealPictures", "kernelDistance", "kernelDistanceWithoutControl"], name => Assert.True(double.IsFinite(kind.GetProperty(name).GetDouble()), name));
            Assert.All(["promptFidelity", "promptFidelityWithoutControl", "promptFidelityOfRealPictures"], name => Assert.InRange(kind.GetProperty(name).GetDouble(), 0, 1));
        });
        Assert.Equal(["kind", "time", "style", "colour", "things"], json.GetProperty("promptFidelity").GetProperty("heads").EnumerateArray().Select(head => head.GetProperty("head").GetString()));
        Assert.Equal(3, json.GetProperty("quality").GetProperty("realPictures").GetInt32());
        Assert.True(double.IsFinite(json.GetProperty("quality").GetProperty("realAgainstReal").GetDouble()));
        var combinations = json.GetProperty("combinations").EnumerateArray().ToList();
        Assert.Equal(["pose + depth", "segmentation + canny", "canny left + canny right"], combinations.Select(row => row.GetProperty("combination").GetString()));
        Assert.Equal([2, 2, 1], combinations.Select(row => row.GetProperty("kinds").GetArrayLength()));
        // On the scenes of all kinds the unit alone is what the kind's own row says.
        var canny = combinations[1].GetProperty("kinds").EnumerateArray().Single(kind => kind.GetProperty("kind").GetString() == "canny");
        Assert.Equal(kinds[0].GetProperty("score").GetDouble(), canny.GetProperty("singleScore").GetDouble());

        var page = await File.ReadAllTextAsync(Path.Combine(_folder["page"], "index.html"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("//", page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), StringComparison.Ordinal);
        var shown = page.Split("src=\"").Skip(1).Select(part => part[..part.IndexOf('"')]).Distinct().ToList();
        Assert.Contains("0000-canny.png", shown);
        Assert.Contains("0000-canny-left-and-canny-right-hint-2.png", shown);
        Assert.All(shown, file => Assert.True(File.Exists(Path.Combine(_folder["page"], file)), file));
    }

    [Fact]
    public async Task Evaluate_OfNamedKinds_TakesTheirFiles_AndLeavesOutCombinationsWithoutAControlNet()
    {
        TinyModel.WriteControlNet(_folder["own.safetensors"]);
        var run = await CommandRun.Of(["evaluate", "-m", _folder["model.safetensors"], "-c", $"mlsd={_folder["own.safetensors"]}", "--pictures", "1", "--steps", "1", "--real", "2", "--combinations", "--json"]);
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.Equal("hough", Assert.Single(run.Json.GetProperty("kinds").EnumerateArray()).GetProperty("kind").GetString());
        Assert.Contains("pose + depth is left out: no ControlNet for pose and depth is measured.", run.Message, StringComparison.Ordinal);
        Assert.Equal(3, run.Json.GetProperty("notes").GetArrayLength());
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
        Assert.True(rows.Length >= 3);
        Assert.StartsWith("| canny | edge F1 |", rows[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--pictures 0", "--pictures 0|from 1 to 10000")]
    [InlineData("--steps 0", "--steps 0|from 1 to 1000")]
    [InlineData("--cfg 0.5", "--cfg 0.5|from 1 to 30")]
    [InlineData("--real 1", "--real 1|from 2 to 1000")]
    [InlineData("-c depth", "--control depth|control_v11f1p_sd15_depth.safetensors|Or give depth=FILE")]
    [InlineData("-c hint", "--control hint|must be canny, hough")]
    [InlineData("-c edges", "--control edges|must be one of canny")]
    [InlineData("-c canny=@none.safetensors", "--control canny=|there is no such file")]
    [InlineData("-c canny -c canny", "given twice")]
    [InlineData("--data @none", "none|there is no such folder")]
    [InlineData("--data @", "there is no picture in it")]
    [InlineData("--page @", "--page|not an empty folder")]
    public async Task Evaluate_WithWrongInput_SaysSo(string wrong, string expected)
    {
        var run = await CommandRun.Of($"evaluate -m {_folder["model.safetensors"]} {wrong.Replace("@", _folder.Path + "/", StringComparison.Ordinal)}".Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.All(expected.Split('|'), text => Assert.Contains(text, run.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Evaluate_WhereNoControlNetIsFound_NamesTheFilesThatWereSearched()
    {
        File.Delete(_folder["control_v11p_sd15_canny.safetensors"]);
        var run = await CommandRun.Of(["evaluate", "-m", _folder["model.safetensors"]]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("control_v11p_sd15_canny.safetensors", run.Message, StringComparison.Ordinal);
    }
}
