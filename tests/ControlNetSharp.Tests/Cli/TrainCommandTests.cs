using System.Diagnostics;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Cli;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

public sealed class TrainCommandTests : IDisposable
{
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("CONTROLNETSHARP_KILLS"), out var kills) ? kills : 2;
    private readonly TemporaryFolder _folder = new();

    public TrainCommandTests()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        DatasetMaker.Make(_folder["fill"], new DatasetMakeOptions { Conditions = ["fill"], Scenes = 24, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_WritesAControlNetThatSaysHowItWasMade_AndThatGenerateUses()
    {
        var json = await CommandRun.JsonOf(Arguments("out", "--max_train_steps", "6", "--validation_steps", "3", "--num_validation_images", "1"));
        Assert.Equal(6, json.GetProperty("step").GetInt64());
        Assert.InRange(json.GetProperty("fidelity").GetDouble(), 0, 1);
        var file = json.GetProperty("files")[0].GetString()!;
        Assert.Equal(_folder["out/controlnet_fill.safetensors"], file);
        using (var checkpoint = SafetensorsFile.Open(file))
        {
            Assert.Equal("fill", checkpoint.Metadata["condition"]);
            Assert.Equal("6", checkpoint.Metadata["steps"]);
            Assert.Equal(CheckpointHash.OfModel(_folder["model.safetensors"]), checkpoint.Metadata["base_model_sha256"]);
            using var fresh = TinyModel.ControlNet();
            Assert.Equal(fresh.named_parameters().Select(p => TinyModel.ControlPrefix + p.name).Order(StringComparer.Ordinal), checkpoint.Entries.Keys.Order(StringComparer.Ordinal));
            Assert.All(checkpoint.Entries.Values, entry => Assert.Equal("F16", entry.Dtype));
        }

        var hint = Directory.GetFiles(_folder["fill/source"]).Order(StringComparer.Ordinal).First();
        var run = await CommandRun.Of(["generate", "-p", "a circle", "-m", _folder["model.safetensors"], "-c", $"hint={hint},model={file}", "--steps", "2", "--size", "64x64", "-o", _folder["out.png"]]);
        Assert.Equal("", run.ExitCode == 0 ? "" : run.Message);
        var sheet = PictureReader.Read(_folder["out/samples/step-00000003.png"]);
        Assert.Equal((64, 132), (sheet.Width, sheet.Height));
        Assert.Contains("samples/step-00000006.png", File.ReadAllText(_folder["out/report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_OfTheWholeUNet_WritesAModelThatLoads()
    {
        var json = await CommandRun.JsonOf(Arguments("full", "--target", "unet", "--max_train_steps", "2", "--ema_decay", "0.9", "--snr_gamma", "5", "--noise_offset", "0.1"));
        using var model = CheckpointLoader.LoadModel(json.GetProperty("files")[0].GetString()!, Placement.Cpu32);
        Assert.Equal((TinyModel.NativeSize, true), (model.NativeSize, model.PredictsVelocity()));
    }

    [Theory]
    [InlineData("controlnet", true)]
    [InlineData("unet", false)]
    [InlineData("lcm", false)]
    [InlineData("progressive", false)]
    public async Task Train_SaysThatItHasNotConverged_WhereThereIsSuchAThing(string target, bool converges)
    {
        var run = await CommandRun.Of(
            Arguments("out", "--target", target, "--max_train_steps", "2", "--validation_steps", "2", "--num_validation_images", "1"));
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.Contains(converges ? "2 steps; it has not converged." : "2 steps.", run.Message, StringComparison.Ordinal);
        Assert.Equal(converges, run.Message.Contains("converged", StringComparison.Ordinal));
        Assert.Equal(converges, File.ReadAllText(_folder["out/report.html"]).Contains("converged at step", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Train_WithTheDecoderUnlocked_WritesBoth()
    {
        var json = await CommandRun.JsonOf(Arguments("both", "--target", "controlnet_and_decoder", "--learning_rate", "1e-4", "--max_train_steps", "3", "--gradient_checkpointing", "--use_8bit_adam"));
        using var before = CheckpointLoader.LoadModel(_folder["model.safetensors"], Placement.Cpu32);
        using var after = CheckpointLoader.LoadModel(_folder["both/model.safetensors"], Placement.Cpu32);
        using var controlNet = CheckpointLoader.LoadControlNet(json.GetProperty("files")[0].GetString()!, Placement.Cpu32, after);
        foreach (var ((name, old), (_, now)) in before.UNet.named_parameters().Zip(after.UNet.named_parameters()))
        {
            // The file has half precision.
            Assert.True((old - now).abs().max().item<float>() < 1e-3, name);
        }

        Assert.Contains(before.UNet.named_parameters().Zip(after.UNet.named_parameters()), pair => pair.First.name.StartsWith("output_blocks", StringComparison.Ordinal) && (pair.First.parameter - pair.Second.parameter).abs().max().item<float>() > 1e-6);
    }

    [Fact]
    public async Task Train_OnPicturesWithCaptions_MakesTheHintsOfSeveralConditions()
    {
        Directory.CreateDirectory(_folder["pictures"]);
        for (var i = 0; i < 3; i++)
        {
            File.Copy(Directory.GetFiles(_folder["fill/target"]).Order(StringComparer.Ordinal).ElementAt(i), _folder[$"pictures/{i}.png"]);
            File.WriteAllText(_folder[$"pictures/{i}.txt"], "a circle");
        }

        var run = await CommandRun.Of(["train", "-m", _folder["model.safetensors"], "--data", _folder["pictures"], "--condition", "canny,lineart", "--out", _folder["two"], "--max_train_steps", "2", "--num_validation_images", "1"]);
        Assert.Equal("", run.ExitCode == 0 ? "" : run.Message);
        using var checkpoint = SafetensorsFile.Open(_folder["two/controlnet_canny_lineart.safetensors"]);
        Assert.Equal("canny, lineart", checkpoint.Metadata["condition"]);
        Assert.Contains("canny by canny low=100 high=200", checkpoint.Metadata["annotator"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.safetensors", "controlnet")]
    [InlineData("sdxl.safetensors", "controlnet")]
    [InlineData("model.safetensors", "control_lora")]
    public async Task Train_KilledAtAnyMomentAndResumed_EqualsAnUnbrokenRunInEveryParameter(string model, string target)
    {
        TinyModel.WriteSdxl(_folder["sdxl.safetensors"]);
        string[] Arguments(string name, params string[] more) => [.. ArgumentsOn(model, name), "--target", target, .. more];
        string[] options = ["--max_train_steps", "60", "--checkpointing_steps", "7", "--validation_steps", "25", "--num_validation_images", "1", "--ema_decay", "0.99", "--cache_dir", _folder["cache"]];
        var whole = await CommandRun.JsonOf(Arguments("whole", options));
        var expected = File.ReadAllBytes(whole.GetProperty("files")[0].GetString()!);
        var random = new Random(5);
        for (var kill = 0; kill < Kills; kill++)
        {
            var name = $"killed{kill}";
            using (var process = Start(Arguments(name, options)))
            {
                // Any moment behind the first checkpoint: within a step, a validation, or the writing of a file.
                while (!process.HasExited && Checkpoints(name).Length == 0)
                {
                    await Task.Delay(20, TestContext.Current.CancellationToken);
                }

                await Task.Delay(random.Next(0, 1500), TestContext.Current.CancellationToken);
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            Assert.NotEmpty(Checkpoints(name));
            var resumed = await CommandRun.JsonOf([.. Arguments(name, options), "--resume"]);
            Assert.Equal(60, resumed.GetProperty("step").GetInt64());
            Assert.Equal(expected, File.ReadAllBytes(resumed.GetProperty("files")[0].GetString()!));
            AssertSameTensors(Checkpoints("whole")[^1], Checkpoints(name)[^1]);
        }
    }

    [Fact]
    public async Task Train_WithMuon_ChangesTheWeights_AndItsCheckpointIsNotAdamWs()
    {
        string[] options = ["--max_train_steps", "2", "--validation_steps", "100", "--num_validation_images", "1", "--cache_dir", _folder["cache"]];
        var (adam, muon) = (await CommandRun.JsonOf(Arguments("adam", options)), await CommandRun.JsonOf(Arguments("muon", [.. options, "--optimizer", "muon"])));
        Assert.NotEqual(File.ReadAllBytes(adam.GetProperty("files")[0].GetString()!), File.ReadAllBytes(muon.GetProperty("files")[0].GetString()!));
        var run = await CommandRun.Of([.. Arguments("muon", options), "--resume"]);
        Assert.Contains("belongs to another training", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_ResumedOnDataThatHasChanged_IsRefusedAndLosesNothing()
    {
        string[] options = ["--max_train_steps", "4", "--validation_steps", "100", "--num_validation_images", "1"];
        await CommandRun.JsonOf(Arguments("out", options));
        var picture = Directory.GetFiles(_folder["fill/target"]).Order(StringComparer.Ordinal).First();
        PictureWriter.WritePng(picture, new Picture(64, 64, new byte[3 * 64 * 64]));
        var before = File.ReadAllBytes(Checkpoints("out")[^1]);
        var run = await CommandRun.Of([.. Arguments("out", ["--max_train_steps", "8"]), "--resume"]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("another data:", run.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Checkpoints("out")[^1]));
    }

    [Fact]
    public async Task Train_ResumedWithAnotherSeedModelOrResolution_NamesWhatDiffers()
    {
        string[] options = ["--max_train_steps", "2", "--validation_steps", "100", "--num_validation_images", "1"];
        await CommandRun.JsonOf(Arguments("out", options));
        TinyModel.WriteModel(_folder["other.safetensors"], tensors => tensors[TinyModel.UNetPrefix + "out.2.bias"].add_(0.5));
        foreach (var (changed, expected) in new[]
        {
            ("--seed 2", "another seed: 1 then, 2 now"), ("--resolution 128", "another resolution: 64 then, 128 now"), ($"-m {_folder["other.safetensors"]}", "another model: "),
        })
        {
            var arguments = Arguments("out", options).ToList();
            if (changed.StartsWith("-m", StringComparison.Ordinal))
            {
                arguments.RemoveRange(arguments.IndexOf("-m"), 2);
            }

            var run = await CommandRun.Of([.. arguments, "--resume", .. changed.Split(' ')]);
            Assert.Equal(3, run.ExitCode);
            Assert.Contains(expected, run.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Train_ResumedWhereMetricsWereCut_EndsWithItsReport()
    {
        string[] options = ["--validation_steps", "2", "--num_validation_images", "1"];
        await CommandRun.JsonOf(Arguments("out", [.. options, "--max_train_steps", "2"]));
        File.AppendAllText(_folder["out/metrics.jsonl"], "{\"loss\":0.5,\"gradientNo");
        await CommandRun.JsonOf([.. Arguments("out", [.. options, "--max_train_steps", "4"]), "--resume"]);
        Assert.Contains("at step 4", File.ReadAllText(_folder["out/report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_WhereAFinishedNetworkIs_ReplacesItWithOverwriteAlone()
    {
        Directory.CreateDirectory(_folder["out"]);
        File.WriteAllText(_folder["out/controlnet_fill.safetensors"], "something dear");
        string[] arguments = Arguments("out", "--max_train_steps", "1", "--validation_steps", "100", "--num_validation_images", "1");
        var before = _folder.Listing();
        var run = await CommandRun.Of(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("controlnet_fill.safetensors is there already; --overwrite replaces it", run.Message, StringComparison.Ordinal);
        Assert.Equal(before, _folder.Listing());
        await CommandRun.JsonOf([.. arguments, "--overwrite"]);
        using var checkpoint = SafetensorsFile.Open(_folder["out/controlnet_fill.safetensors"]);
    }

    [Fact]
    public async Task Train_IntoAFolderThatAnotherRunIsWriting_IsRefused()
    {
        Directory.CreateDirectory(_folder["out"]);
        using var other = new FileStream(_folder["out/.lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        var run = await CommandRun.Of(Arguments("out", "--max_train_steps", "1"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("another run is writing into this folder now", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_WithAHintOfAnotherShape_IsRefused()
    {
        PictureWriter.WritePng(_folder["fill/source/1.png"], new Picture(96, 64, new byte[3 * 96 * 64]));
        var run = await CommandRun.Of(Arguments("out", "--max_train_steps", "1"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("source/1.png: the hint has 96 x 64 pixels, its picture 64 x 64", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_OnATerminal_SaysThatItEncodes_AndHowManyPicturesAreMadeBeforeTheFirstStep()
    {
        using var result = new StringWriter();
        using var message = new StringWriter();
        string[] arguments = Arguments("out", "--max_train_steps", "1", "--validation_steps", "100", "--num_validation_images", "1");
        Assert.Equal(0, await ControlNetCli.RunAsync(arguments, new CommandOutput(result, message, IsTerminal: true), TestContext.Current.CancellationToken));
        var text = message.ToString();
        Assert.Contains("\rencoding ", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf("sample pictures 1/1", StringComparison.Ordinal) is > 0 and var pictures && pictures < text.IndexOf("step 1: validation loss", StringComparison.Ordinal), text);
    }

    [Theory]
    [InlineData("--max_train_steps 0", "--max_train_steps 0|from 1 to")]
    [InlineData("--learning_rate fast", "--learning_rate fast|from 0 to 1")]
    [InlineData("--lr_scheduler cosine", "--lr_scheduler cosine|--max_train_steps")]
    [InlineData("--lr_scheduler polynomial", "--lr_scheduler polynomial|constant, linear, cosine, plateau")]
    [InlineData("--optimizer lion", "--optimizer lion|adamw, muon")]
    [InlineData("--target everything", "--target everything|controlnet_and_decoder")]
    [InlineData("--rank 8", "--rank 8|leave it out with another --target")]
    [InlineData("--target control_lora --rank 0", "--rank 0|from 1 to 4096")]
    [InlineData("--target control_lora --controlnet_model_name_or_path @model.safetensors", "--controlnet_model_name_or_path|leave it out with this --target")]
    [InlineData("--target unet --controlnet_model_name_or_path @model.safetensors", "--controlnet_model_name_or_path|leave it out with this --target")]
    [InlineData("--reward 1", "--reward 1|nothing reads fill")]
    [InlineData("--device cuda:0 --plan", "--plan|--device cuda:0")]
    [InlineData("--device cuda:0 --use_8bit_adam", "--use_8bit_adam|--device cuda:0")]
    [InlineData("--device cuda:0 --dtype fp16", "--dtype fp16|must be auto, bf16 or fp32")]
    [InlineData("--resolution 100", "--resolution 100|multiple of 64")]
    [InlineData("--resume", "--out|no checkpoint")]
    [InlineData("--condition canny,canny", "--condition canny|twice")]
    [InlineData("--condition canny,depth", "--condition canny depth|bring their hints")]
    [InlineData("--controlnet_model_name_or_path nowhere.safetensors", "nowhere.safetensors|no such file")]
    [InlineData("--data @nowhere", "nowhere")]
    public async Task Train_WithWrongInput_SaysSoBeforeAnythingIsWritten(string wrong, string expected)
    {
        var words = wrong.Replace("@", _folder.Path + "/", StringComparison.Ordinal).Split(' ');
        var arguments = Arguments("out").ToList();
        if (arguments.IndexOf(words[0]) is var at and > 0)
        {
            arguments.RemoveRange(at, 2);
        }

        var before = _folder.Listing();
        var run = await CommandRun.Of([.. arguments, .. words]);
        Assert.Equal(2, run.ExitCode);
        Assert.All(expected.Split('|'), part => Assert.Contains(part, run.Message, StringComparison.Ordinal));
        Assert.Equal(before, _folder.Listing());
    }

    [Fact]
    public async Task Train_OnAGpuThatIsNotThere_SaysSoAndWritesNothing()
    {
        var before = _folder.Listing();
        var run = await CommandRun.Of(Arguments("out", "--device", "cuda:99"));
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("--device cuda:99: libtorch finds", run.Message, StringComparison.Ordinal);
        Assert.Equal(before, _folder.Listing());
    }

    private static void AssertSameTensors(string expected, string actual)
    {
        using var a = SafetensorsFile.Open(expected);
        using var b = SafetensorsFile.Open(actual);
        Assert.Equal(a.Entries.Keys.Order(StringComparer.Ordinal), b.Entries.Keys.Order(StringComparer.Ordinal));
        foreach (var name in a.Entries.Keys)
        {
            using var left = a.Read(name);
            using var right = b.Read(name);
            Assert.True(left.bytes.SequenceEqual(right.bytes), name);
        }
    }

    private string[] Arguments(string name, params string[] more) => [.. ArgumentsOn("model.safetensors", name), .. more];

    private string[] ArgumentsOn(string model, string name) =>
        ["train", "-m", _folder[model], "--data", _folder["fill"], "--condition", "fill", "--out", _folder[name]];

    private string[] Checkpoints(string name) =>
        Directory.Exists(_folder[name]) ? [.. Directory.GetFiles(_folder[name], "checkpoint-*.safetensors").Order(StringComparer.Ordinal)] : [];

    /// <summary>The program in a process of its own, which can be killed.</summary>
    private static Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var word in new[] { Path.Combine(AppContext.BaseDirectory, "controlnet.dll") }.Concat(arguments))
        {
            start.ArgumentList.Add(word);
        }

        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }
}
