using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks.Upscalers;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks.Upscalers;

/// <summary>Networks that enlarge pictures against the goldens, under every name that their files have.</summary>
public sealed class UpscalerTests : IDisposable
{
    private const double Tolerance = 2e-5;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => Goldens.Files("rrdb_*.safetensors");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithTheGoldensWeights_GivesItsPictures(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        foreach (var (name, scale) in new[] { ("x4", 4), ("x2", 2), ("x1", 1), ("srvgg", golden.Config.GetProperty("srvgg").GetProperty("upscale").GetInt32()) })
        {
            using var network = Loaded(golden, name, key => key);
            Assert.Equal(scale, network.Scale);
            var made = network.Forward(golden[$"{name}/in.image"]);
            golden.AssertClose($"{name}/out", made, Tolerance);
            if (golden.Has($"{name}/out_u8_hwc"))
            {
                using var expected = golden[$"{name}/out_u8_hwc"];
                Goldens.AssertClose(expected, (made[0].clamp(0, 1) * 255).round().permute(1, 2, 0), 1, $"{file}: {name}/out_u8_hwc");
            }

            if (golden.Has($"{name}/inter.body.0") && network is RrdbNetwork dense)
            {
                nn.Module<Tensor, Tensor> Part(string module) => (nn.Module<Tensor, Tensor>)dense.named_modules().First(part => part.name == module).module;
                golden.AssertClose($"{name}/inter.body.0", Part("body.0").call(Part("conv_first").call(golden[$"{name}/in.image"])), Tolerance);
            }
        }

        if (!Goldens.IsOverride)
        {
            golden.AssertAllRead();
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Load_UnderTheOlderNames_GivesTheSameNumbers(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var blocks = golden.Config.GetProperty("num_block").GetInt32();
        var names = Goldens.Manifest("key_manifest_realesrgan_x4plus.json").GetProperty("esrgan_names");
        foreach (var column in new[] { 0, 1 })
        {
            // Of the oldest names that of the convolution behind the blocks counts these.
            using var network = Loaded(golden, "x4", key => names.GetProperty(key)[column].GetString()!.Replace("sub.23.", $"sub.{blocks}.", StringComparison.Ordinal));
            golden.AssertClose("x4/out", network.Forward(golden["x4/in.image"]), Tolerance);
        }
    }

    [Theory]
    [InlineData(10, 15)]
    [InlineData(9, 13)]
    [InlineData(1, 5)]
    public void Forward_OfAPictureThatDoesNotDivide_IsThatOfAMirroredOne_CutToSize(int height, int width)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var network = FormulaWeights.Fill(new RrdbNetwork(new() { Features = 4, Growth = 2, Blocks = 1, Doublings = 2, Unshuffle = 4 }, Placement.Cpu32), "", 3);
        var picture = rand(1, 3, height, width);
        Assert.Equal([1, 3, height, width], network.Forward(picture).shape);
        if (height > 4)
        {
            var (down, right) = ((4 - height % 4) % 4, (4 - width % 4) % 4);
            var whole = nn.functional.pad(picture, [0, right, 0, down], TorchSharp.PaddingModes.Reflect);
            Assert.True(network.Forward(whole).narrow(2, 0, height).narrow(3, 0, width).equal(network.Forward(picture)).all().item<bool>());
        }
    }

    [Theory]
    [InlineData("key_manifest_realesrgan_x4plus.json", "ESRGAN (RRDB)", 4, "23 of 64 features")]
    [InlineData("key_manifest_realesrgan_x2plus.json", "ESRGAN (RRDB)", 2, "23 of 64 features")]
    [InlineData("key_manifest_realesrgan_x4plus_anime_6b.json", "ESRGAN (RRDB)", 4, "6 of 64 features")]
    [InlineData("key_manifest_realesr_general_x4v3.json", "compact (SRVGG)", 4, "32 convolutions of 64 features")]
    public void Open_UnderThePublishedNames_SaysFormScaleAndBlocks(string manifest, string form, int scale, string blocks)
    {
        var keys = NamedShapes.OfManifest(manifest);
        var names = Goldens.Manifest(manifest).TryGetProperty("esrgan_names", out var older) ? older : default;
        var renames = new List<Func<string, string>> { name => name };
        if (names.ValueKind == JsonValueKind.Object)
        {
            renames.AddRange([name => names.GetProperty(name)[0].GetString()!, name => names.GetProperty(name)[1].GetString()!]);
        }

        foreach (var rename in renames)
        {
            var path = NamedShapes.Write(_folder["a.safetensors"], keys.ToDictionary(key => rename(key.Key), key => key.Value));
            Assert.Equal(scale, UpscalerFile.ScaleOf(path));
            Assert.Equal([("form", form), ("scale", $"{scale}"), ("blocks", blocks)], CheckpointLoader.FactsOf(path, UpscalerFile.Kind).Select(fact => (fact.Key, fact.Value)));
            using var files = CheckpointFiles.Open(path);
            Assert.Equal((UpscalerFile.Kind, null), CheckpointKind.Of(files.Shapes));
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 8)]
    public void Load_UnderTheOldestNames_CountsItsDoublings(int doublings, int scale)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var network = FormulaWeights.Fill(new RrdbNetwork(new() { Features = 4, Growth = 2, Blocks = 1, Doublings = doublings, Unshuffle = 1 }, Placement.Cpu32), "", 3);
        string Oldest(string name) =>
            name.StartsWith("body.0.", StringComparison.Ordinal) ? $"model.1.sub.0.RDB{name[10]}.conv{name[16]}.0{name[17..]}"
            : name.StartsWith("conv_body", StringComparison.Ordinal) ? $"model.1.sub.1{name[9..]}"
            : name.StartsWith("conv_first", StringComparison.Ordinal) ? $"model.0{name[10..]}"
            : name.StartsWith("conv_up", StringComparison.Ordinal) ? $"model.{3 * (name[7] - '0')}{name[8..]}"
            : name.StartsWith("conv_hr", StringComparison.Ordinal) ? $"model.{2 + 3 * doublings}{name[7..]}"
            : $"model.{4 + 3 * doublings}{name[9..]}";
        SafetensorsWriter.Write(_folder["old.safetensors"], network.named_parameters().ToDictionary(p => Oldest(p.name), p => (Tensor)p.parameter), new Dictionary<string, string>());
        using var loaded = UpscalerFile.Load(_folder["old.safetensors"], Placement.Cpu32);
        Assert.Equal(scale, loaded.Scale);
        var picture = rand(1, 3, 6, 5);
        Assert.True(network.Forward(picture).equal(loaded.Forward(picture)).all().item<bool>());
    }

    [Theory]
    [InlineData("conv_first.weight 4,7,3,3|body.0.rdb1.conv1.weight 2,4,3,3", "takes 7 channels; 3, 12 and 48")]
    [InlineData("conv_first.weight 4,3,3,3|body.0.rdb1.conv1.weight 2,4,3,3|conv_last.weight 1,4,3,3", "must be RGB")]
    [InlineData("conv_first.weight 4,3,3,3|body.0.rdb1.conv1.weight 2,4,3,3|conv_last.weight 3,4,3,3", "missing (upscaler.body.0.rdb1.conv1.bias")]
    [InlineData("body.0.weight 4,3,3,3|body.1.weight 4|body.2.weight 7,4,3,3", "gives 7 channels")]
    [InlineData("lora_unet_down_blocks_0.lora_down.weight 4,768", "this is a LoRA; an upscaler")]
    [InlineData("w 1", "this is of no known kind; an upscaler")]
    public void Load_OfWhatCannotBeRun_SaysWhatItIs(string tensors, string expected)
    {
        var shapes = tensors.Split('|').Select(tensor => tensor.Split(' ')).ToDictionary(tensor => tensor[0], tensor => tensor[1].Split(',').Select(long.Parse).ToArray());
        var path = NamedShapes.Write(_folder["a.safetensors"], shapes);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => UpscalerFile.Load(path, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    /// <summary>Written to a file under some names, and loaded from there.</summary>
    private UpscalerNetwork Loaded(GoldenFile golden, string name, Func<string, string> rename)
    {
        var prefix = name + ".";
        var path = _folder[$"{name}.safetensors"];
        SafetensorsWriter.Write(path, golden.Weights(prefix).ToDictionary(weight => rename(weight.Key[prefix.Length..]), weight => weight.Value), new Dictionary<string, string>());
        return UpscalerFile.Load(path, Placement.Cpu32);
    }
}
