using ControlNetSharp.Checkpoints;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>ControlNets that are rewarded for pictures that show what their hints say.</summary>
public sealed class TrainRewardCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainRewardCommandTests() =>
        DatasetMaker.Make(_folder["mixed"], new DatasetMakeOptions { Conditions = ["lineart", "segmentation", "pose"], Scenes = 9, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_OfTheEmbeddedModel_SaysWhatItWasRewardedFor()
    {
        var json = await CommandRun.JsonOf(Arguments("--reward", "0.5", "--reward_timestep", "900", "--max_train_steps", "3"));
        Assert.Equal(3, json.GetProperty("step").GetInt32());
        Assert.InRange(json.GetProperty("reward").GetDouble(), 0.01, 20);
        using var file = SafetensorsFile.Open(Assert.Single(json.GetProperty("files").EnumerateArray()).GetString()!);
        Assert.Equal(("0.5", "900"), (file.Metadata["reward"], file.Metadata["reward_timestep"]));
    }

    [Fact]
    public async Task Train_WithoutAReward_SaysNothingOfOne()
    {
        var json = await CommandRun.JsonOf(Arguments("--max_train_steps", "1"));
        Assert.False(json.TryGetProperty("reward", out _));
        using var file = SafetensorsFile.Open(_folder["out/controlnet_mixed.safetensors"]);
        Assert.DoesNotContain("reward", file.Metadata.Keys);
    }

    [Fact]
    public async Task Plan_WithAReward_HasItsMemory()
    {
        var json = await CommandRun.JsonOf(Arguments("--reward", "0.5", "--plan"));
        Assert.Contains(json.GetProperty("memory").EnumerateArray(), part => part.GetProperty("name").GetString() == "reward");
    }

    [Theory]
    [InlineData("--reward 1 --target unet", "--reward 1|is for what controls|--target")]
    [InlineData("--reward 1 --target lcm", "--reward 1|is for what controls|--target")]
    [InlineData("--reward -1", "--reward -1|from 0 to 1000")]
    [InlineData("--reward much", "--reward much|from 0 to 1000")]
    [InlineData("--reward_timestep 100", "--reward_timestep 100|give a --reward")]
    [InlineData("--reward 1 --reward_timestep 1000", "--reward_timestep 1000|from 0 to 999")]
    public async Task Train_WithARewardThatCannotBe_NamesTheOption(string options, string expected)
    {
        var run = await CommandRun.Of(Arguments(options.Split(' ')));
        Assert.Equal(2, run.ExitCode);
        Assert.All(expected.Split('|'), part => Assert.Contains(part, run.Message, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_folder["out"]));
    }

    private string[] Arguments(params string[] more) =>
    [
        "train", "--data", _folder["mixed"], "--condition", "mixed", "--out", _folder["out"], "--resolution", "64", "--train_batch_size", "2", "--validation_steps", "100",
        "--num_validation_images", "1", .. more,
    ];
}
