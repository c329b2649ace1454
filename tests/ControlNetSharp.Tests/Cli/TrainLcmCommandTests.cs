using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Checkpoints.Loras;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>LoRAs for few steps, from pictures to a file that prompts name.</summary>
public sealed class TrainLcmCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainLcmCommandTests() =>
        DatasetMaker.Make(_folder["mixed"], new DatasetMakeOptions { Conditions = ["canny", "pose"], Scenes = 8, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pocket", "1")]
    [InlineData("SD 1.x", "0")]
    [InlineData("SDXL", "0")]
    public async Task Train_WritesALora_ThatPromptsName_AndThatSaysHowItIsUsed(string family, string controlled)
    {
        string[] model = family switch
        {
            "SD 1.x" => ["-m", TinyModel.WriteModel(_folder["model.safetensors"])],
            "SDXL" => ["-m", TinyModel.WriteSdxl(_folder["model.safetensors"])],
            _ => [],
        };
        var json = await CommandRun.JsonOf([
            "train", .. model, "--data", _folder["mixed"], "--condition", "mixed", "--out", _folder["out"], "--resolution", "64", "--target", "lcm", "--rank", "2",
            "--proportion_controlled", controlled, "--max_train_steps", "3", "--validation_steps", "3", "--num_validation_images", "1", "--learning_rate", "1e-2", "--train_batch_size", "2",
        ]);
        Assert.Equal(3, json.GetProperty("step").GetInt32());
        var file = Assert.Single(json.GetProperty("files").EnumerateArray()).GetString()!;
        Assert.Equal(_folder["out/lcm_lora.safetensors"], file);
        using (var saved = SafetensorsFile.Open(file))
        {
            Assert.Equal(("7", controlled, "3"), (saved.Metadata["teacher_guidance_scale"], saved.Metadata["controlled_share"], saved.Metadata["steps"]));
            Assert.Contains("LCM sampler", saved.Metadata["usage"], StringComparison.Ordinal);
            Assert.Equal(("LCM", "4-8", "1"), (saved.Metadata["usage_sampler"], saved.Metadata["usage_steps"], saved.Metadata["usage_guidance_scale"]));
            Assert.Contains("lora_unet_mid_block_resnets_0_conv1.lora_down.weight", saved.Entries.Keys);
        }

        var inspected = await CommandRun.JsonOf("models", "inspect", file);
        Assert.Equal("lora", inspected.GetProperty("kind").GetString());
        Assert.Contains("Lcm of rank 2", File.ReadAllText(_folder["out/report.html"]), StringComparison.Ordinal);
        Assert.NotEqual(await Generate(model, "a room"), await Generate(model, "a room <lora:lcm_lora:1>"));
    }

    [Fact]
    public async Task Train_ForOneNumberOfSteps_WritesALora_ThatSaysHowItIsUsed()
    {
        string[] model = ["-m", TinyModel.WriteModel(_folder["model.safetensors"])];
        var json = await CommandRun.JsonOf([
            "train", .. model, "--data", _folder["mixed"], "--condition", "mixed", "--out", _folder["out"], "--resolution", "64", "--target", "progressive", "--rank", "2",
            "--num_inference_steps", "2", "--num_ddim_timesteps", "6", "--max_train_steps", "3", "--validation_steps", "3", "--num_validation_images", "1", "--train_batch_size", "2",
        ]);
        var file = Assert.Single(json.GetProperty("files").EnumerateArray()).GetString()!;
        Assert.Equal(_folder["out/progressive_lora.safetensors"], file);
        using (var saved = SafetensorsFile.Open(file))
        {
            Assert.Equal("Euler or DDIM sampler, trailing scheduler, 2 steps, guidance scale 1", saved.Metadata["usage"]);
            Assert.Equal(("Euler, DDIM", "trailing", "2"), (saved.Metadata["usage_sampler"], saved.Metadata["usage_scheduler"], saved.Metadata["usage_steps"]));
        }

        string[] generate = ["generate", "-p", "a room <lora:progressive_lora:1>", .. model, "--models", _folder["out"], "--steps", "2", "--cfg", "1", "--size", "64x64", "-o", _folder["out.png"], "--overwrite"];
        var otherwise = await CommandRun.Of(generate);
        Assert.True(otherwise.ExitCode == 0, otherwise.Message);
        Assert.Contains(
            "controlnet: --prompt: the LoRA progressive_lora is for Euler or DDIM sampler, trailing scheduler, 2 steps, guidance scale 1; with uniform scheduler the picture may be poor.",
            otherwise.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("LoRA", (await CommandRun.Of([.. generate, "--scheduler", "trailing"])).Message, StringComparison.Ordinal);

        var other = await CommandRun.Of([
            "train", .. model, "--data", _folder["mixed"], "--condition", "mixed", "--out", _folder["out"], "--resolution", "64", "--target", "progressive", "--rank", "2",
            "--num_inference_steps", "3", "--num_ddim_timesteps", "6", "--max_train_steps", "4", "--train_batch_size", "2", "--resume",
        ]);
        Assert.Contains("learned steps", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_ControlledByWhatIsNotThere_NamesTheCondition()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        var run = await CommandRun.Of([
            "train", "-m", _folder["model.safetensors"], "--data", _folder["mixed"], "--condition", "mixed", "--out", _folder["out"], "--target", "lcm", "--proportion_controlled", "0.5",
        ]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("canny", run.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public async Task Evaluate_WithALora_MeasuresTheModelWithIt_AndWithoutItNamesTheOption()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control_v11p_sd15_canny.safetensors"]);
        TinyLora.Write(_folder["few.safetensors"], "kohya");
        string[] arguments = ["evaluate", "-m", _folder["model.safetensors"], "--pictures", "2", "--real", "2", "--dtype", "fp32", "--steps", "4", "--cfg", "1", "--sampler", "LCM"];
        var plain = await CommandRun.JsonOf(arguments);
        var few = await CommandRun.JsonOf([.. arguments, "--lora", "few"]);
        Assert.NotEqual(plain.GetProperty("kinds").GetRawText(), few.GetProperty("kinds").GetRawText());
        Assert.Equal(few.GetRawText(), (await CommandRun.JsonOf([.. arguments, "--lora", _folder["few.safetensors"]])).GetRawText());
        foreach (var (option, value) in new[] { ("--lora", "nothing"), ("--sampler", "nothing"), ("--steps", "51") })
        {
            var run = await CommandRun.Of([.. arguments, option, value]);
            Assert.Equal(2, run.ExitCode);
            Assert.Contains(option, run.Message, StringComparison.Ordinal);
        }
    }

    private async Task<byte[]> Generate(string[] model, string prompt)
    {
        var run = await CommandRun.Of([
            "generate", "-p", prompt, .. model, "--models", _folder["out"], "--sampler", "LCM", "--steps", "4", "--cfg", "1", "--size", "64x64", "--seed", "3", "-o", _folder["out.png"], "--overwrite",
        ]);
        Assert.True(run.ExitCode == 0, run.Message);
        return PictureReader.Read(_folder["out.png"]).Bytes();
    }
}
