using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Trainings on a tiny SDXL; what all families share is tested with SD 1.x.</summary>
public sealed class TrainSdxlCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainSdxlCommandTests()
    {
        TinyModel.WriteSdxl(_folder["sdxl.safetensors"]);
        DatasetMaker.Make(_folder["fill"], new DatasetMakeOptions { Conditions = ["fill"], Scenes = 6, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_WritesAControlNetOfSdxl_ThatGenerateAndEvaluateUse()
    {
        var json = await CommandRun.JsonOf(Arguments("out", "fill", "--max_train_steps", "3", "--validation_steps", "3"));
        Assert.InRange(json.GetProperty("fidelity").GetDouble(), 0, 1);
        var file = Assert.Single(json.GetProperty("files").EnumerateArray()).GetString()!;
        using (var checkpoint = SafetensorsFile.Open(file))
        {
            using var fresh = TinyModel.ControlNet(TinyModel.Sdxl);
            Assert.Equal(fresh.named_parameters().Select(p => TinyModel.ControlPrefix + p.name).Order(StringComparer.Ordinal), checkpoint.Entries.Keys.Order(StringComparer.Ordinal));
        }

        var inspected = await CommandRun.JsonOf(["models", "inspect", file]);
        Assert.StartsWith("SDXL", inspected.GetProperty("family").GetString(), StringComparison.Ordinal);
        var hint = Directory.GetFiles(_folder["fill/source"]).Order(StringComparer.Ordinal).First();
        var without = await Generate("without.png");
        var with = await Generate("with.png", "-c", $"hint={hint},model={file}");
        Assert.NotEqual(without, with);
        Assert.Equal(without, await Generate("zero.png", "-c", $"hint={hint},model={file},weight=0"));
        var folder = await CommandRun.Of(["models", "convert", file, _folder["diffusers"], "--layout", "diffusers"]);
        Assert.True(folder.ExitCode == 0, folder.Message);
        var converted = Directory.GetFiles(_folder["diffusers"], "*.safetensors", SearchOption.AllDirectories).Single();
        Assert.Equal(with, await Generate("converted.png", "-c", $"hint={hint},model={Path.GetDirectoryName(converted)}"));
        var scores = await CommandRun.JsonOf(["evaluate", "-m", _folder["sdxl.safetensors"], "-c", $"canny={file}", "--pictures", "2", "--steps", "1", "--real", "2"]);
        Assert.Equal("canny", scores.GetProperty("kinds")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Train_WithAllPromptsDropped_DoesNotDependOnTheCaptions()
    {
        var lines = File.ReadAllLines(_folder["fill/prompt.json"]);
        CopyFolder("fill", "other");
        File.WriteAllLines(_folder["other/prompt.json"], lines.Select(line => line.Replace("\"prompt\":\"", "\"prompt\":\"another ", StringComparison.Ordinal).Replace("\"prompt\": \"", "\"prompt\": \"another ", StringComparison.Ordinal)));
        Assert.NotEqual(lines, File.ReadAllLines(_folder["other/prompt.json"]));
        async Task<byte[]> Trained(string data, string share)
        {
            var json = await CommandRun.JsonOf(Arguments($"{data}{share}", data, "--max_train_steps", "3", "--proportion_empty_prompts", share));
            using var checkpoint = SafetensorsFile.Open(json.GetProperty("files")[0].GetString()!);
            using var vectorWeight = checkpoint.Read(TinyModel.ControlPrefix + "label_emb.0.0.weight");
            return vectorWeight.bytes.ToArray();
        }

        Assert.Equal(await Trained("fill", "1"), await Trained("other", "1"));
        Assert.NotEqual(await Trained("fill", "0"), await Trained("other", "0"));
    }

    [Fact]
    public async Task Train_OfTheWholeUNet_WritesASdxlThatLoads()
    {
        var json = await CommandRun.JsonOf(Arguments("full", "fill", "--target", "unet", "--max_train_steps", "1", "--save_dtype", "fp32"));
        using var before = CheckpointLoader.LoadModel(_folder["sdxl.safetensors"], Placement.Cpu32);
        using var after = CheckpointLoader.LoadModel(json.GetProperty("files")[0].GetString()!, Placement.Cpu32);
        Assert.Equal(before.Family, after.Family);
        Assert.Equal((before.NativeSize, before.Prediction, before.Autoencoder.Params.ScaleFactor), (after.NativeSize, after.Prediction, after.Autoencoder.Params.ScaleFactor));
        Assert.Equal(before.Texts.Select(text => text.Params), after.Texts.Select(text => text.Params));
        Assert.Equal(before.UNet.Params.VectorChannels, after.UNet.Params.VectorChannels);
    }

    private async Task<byte[]> Generate(string name, params string[] more)
    {
        var run = await CommandRun.Of(["generate", "-p", "a circle", "-m", _folder["sdxl.safetensors"], "--steps", "2", "--size", "64x64", "--seed", "3", "--dtype", "fp32", "-o", _folder[name], .. more]);
        Assert.True(run.ExitCode == 0, run.Message);
        return PictureReader.Read(_folder[name]).Bytes();
    }

    private void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.GetFiles(_folder[from], "*", SearchOption.AllDirectories))
        {
            var copy = _folder[to + "/" + Path.GetRelativePath(_folder[from], file)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private string[] Arguments(string name, string data, params string[] more) =>
        ["train", "-m", _folder["sdxl.safetensors"], "--data", _folder[data], "--condition", "fill", "--out", _folder[name], "--num_validation_images", "1", "--learning_rate", "1e-2", .. more];
}
