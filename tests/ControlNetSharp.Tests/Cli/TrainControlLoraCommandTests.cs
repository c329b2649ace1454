using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Control-LoRAs from pictures to a file that makes pictures.</summary>
public sealed class TrainControlLoraCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainControlLoraCommandTests() =>
        DatasetMaker.Make(_folder["fill"], new DatasetMakeOptions { Conditions = ["fill"], Scenes = 4, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("SD 1.x")]
    [InlineData("SDXL")]
    [InlineData("pocket")]
    public async Task Train_WritesASmallFile_ThatIsKnownAndControls_AndThatControlsNothingBeforeTheFirstStep(string family)
    {
        string[] model = family switch
        {
            "SD 1.x" => ["-m", TinyModel.WriteModel(_folder["model.safetensors"])],
            "SDXL" => ["-m", TinyModel.WriteSdxl(_folder["model.safetensors"])],
            _ => [],
        };
        async Task<string> Trained(string name, string rate)
        {
            var json = await CommandRun.JsonOf([
                "train", .. model, "--data", _folder["fill"], "--condition", "fill", "--out", _folder[name], "--resolution", "64", "--target", "control_lora", "--rank", "2",
                "--max_train_steps", "3", "--validation_steps", "3", "--num_validation_images", "1", "--learning_rate", rate, "--train_batch_size", "2",
            ]);
            Assert.InRange(json.GetProperty("fidelity").GetDouble(), 0, 1);
            return Assert.Single(json.GetProperty("files").EnumerateArray()).GetString()!;
        }

        var file = await Trained("out", "1e-2");
        Assert.Equal(_folder["out/control_lora_fill.safetensors"], file);
        var inspected = await CommandRun.JsonOf("models", "inspect", file);
        Assert.Equal(("control-lora", 2), (inspected.GetProperty("kind").GetString(), inspected.GetProperty("rank").GetInt32()));
        Assert.Null(inspected.GetProperty("problem").GetString());
        if (family != "pocket")
        {
            Assert.StartsWith(family, inspected.GetProperty("family").GetString(), StringComparison.Ordinal);
        }

        using (var saved = SafetensorsFile.Open(file))
        {
            Assert.Equal(("fill", "3"), (saved.Metadata["condition"], saved.Metadata["steps"]));
            Assert.All(saved.Entries.Where(entry => entry.Key != "lora_controlnet"), entry => Assert.Equal("F16", entry.Value.Dtype));
        }

        Assert.Contains("ControlLora of rank 2", File.ReadAllText(_folder["out/report.html"]), StringComparison.Ordinal);
        var without = await Generate(model, null);
        Assert.NotEqual(without, await Generate(model, file));
        Assert.Equal(without, await Generate(model, await Trained("untrained", "0")));
    }

    [Fact]
    public async Task Train_ResumedWithAnotherRank_NamesIt()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        string[] arguments =
        [
            "train", "-m", _folder["model.safetensors"], "--data", _folder["fill"], "--condition", "fill", "--out", _folder["out"], "--target", "control_lora",
            "--max_train_steps", "1", "--validation_steps", "100", "--num_validation_images", "1",
        ];
        await CommandRun.JsonOf([.. arguments, "--rank", "4"]);
        var run = await CommandRun.Of([.. arguments, "--rank", "8", "--resume"]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("another rank: 4 then, 8 now", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_OfAControlLora_NeedsLessForGradientsAndOptimizerThanThatOfAControlNet()
    {
        async Task<long> Bytes(string part, params string[] more)
        {
            var json = await CommandRun.JsonOf(["train", "--data", _folder["fill"], "--condition", "fill", "--out", _folder["out"], "--resolution", "64", "--plan", .. more]);
            return json.GetProperty("memory").EnumerateArray().Single(row => row.GetProperty("name").GetString() == part).GetProperty("bytes").GetInt64();
        }

        foreach (var part in new[] { "trained weights", "gradients", "optimizer" })
        {
            Assert.True(2 * await Bytes(part, "--target", "control_lora", "--rank", "2") < await Bytes(part), part);
        }
    }

    private async Task<byte[]> Generate(string[] model, string? control)
    {
        var hint = Directory.GetFiles(_folder["fill/source"]).Order(StringComparer.Ordinal).First();
        string[] unit = control is null ? [] : ["-c", $"hint={hint},model={control}"];
        var run = await CommandRun.Of(["generate", "-p", "a circle", .. model, "--steps", "2", "--size", "64x64", "--seed", "3", "--dtype", "fp32", "-o", _folder["out.png"], "--overwrite", .. unit]);
        Assert.True(run.ExitCode == 0, run.Message);
        return PictureReader.Read(_folder["out.png"]).Bytes();
    }
}
