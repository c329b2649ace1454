using System.Diagnostics;
using System.Text.Json;
using ControlNetSharp.Cli;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Cli;

/// <summary>What <c>doctor</c>, <c>bench</c> and the help say; the names of JSON keys are a contract.</summary>
public sealed class MachineCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Doctor_TellsWhatThisMachineIs_AndHowFast()
    {
        var json = await CommandRun.JsonOf("doctor");
        AssertPositive(json, "cores", "threads", "gflopsFp32", "gflopsDtype", "memoryBytes", "expectedSecondsPerStep");
        Assert.Equal(Environment.ProcessorCount, json.GetProperty("cores").GetInt32());
        Assert.Equal(PlacementPolicy.CpuHasBf16, json.GetProperty("bf16InHardware").GetBoolean());
        Assert.Equal(Int8Check.Fault is null, json.GetProperty("int8").GetBoolean());
        Assert.Equal(PlacementPolicy.Choose("cpu", "auto").Dtype.ToString(), json.GetProperty("dtype").GetString());
        Assert.StartsWith("cpu", json.GetProperty("device").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(json.GetProperty("libtorch").GetString()!);
        var convolutions = json.GetProperty("convolutions");
        var report = ConvolutionCheck.Report;
        Assert.Equal(report.State.ToString().ToLowerInvariant(), convolutions.GetProperty("state").GetString());
        Assert.Equal(report.Reason, convolutions.GetProperty("reason").GetString());
        Assert.Equal(NativeLibraries.LoadLog, json.GetProperty("nativeFiles").EnumerateArray().Select(file => file.GetString()));
    }

    public static TheoryData<string> ControlTypes => [.. BenchControls.Types];

    [Theory]
    [MemberData(nameof(ControlTypes))]
    public void BenchControls_OfEachType_ActOnAUNet_WhereTheFamilyHasThem(string type)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var unet = TinyModel.UNet(TinyModel.Sdxl);
        var controls = new BenchControls(unet, 64, Placement.Cpu32);
        Assert.Null(BenchControls.WhyNot(type, TinyModel.Sdxl));
        Assert.Equal(type is "union" or "lllite", BenchControls.WhyNot(type, UNetParams.Sd15) is not null);
        Assert.Equal(type is "t2i-adapter" or "ip-adapter" or "lllite", controls.Gflop(type) == 0);

        var side = new TextSide(ones(1, 77, TinyModel.Sdxl.ContextChannels), ones(1, TinyModel.Sdxl.VectorChannels!.Value));
        Tensor Made(params IControl[] attached) => new ControlledDenoiser(unet, PredictionType.Epsilon, [new PromptArea([new(side, [new(side)])])], 7, attached, 1)
            .Denoise(ones(1, 4, 8, 8), NoiseSchedule.StableDiffusion.LevelAt(500), 0);
        var made = Made(controls.Make(type));
        Assert.True(made.isfinite().all().item<bool>());
        Assert.False(made.equal(Made()).all().item<bool>());
    }

    [Theory]
    [InlineData("sd15", "union", "union ControlNets are for SDXL")]
    [InlineData("sd15", "lllite", "ControlNet-LLLites are for SDXL")]
    [InlineData("sd21", "ip-adapter", "there is no ip-adapter for this family")]
    [InlineData("sd15", "hypernetwork", "must be controlnet, t2i-adapter, control-lora, union, ip-adapter, lllite or reference")]
    public async Task Bench_OfAControlThatTheFamilyHasNot_IsRefused(string family, string type, string message)
    {
        var run = await CommandRun.Of(["bench", "generate", "--family", family, "--control-type", type]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WhereConvolutionsAreWrong_SaysSo()
    {
        using var assumed = new AssumedConvolutions(ConvolutionState.Wrong, "146 in place of 153");
        var run = await CommandRun.Of(["doctor"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("convolve   wrong: 146 in place of 153", run.Result, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WhereConvolutionsAreWrong_RefusesWithTheReason_AndWritesNothing()
    {
        using var assumed = new AssumedConvolutions(ConvolutionState.Wrong, "146 in place of 153");
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        var run = await CommandRun.Of(["generate", "-p", "cat", "-m", model, "-o", _folder["out.png"], "--size", "64x64"]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("146 in place of 153", run.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["out.png"]));
    }

    [Fact]
    public async Task Generate_WithPaddedConvolutions_MakesTheSamePicture()
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        string[] arguments =
            ["generate", "-p", "cat", "-m", model, "--size", "64x64", "--steps", "2", "--seed", "5", "--dtype", "fp32", "-o"];
        await CommandRun.JsonOf([.. arguments, _folder["plain.png"]]);
        using (new AssumedConvolutions(ConvolutionState.Padded))
        {
            await CommandRun.JsonOf([.. arguments, _folder["padded.png"]]);
        }

        var (plain, padded) = (PictureReader.Read(_folder["plain.png"]), PictureReader.Read(_folder["padded.png"]));
        Assert.All(plain.Bytes().Zip(padded.Bytes()), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
    }

    [Fact]
    public async Task Program_ThatIsToldToPadConvolutions_DoesSo()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "controlnet.dll");
        var start = new ProcessStartInfo("dotnet", [program, "doctor", "--json"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["CONTROLNETSHARP_PAD_CONVOLUTIONS"] = "1";
        using var process = Process.Start(start)!;
        var result = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(result);
        var convolutions = json.RootElement.GetProperty("convolutions");
        Assert.Equal("padded", convolutions.GetProperty("state").GetString());
        var reason = convolutions.GetProperty("reason").GetString();
        Assert.Equal("channels are padded to whole blocks: CONTROLNETSHARP_PAD_CONVOLUTIONS is 1", reason);
    }

    [Fact]
    public async Task BenchDecode_TellsSecondsMemoryAndWhatWasMeasured()
    {
        var json = await CommandRun.JsonOf("bench", "decode", "--size", "64", "--dtype", "fp32");
        AssertPositive(json, "secondsPerImage", "peakMemoryBytes");
        Assert.Equal(("sd15", "Float32", 64, 64, 1), (
            json.GetProperty("family").GetString(), json.GetProperty("dtype").GetString(), json.GetProperty("width").GetInt32(), json.GetProperty("height").GetInt32(), json.GetProperty("batch").GetInt32()));
    }

    [Fact]
    public void BenchScale_ChangesOneThingInARow_AndComputesWhatTheNetworksCost()
    {
        var p = TinyModel.Sdxl;
        var threads = get_num_threads();
        // Where the machine computes in 8 bits.
        string[] int8 = Int8Check.Fault is null ? ["128 1 1 int8"] : [];
        var rows = BenchScaleCommand.Measure(p, 128, ["size", "controls", "batch", "dtype"], 1, new ComputeSettings("cpu", "fp32"), TestContext.Current.CancellationToken);
        Assert.Equal(
            ["128 1 1 fp32", "64 1 1 fp32", "192 1 1 fp32", "256 1 1 fp32", "128 0 1 fp32", "128 2 1 fp32", "128 3 1 fp32", "128 1 2 fp32", "128 1 4 fp32", "128 1 1 bf16", .. int8],
            rows.Select(row => $"{row.Size} {row.Controls} {row.Batch} {row.Dtype}")
        );
        Assert.Equal(["", "size", "size", "size", "controls", "controls", "controls", "batch", "batch", "dtype", .. int8.Select(_ => "dtype")], rows.Select(row => row.Over));
        Assert.All(rows, row => Assert.True(row.SecondsMin > 0 && row.SecondsMin <= row.Seconds && row.Seconds <= row.SecondsMax && row.Threads == threads, row.ToString()));
        // Both sides of the guidance; each ControlNet costs the same, and so does each picture.
        Assert.Equal(2 * NetworkCost.UNet(p, 16, 16), rows[4].Gflop, 1e-9);
        Assert.Equal(rows[0].Gflop + 2 * (rows[0].Gflop - rows[4].Gflop), rows[6].Gflop, 1e-9);
        Assert.Equal(4 * rows[0].Gflop, rows[8].Gflop, 1e-9);
    }

    [Fact]
    public async Task BenchScale_OverWhatItDoesNotKnow_IsRefused()
    {
        var run = await CommandRun.Of(["bench", "scale", "--over", "colour"]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("must be size, controls, batch, threads or dtype", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BenchLoad_OfACheckpoint_TellsItsSizeAndTheSpeed()
    {
        var path = TinyModel.WriteModel(_folder["model.safetensors"]);
        var json = await CommandRun.JsonOf("bench", "load", "-m", path, "--dtype", "fp32");
        AssertPositive(json, "seconds", "gigabytesPerSecond", "peakMemoryBytes");
        Assert.Equal(new FileInfo(path).Length, json.GetProperty("fileBytes").GetInt64());
        Assert.Equal(json.GetProperty("fileBytes").GetInt64() / json.GetProperty("seconds").GetDouble() / 1e9, json.GetProperty("gigabytesPerSecond").GetDouble(), 1e-6);
    }

    [Theory]
    [InlineData("", "generate annotate evaluate models bench doctor --json --verbose --version")]
    [InlineData("generate", "--prompt -p -n -c -m -o --size --steps --sampler --scheduler --cfg --seed --batch --count --clip-skip --prediction --device --dtype --save-maps --json")]
    [InlineData("annotate", "--resolution --option -o")]
    [InlineData("evaluate", "-m -c --pictures")]
    [InlineData("bench generate", "--family --size --steps --control --cfg --batch --dtype")]
    [InlineData("models", "inspect list pull convert")]
    [InlineData("bench load", "--model -m --family --dtype")]
    public async Task Help_OfACommand_ListsItsOptions_AndExits0(string command, string expected)
    {
        var run = await CommandRun.Of([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Message));
        var words = run.Result.Split([' ', ',', '\n', '\r', '<', '>'], StringSplitOptions.RemoveEmptyEntries);
        Assert.All(expected.Split(' '), word => Assert.Contains(word, words));
    }

    private static void AssertPositive(JsonElement json, params string[] keys) => Assert.All(keys, key => Assert.True(json.GetProperty(key).GetDouble() > 0, key));
}
