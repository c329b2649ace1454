using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>Checkpoints in another layout, type or container keep their bits.</summary>
public sealed class CheckpointConverterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointForms _forms;

    public CheckpointConverterTests() => _forms = new CheckpointForms(_folder);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("unet/weights.bin", true)]
    [InlineData("model.safetensors", true)]
    [InlineData("unet/config.json", false)]
    public void OfModel_OfAFolder_FollowsFromItsWeights(string file, bool counts)
    {
        Directory.CreateDirectory(_folder["m/unet"]);
        File.WriteAllText(_folder["m/other.pth"], "weights");
        var before = CheckpointHash.OfModel(_folder["m"]);
        File.WriteAllText(_folder["m/" + file], "more");
        Assert.Equal(counts, before != CheckpointHash.OfModel(_folder["m"]));
    }

    [Theory]
    [InlineData(TinyFamily.Sd1)]
    [InlineData(TinyFamily.Sd2)]
    [InlineData(TinyFamily.Sdxl)]
    [InlineData(TinyFamily.Inpainting)]
    public void Convert_ToDiffusersAndBack_KeepsEveryBit(TinyFamily family)
    {
        using var scope = NewDisposeScope();
        foreach (var type in Enum.GetValues<WeightFormat>())
        {
            var first = _folder[$"{type}.safetensors"];
            CheckpointConverter.Convert(_forms.WriteModel(family), first, null, type);
            CheckpointConverter.Convert(first, _folder[$"{type}"], CheckpointLayout.Diffusers);
            CheckpointConverter.Convert(_folder[$"{type}"], _folder[$"{type}-back.safetensors"], CheckpointLayout.Ldm);
            using var expected = SafetensorsFile.Open(first);
            using var actual = SafetensorsFile.Open(_folder[$"{type}-back.safetensors"]);
            CheckpointForms.AssertSame(expected, actual);
        }
    }

    [Fact]
    public void Convert_WithoutALayout_KeepsNamesMetadataAndEveryBitOfAnyFile()
    {
        using var scope = NewDisposeScope();
        CheckpointConverter.Convert(Goldens.Require("io_lightning_zip.ckpt"), _folder["a.safetensors"]);
        using var pickle = CheckpointFiles.Open(Goldens.Require("io_lightning_zip.ckpt"));
        using var converted = CheckpointFiles.Open(_folder["a.safetensors"]);
        Assert.Equal(pickle.Shapes.Keys.Order(StringComparer.Ordinal), converted.Shapes.Keys.Order(StringComparer.Ordinal));
        Assert.All(pickle.Shapes.Keys, name =>
        {
            Assert.Equal(pickle.DtypeOf(name), converted.DtypeOf(name));
            var (expected, actual) = (pickle.Read(name), converted.Read(name));
            Assert.Equal(expected.numel() == 0 ? [] : expected.bytes.ToArray(), actual.numel() == 0 ? [] : actual.bytes.ToArray());
        });
    }

    [Fact]
    public void Convert_WithAType_ChangesFloatingPointTensorsOnly()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a.safetensors"], new Dictionary<string, Tensor> { ["w"] = tensor([1 / 3f, 2]), ["n"] = arange(3) }, new Dictionary<string, string> { ["note"] = "kept" });
        Assert.Equal(2, CheckpointConverter.Convert(_folder["a.safetensors"], _folder["b.safetensors"], null, WeightFormat.BFloat16));
        using var file = SafetensorsFile.Open(_folder["b.safetensors"]);
        Assert.Equal(("BF16", "I64", "kept"), (file.Entries["w"].Dtype, file.Entries["n"].Dtype, file.Metadata["note"]));
        Assert.True(file.Read("w").equal(tensor([1 / 3f, 2]).to(ScalarType.BFloat16)).all().item<bool>());
    }

    [Fact]
    public void Convert_ToEightBits_KeepsEachWeightWithinItsRounding_InHalfTheBytesOfBfloat16()
    {
        using var scope = NewDisposeScope();
        var original = _forms.WriteModel(TinyFamily.Sdxl);
        CheckpointConverter.Convert(original, _folder["16.safetensors"], null, WeightFormat.BFloat16);
        CheckpointConverter.Convert(original, _folder["8.safetensors"], null, WeightFormat.ScaledFloat8);
        Assert.InRange(new FileInfo(_folder["8.safetensors"]).Length / (double)new FileInfo(_folder["16.safetensors"]).Length, 0.4, 0.65);
        using (var file = SafetensorsFile.Open(_folder["8.safetensors"]))
        {
            Assert.True(file.Entries.ContainsKey("scaled_fp8"));
        }

        using var expected = CheckpointFiles.Open(original);
        using var actual = CheckpointFiles.Open(_folder["8.safetensors"]);
        Assert.Equal(expected.Shapes.Keys.Order(StringComparer.Ordinal), actual.Shapes.Keys.Order(StringComparer.Ordinal));
        Assert.Contains(actual.Shapes.Keys, name => actual.DtypeOf(name) == "F8_E4M3");
        Assert.All(expected.Shapes.Keys, name =>
        {
            var (before, after) = (expected.Read(name, ScalarType.Float32), actual.Read(name, ScalarType.Float32));
            // Three bits of mantissa: half a sixteenth; far below the largest the steps stay the same.
            var allowed = before.abs() / 16 + before.abs().max() / (1 << 18);
            Assert.True((after - before).abs().le(allowed).all().item<bool>(), name);
        });
        using var model = CheckpointLoader.LoadModel(_folder["8.safetensors"], Placement.Cpu32);
        Assert.NotNull(model.SecondText);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.PositiveInfinity)]
    public void Open_OfAFactorThatCannotBe_NamesIt(float factor)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a.safetensors"], new Dictionary<string, Tensor> { ["a.weight"] = ones(2, 2), ["a.scale_weight"] = tensor(factor) });
        Assert.Contains("a.scale_weight", Assert.Throws<CheckpointException>(() => CheckpointFiles.Open(_folder["a.safetensors"])).Message, StringComparison.Ordinal);
        SafetensorsWriter.Write(_folder["a.safetensors"], new Dictionary<string, Tensor> { ["a.weight"] = ones(2, 2), ["a.scale_weight"] = ones(2) });
        Assert.Contains("one number", Assert.Throws<CheckpointException>(() => CheckpointFiles.Open(_folder["a.safetensors"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_OfWhatHasNoLayout_OrToAPlaceThatIsTaken_SaysSo()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a.safetensors"], new Dictionary<string, Tensor> { ["some.weight"] = ones(1) });
        foreach (var layout in Enum.GetValues<CheckpointLayout>())
        {
            Assert.Contains("some.weight", Assert.Throws<CheckpointException>(() => CheckpointConverter.Convert(_folder["a.safetensors"], _folder["out"], layout)).Message, StringComparison.Ordinal);
        }

        Directory.CreateDirectory(_folder["taken"]);
        Assert.Contains("taken", Assert.Throws<ArgumentException>(() => CheckpointConverter.Convert(_forms.WriteModel(TinyFamily.Sd1), _folder["taken"], CheckpointLayout.Diffusers)).Message, StringComparison.Ordinal);
        Assert.Contains("taken", Assert.Throws<ArgumentException>(() => CheckpointConverter.Convert(_forms.WriteModel(TinyFamily.Sd1), _folder["taken"])).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Theory]
    [InlineData(TinyFamily.Sd1, "tokenizer", "<|endoftext|>")]
    [InlineData(TinyFamily.Sd2, "tokenizer", "!")]
    [InlineData(TinyFamily.Sdxl, "tokenizer", "<|endoftext|>")]
    [InlineData(TinyFamily.Sdxl, "tokenizer_2", "!")]
    public void Convert_ToDiffusers_WritesTheTokenizerThatTransformersReads(TinyFamily family, string folder, string pad)
    {
        using var scope = NewDisposeScope();
        var written = Path.Combine(_forms.Diffusers(_forms.WriteModel(family)), folder);
        JsonElement Json(string name) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(written, name))).RootElement;
        var vocabulary = Json("vocab.json").EnumerateObject().ToDictionary(token => token.Name, token => token.Value.GetInt32());
        Assert.Equal(Enumerable.Range(0, 49408), vocabulary.Values.Order());
        Assert.Equal((0, 49406, 49407), (vocabulary["!"], vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]));
        foreach (var word in new[] { "cat", "astronaut", "photograph" })
        {
            Assert.Equal([vocabulary[word + "</w>"]], ClipTokenizer.Default.Encode(word));
        }

        var lines = File.ReadAllLines(Path.Combine(written, "merges.txt"));
        Assert.Equal((48895, "#version: 0.2"), (lines.Length, lines[0]));
        Assert.All(lines.Skip(1).Index(), merge => Assert.Equal(512 + merge.Index, vocabulary[string.Concat(merge.Item.Split(' '))]));
        foreach (var name in new[] { "tokenizer_config.json", "special_tokens_map.json" })
        {
            var config = Json(name);
            Assert.Equal((pad, "<|startoftext|>", "<|endoftext|>"), (config.GetProperty("pad_token").GetString(), config.GetProperty("bos_token").GetProperty("content").GetString(), config.GetProperty("eos_token").GetProperty("content").GetString()));
        }

        Assert.Equal(("CLIPTokenizer", 77), (Json("tokenizer_config.json").GetProperty("tokenizer_class").GetString(), Json("tokenizer_config.json").GetProperty("model_max_length").GetInt32()));
    }

    [Fact]
    public void Convert_OfSdxlToDiffusers_WritesTheConfigurationsThatItsPipelineNeeds()
    {
        using var scope = NewDisposeScope();
        var folder = _forms.Diffusers(_forms.WriteModel(TinyFamily.Sdxl));
        JsonElement Json(params string[] path) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine([folder, .. path]))).RootElement;
        Assert.Equal("StableDiffusionXLPipeline", Json("model_index.json").GetProperty("_class_name").GetString());
        Assert.All(Json("model_index.json").EnumerateObject().Where(part => part.Value.ValueKind == JsonValueKind.Array), part => Assert.True(Directory.Exists(Path.Combine(folder, part.Name)), part.Name));
        var unet = Json("unet", "config.json");
        Assert.Equal("[1,1,2]", unet.GetProperty("transformer_layers_per_block").GetRawText().Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));
        Assert.Equal(("text_time", 8, 72), (unet.GetProperty("addition_embed_type").GetString(), unet.GetProperty("addition_time_embed_dim").GetInt32(), unet.GetProperty("projection_class_embeddings_input_dim").GetInt32()));
        Assert.Equal(["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"], unet.GetProperty("down_block_types").EnumerateArray().Select(type => type.GetString()));
        Assert.Equal(0.13025, Json("vae", "config.json").GetProperty("scaling_factor").GetDouble());
        var (first, second) = (Json("text_encoder", "config.json"), Json("text_encoder_2", "config.json"));
        Assert.Equal(("CLIPTextModel", "quick_gelu", 2), (first.GetProperty("architectures")[0].GetString(), first.GetProperty("hidden_act").GetString(), first.GetProperty("num_hidden_layers").GetInt32()));
        Assert.Equal(("CLIPTextModelWithProjection", "gelu", 2, 3), (second.GetProperty("architectures")[0].GetString(), second.GetProperty("hidden_act").GetString(), second.GetProperty("num_hidden_layers").GetInt32(), second.GetProperty("num_attention_heads").GetInt32()));
    }
}
