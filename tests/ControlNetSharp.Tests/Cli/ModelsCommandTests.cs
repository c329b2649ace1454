using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Tests.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Cli;

public sealed class ModelsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Convert_ToDiffusersAndBack_GivesAFolderAndTheSameTensors()
    {
        var input = TinyModel.WriteModel(_folder["model.safetensors"]);
        var folder = await CommandRun.JsonOf("models", "convert", input, _folder["diffusers"], "--layout", "diffusers");
        Assert.Equal((_folder["diffusers"], "diffusers"), (folder.GetProperty("file").GetString(), folder.GetProperty("layout").GetString()));
        var inspected = await CommandRun.JsonOf("models", "inspect", _folder["diffusers"]);
        Assert.Equal(("model", "diffusers", "F32"), (inspected.GetProperty("kind").GetString(), inspected.GetProperty("layout").GetString(), inspected.GetProperty("dtype").GetString()));
        var back = await CommandRun.Of(["models", "convert", _folder["diffusers"], _folder["back.safetensors"], "--layout", "ldm", "--dtype", "bf16"]);
        Assert.Equal((0, _folder["back.safetensors"]), (back.ExitCode, back.Result.Trim()));
        using var expected = SafetensorsFile.Open(input);
        using var actual = SafetensorsFile.Open(_folder["back.safetensors"]);
        Assert.Equal(expected.Entries.Keys.Order(StringComparer.Ordinal), actual.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(actual.Entries.Values, entry => Assert.Equal("BF16", entry.Dtype));
    }

    [Theory]
    [InlineData("fp16", 1)]
    [InlineData("bf16", 0)]
    public async Task Convert_OfNumbersTooLargeForTheType_SaysWhichTensorsHaveThem(string dtype, int overflows)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor> { ["small"] = tensor([65504f]), ["large"] = tensor([1f, -65600f]), ["infinite"] = tensor([float.PositiveInfinity, float.NaN]) };
        SafetensorsWriter.Write(_folder["a.safetensors"], tensors);
        var run = await CommandRun.Of(["models", "convert", _folder["a.safetensors"], _folder["b.safetensors"], "--dtype", dtype, "--json"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(overflows == 0 ? [] : ["large"], run.Json.GetProperty("overflows").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(overflows > 0, run.Message.Contains("1 of 3 tensors have numbers too large for fp16", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Inspect_ShowsTheHashesThatA1111Shows()
    {
        // 64 KiB at 1 MiB are all that the old hash sees.
        var bytes = new byte[0x100000 + 0x10000 + 10];
        new Random(3).NextBytes(bytes);
        var header = System.Text.Encoding.UTF8.GetBytes($$$"""{"w":{"dtype":"U8","shape":[{{{bytes.Length - 100}}}],"data_offsets":[0,{{{bytes.Length - 100}}}]}}""".PadRight(92));
        BitConverter.TryWriteBytes(bytes, (long)header.Length);
        header.CopyTo(bytes, 8);
        File.WriteAllBytes(_folder["a.safetensors"], bytes);
        var json = await CommandRun.JsonOf("models", "inspect", _folder["a.safetensors"]);
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        var old = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(0x100000, 0x10000)))[..8];
        Assert.Equal((sha256, sha256[..10], old), (json.GetProperty("hash").GetString(), json.GetProperty("shortHash").GetString(), json.GetProperty("oldHash").GetString()));
        Assert.Contains($"A1111 hash  {sha256[..10]} (old: {old})", (await CommandRun.Of(["models", "inspect", _folder["a.safetensors"]])).Result, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models/Stable-diffusion/real/model.safetensors")]
    [InlineData("models/checkpoints/model.safetensors")]
    [InlineData("extensions/sd-webui-controlnet/models/model.pth")]
    [InlineData("ControlNet/model.safetensors")]
    [InlineData("model.ckpt")]
    public async Task List_FindsFilesInTheFoldersOfOtherPrograms(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
        TinyModel.WriteControlNet(_folder[file], TinyModel.Sd21Shaped);
        Directory.CreateDirectory(_folder["outputs/deep"]);
        File.WriteAllText(_folder["outputs/deep/none.safetensors"], "x");
        var listed = Assert.Single((await CommandRun.JsonOf("models", "list", "--models", _folder.Path)).EnumerateArray());
        Assert.Equal((_folder[file], "controlnet", "SD 2.x", "ldm", "F32"), (Path.GetFullPath(listed.GetProperty("file").GetString()!), listed.GetProperty("kind").GetString(),
            listed.GetProperty("family").GetString(), listed.GetProperty("layout").GetString(), listed.GetProperty("dtype").GetString()));
    }

    [Fact]
    public async Task List_OfWhatComesWithTheProgram_SaysWhatEachFileIs()
    {
        var rows = (await CommandRun.JsonOf("models", "list", "--models", new ModelFinderOptions().EmbeddedFolder)).EnumerateArray().ToList();
        var kinds = rows.ToDictionary(row => Path.GetFileNameWithoutExtension(row.GetProperty("file").GetString()!), row => (row.GetProperty("kind").GetString(), row.GetProperty("layout").GetString()));
        Assert.Equal(("annotator", "pocket"), kinds["annotators"]);
        Assert.Equal(("annotator", "movenet"), kinds["movenet_multipose"]);
        Assert.Equal(("classifier", "pocket"), kinds["classifier"]);
        Assert.DoesNotContain("unknown", kinds.Values.Select(kind => kind.Item1));
    }

    [Theory]
    [InlineData("annotators.safetensors", "this is the network of an annotator, which makes hints; a ")]
    [InlineData("classifier.safetensors", "this is a classifier, which says what pictures show; a ")]
    public async Task Generate_WithAFileThatIsNoModel_SaysWhatItIs(string file, string expected)
    {
        var run = await CommandRun.Of(["generate", "-p", "a cat", "-m", Path.Combine(new ModelFinderOptions().EmbeddedFolder, file), "-o", _folder["out.png"]]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains(expected, run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_OfAHubCache_ShowsTheSnapshotOfEachRepository()
    {
        using var scope = NewDisposeScope();
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        Directory.CreateDirectory(_folder["hub/models--some--model/refs"]);
        Directory.CreateDirectory(_folder["hub/models--some--model/snapshots/old"]);
        Directory.CreateDirectory(_folder["hub/models--other--control/snapshots/abc"]);
        File.WriteAllText(_folder["hub/models--some--model/refs/main"], "new\n");
        CheckpointConverter.Convert(model, _folder["hub/models--some--model/snapshots/new"], CheckpointLayout.Diffusers);
        new PickleBytes().Start().Tensors(new Dictionary<string, Tensor> { ["w"] = ones(1) }).Raw(".").WriteZip(_folder["hub/models--other--control/snapshots/abc/w.pth"]);
        File.WriteAllText(_folder["hub/models--other--control/snapshots/abc/bad.safetensors"], "no");
        var rows = (await CommandRun.JsonOf("models", "list", "--models", _folder["hub"])).EnumerateArray().Select(row => (row.GetProperty("name").GetString(), row.GetProperty("kind").GetString(), row.GetProperty("error").GetString())).ToList();
        Assert.Equal(["other/control/bad.safetensors", "other/control/w.pth", "some/model"], rows.Select(row => row.Item1));
        Assert.Contains("bad.safetensors", rows[0].Item3, StringComparison.Ordinal);
        Assert.Equal((("unknown", null), ("model", null)), ((rows[1].Item2, rows[1].Item3), (rows[2].Item2, rows[2].Item3)));
        Assert.Contains("diffusers", (await CommandRun.Of(["models", "list", "--models", _folder["hub"]])).Result, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models convert @none.safetensors @out.safetensors", 2, "none.safetensors|there is no such file")]
    [InlineData("models convert @model.safetensors @model.safetensors", 2, "place of its own")]
    [InlineData("models convert @model.safetensors @no/out.safetensors", 2, "there is no folder")]
    [InlineData("models convert @model.safetensors @out --layout kohya", 2, "--layout kohya|ldm or diffusers")]
    [InlineData("models convert @model.safetensors @out --dtype fp64", 2, "--dtype fp64|fp32 or bf16 or fp16")]
    [InlineData("models convert @bad.ckpt @out", 3, "bad.ckpt|os.system")]
    [InlineData("models inspect @bad.ckpt", 3, "bad.ckpt|os.system")]
    [InlineData("models list --models @none", 2, "--models|there is no such folder")]
    public async Task WrongInput_IsRefused(string arguments, int exitCode, string expected)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["model.safetensors"], new Dictionary<string, Tensor> { ["w"] = ones(1) });
        new PickleBytes().Start().Raw("cos\nsystem\n(S'echo'\ntR.").WriteZip(_folder["bad.ckpt"]);
        var before = _folder.Listing();
        var run = await CommandRun.Of(arguments.Split(' ').Select(argument => argument.StartsWith('@') ? _folder[argument[1..]] : argument));
        Assert.Equal(exitCode, run.ExitCode);
        Assert.All(expected.Split('|'), text => Assert.Contains(text, run.Message, StringComparison.Ordinal));
        Assert.Equal(before, _folder.Listing());
    }
}
