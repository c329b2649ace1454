using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>The same tiny model in every container and layout: the same weights and settings are loaded from each.</summary>
public sealed class CheckpointLayoutTests : IDisposable
{
    private const string Weights = "diffusion_pytorch_model.safetensors";
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int, string> Forms
    {
        get
        {
            var rows = new TheoryData<int, string>();
            foreach (var form in new[] { "safetensors", "sharded", "zip", "legacy", "lightning", "diffusers", "diffusers-old", "diffusers-sharded", "diffusers-bin", "back" })
            {
                rows.Add(1, form);
                rows.Add(2, form);
            }

            return rows;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void LoadModel_InAnyContainerAndLayout_GivesTheSameModel(int version, string form)
    {
        using var scope = NewDisposeScope();
        var original = WriteModel(version);
        using var expected = CheckpointLoader.LoadModel(original, Placement.Cpu32);
        using var actual = CheckpointLoader.LoadModel(Rewrite(original, form), Placement.Cpu32);
        AssertSame(expected.UNet, actual.UNet);
        AssertSame(expected.Autoencoder, actual.Autoencoder);
        Assert.Equal(
            (expected.Family, expected.PredictsVelocity, expected.NativeSize, expected.Noise, expected.Autoencoder.Params.ScaleFactor), (actual.Family, actual.PredictsVelocity, actual.NativeSize, actual.Noise, actual.Autoencoder.Params.ScaleFactor));
        Assert.Equal((expected.UNet.Params.NormGroups, expected.Autoencoder.Params.NormGroups), (actual.UNet.Params.NormGroups, actual.Autoencoder.Params.NormGroups));
        Assert.All(expected.UNet.Params.Levels, level => Assert.Equal(expected.UNet.Params.Heads.For(level.Channels), actual.UNet.Params.Heads.For(level.Channels)));
        // The text encoder of SD 2.x has other names in the two layouts: what it computes is compared.
        using var tokens = tensor(Enumerable.Range(0, 77).Select(i => i == 20 ? 499L : i * 3).ToArray()).unsqueeze(0);
        Goldens.AssertClose(expected.Text.Encode(tokens), actual.Text.Encode(tokens), 1e-6, form);
        Assert.Equal(expected.Text.PadToken, actual.Text.PadToken);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Convert_ToDiffusersAndBack_KeepsEveryBit(int version)
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16 })
        {
            var first = _folder[$"{type}.safetensors"];
            CheckpointConverter.Convert(WriteModel(version), first, null, type);
            CheckpointConverter.Convert(first, _folder[$"{type}"], CheckpointLayout.Diffusers);
            CheckpointConverter.Convert(_folder[$"{type}"], _folder[$"{type}-back.safetensors"], CheckpointLayout.Ldm);
            using var expected = SafetensorsFile.Open(first);
            using var actual = SafetensorsFile.Open(_folder[$"{type}-back.safetensors"]);
            AssertSame(expected, actual);
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
        Assert.Equal(2, CheckpointConverter.Convert(_folder["a.safetensors"], _folder["b.safetensors"], null, ScalarType.BFloat16));
        using var file = SafetensorsFile.Open(_folder["b.safetensors"]);
        Assert.Equal(("BF16", "I64", "kept"), (file.Entries["w"].Dtype, file.Entries["n"].Dtype, file.Metadata["note"]));
        Assert.True(file.Read("w").equal(tensor([1 / 3f, 2]).to(ScalarType.BFloat16)).all().item<bool>());
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
        Assert.Contains("taken", Assert.Throws<ArgumentException>(() => CheckpointConverter.Convert(WriteModel(1), _folder["taken"], CheckpointLayout.Diffusers)).Message, StringComparison.Ordinal);
        Assert.Contains("taken", Assert.Throws<ArgumentException>(() => CheckpointConverter.Convert(WriteModel(1), _folder["taken"])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CheckpointConverter.Convert(WriteModel(1), _folder["b"], null, ScalarType.Float64));
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Theory]
    [InlineData("control_model.")]
    [InlineData("")]
    [InlineData("diffusers")]
    [InlineData("diffusers-folder")]
    [InlineData("full")]
    [InlineData("zip")]
    public void LoadControlNet_InAnyForm_GivesTheSameWeights(string form)
    {
        using var scope = NewDisposeScope();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        var original = TinyModel.WriteControlNet(_folder["control.safetensors"]);
        var path = form switch
        {
            "control_model." or "" => TinyModel.WriteControlNet(_folder["control.safetensors"], prefix: form),
            "diffusers" => Path.Combine(Diffusers(original), Weights),
            "diffusers-folder" => Diffusers(original),
            "full" => TinyModel.WriteModel(_folder["full.safetensors"], tensors => AddAll(tensors, original)),
            _ => WriteTorch(original, pickle => pickle.WriteZip(_folder["control.pth"])),
        };
        // A pickle has no place for what shapes do not show, but the heads are the model's affair only where weights are compared.
        using var loaded = CheckpointLoader.LoadControlNet(path, Placement.Cpu32, model);
        using var expected = TinyModel.ControlNet();
        AssertSame(expected, loaded);
    }

    [Fact]
    public void LoadControlNet_OfDifferences_AddsTheModelsWeights()
    {
        using var scope = NewDisposeScope();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        using var expected = TinyModel.ControlNet();
        var weights = model.UNet.named_parameters().ToDictionary(p => TinyModel.ControlPrefix + p.name, p => p.parameter);
        var path = TinyModel.WriteControlNet(_folder["difference.safetensors"], change: tensors =>
        {
            foreach (var name in tensors.Keys.Where(weights.ContainsKey).ToList())
            {
                tensors[name] = tensors[name] - weights[name];
            }

            tensors.Add("difference", zeros(0));
        });
        using var loaded = CheckpointLoader.LoadControlNet(path, Placement.Cpu32, model);
        Assert.All(expected.named_parameters().Zip(loaded.named_parameters()), pair => Goldens.AssertClose(pair.First.parameter, pair.Second.parameter, 1e-6, pair.First.name));
        Assert.Contains("difference", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("first_stage_model.")]
    [InlineData("")]
    [InlineData("diffusers")]
    public void LoadModel_WithASeparateAutoencoder_TakesItInsteadOfTheModels(string form)
    {
        using var scope = NewDisposeScope();
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        using var other = FormulaWeights.Fill(new Autoencoder(TinyModel.AutoencoderParams, Placement.Cpu32), "other.", 5);
        var tensors = other.named_parameters().ToDictionary(p => (form == "diffusers" ? "first_stage_model." : form) + p.name, p => (Tensor)p.parameter);
        SafetensorsWriter.Write(_folder["vae.safetensors"], tensors, TinyModel.Metadata.Write());
        var path = form == "diffusers" ? Diffusers(_folder["vae.safetensors"]) : _folder["vae.safetensors"];
        using var loaded = CheckpointLoader.LoadModel(model, Placement.Cpu32, path);
        AssertSame(other, loaded.Autoencoder);
        using var unet = TinyModel.UNet();
        AssertSame(unet, loaded.UNet);
        Assert.Contains("no Autoencoder", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(model, Placement.Cpu32, TinyModel.WriteControlNet(_folder["c.safetensors"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadModel_OfADiffusersFolder_ObeysItsScheduler()
    {
        using var scope = NewDisposeScope();
        var folder = Diffusers(WriteModel(1));
        void Change(string key, JsonNode? value)
        {
            var file = Path.Combine(folder, "scheduler", "scheduler_config.json");
            var config = JsonNode.Parse(File.ReadAllText(file))!;
            config[key] = value;
            File.WriteAllText(file, config.ToJsonString());
        }

        Change("prediction_type", "epsilon");
        Change("beta_start", 0.001);
        Change("beta_end", 0.01);
        Change("rescale_betas_zero_snr", true);
        using var model = CheckpointLoader.LoadModel(folder, Placement.Cpu32);
        Assert.Equal((false, new NoiseSettings { Start = 0.001, End = 0.01, ZeroTerminalSnr = true }), (model.PredictsVelocity, model.Noise));
        foreach (var (key, value) in new (string, JsonNode?)[] { ("beta_end", 2), ("beta_schedule", "linear"), ("prediction_type", "sample") })
        {
            Change(key, value);
            var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(folder, Placement.Cpu32));
            Assert.Contains("scheduler_config.json", e.File, StringComparison.Ordinal);
            Assert.Contains(key, e.Message, StringComparison.Ordinal);
            Change("beta_end", 0.01);
            Change("beta_schedule", "scaled_linear");
            Change("prediction_type", "epsilon");
        }

        File.WriteAllText(Path.Combine(folder, "vae", "config.json"), "[");
        Assert.Contains("config.json", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(folder, Placement.Cpu32)).Message, StringComparison.Ordinal);
        Directory.Delete(Path.Combine(folder, "vae"), recursive: true);
        Assert.Contains("'vae' has no weights", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(folder, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadModel_BesideAYamlFile_TakesThePredictionFromIt()
    {
        using var scope = NewDisposeScope();
        var metadata = (TinyModel.Metadata with { PredictsVelocity = null }).Write();
        var path = TinyModel.WriteModel(_folder["model.safetensors"], metadata: metadata);
        foreach (var (text, expected) in new[] { ("model:\n  params:\n    parameterization: \"v\"\n", (bool?)true), ("model:\n  params:\n", false), (null, null) })
        {
            File.Delete(_folder["model.yaml"]);
            if (text is not null)
            {
                File.WriteAllText(_folder["model.yaml"], text);
            }

            using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
            Assert.Equal(expected, model.PredictsVelocity);
        }
    }

    [Theory]
    [InlineData(-3f, true)]
    [InlineData(0f, false)]
    public void LoadModel_OfSd2ThatSaysNothing_AsksTheNetworkWhatItPredicts(float outputBias, bool velocity)
    {
        using var scope = NewDisposeScope();
        var path = WriteModel(2, TinyModel.Metadata with { PredictsVelocity = null }, tensors =>
        {
            // A network that gives a constant.
            tensors["model.diffusion_model.out.2.weight"].zero_();
            tensors["model.diffusion_model.out.2.bias"] = full(4, outputBias);
        });
        using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
        Assert.Equal((ModelFamily.StableDiffusion2, velocity), (model.Family.Name, model.PredictsVelocity));
    }

    [Theory]
    [InlineData("adapter.body.0.resnets.0.block1.weight", "a T2I-Adapter")]
    [InlineData("body.0.block1.weight", "a T2I-Adapter")]
    [InlineData("image_proj.proj.weight", "an IP-Adapter")]
    [InlineData("ip_adapter.1.to_k_ip.weight", "an IP-Adapter")]
    [InlineData("lora_controlnet", "a Control-LoRA")]
    [InlineData("task_embedding", "a ControlNet for several kinds of hints (union)")]
    [InlineData("lllite_unet_input_blocks_1_1.down.0.weight", "a ControlNet-LLLite")]
    [InlineData("lora_unet_down_blocks_0.lora_down.weight", "a LoRA")]
    public void Load_OfWhatIsNeitherModelNorControlNet_SaysWhatItIs(string name, string expected)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a.safetensors"], new Dictionary<string, Tensor> { [name] = ones(1), ["controlnet_cond_embedding.conv_in.weight"] = ones(1) });
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(_folder["a.safetensors"], Placement.Cpu32)).Message, StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(_folder["a.safetensors"], Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfAnIpAdaptersPickle_JoinsItsHalves()
    {
        using var scope = NewDisposeScope();
        var pickle = new PickleBytes().Start().Raw("}(").Text("image_proj").Tensors(new Dictionary<string, Tensor> { ["proj.weight"] = ones(1) })
            .Text("ip_adapter").Tensors(new Dictionary<string, Tensor> { ["1.to_k_ip.weight"] = ones(1) }).Raw("u.");
        using var files = CheckpointFiles.Open(pickle.WriteZip(_folder["ip.bin"]));
        Assert.Equal(["image_proj.proj.weight", "ip_adapter.1.to_k_ip.weight"], files.Shapes.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("ip-adapter", CheckpointKind.Of(files.Shapes).Kind);
    }

    [Fact]
    public void LoadControlNet_OfSdxl_IsRefusedByName()
    {
        var path = TinyModel.WriteControlNet(_folder["xl.safetensors"], TinyModel.UNetParams with { ContextChannels = 2048, LinearProjections = true });
        Assert.Contains("SDXL ControlNet", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfShards_ReadsTheListedOnesAndNamesAMissingOne()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a-1.safetensors"], new Dictionary<string, Tensor> { ["a"] = ones(1) });
        SafetensorsWriter.Write(_folder["a-2.safetensors"], new Dictionary<string, Tensor> { ["b"] = ones(2) });
        SafetensorsWriter.Write(_folder["other.safetensors"], new Dictionary<string, Tensor> { ["a"] = ones(3) });
        void Index(string map) => File.WriteAllText(_folder["a.safetensors.index.json"], $$$"""{"metadata":{},"weight_map":{{{map}}}}""");
        Index("""{"a":"a-1.safetensors","b":"a-2.safetensors"}""");
        foreach (var path in new[] { _folder.Path, _folder["a.safetensors.index.json"] })
        {
            using var files = CheckpointFiles.Open(path);
            Assert.Equal(["a", "b"], files.Shapes.Keys.Order());
            Assert.Equal([1], files.Shapes["a"]);
        }

        foreach (var (map, expected) in new[]
        {
            ("""{"a":"a-1.safetensors","b":"a-3.safetensors"}""", "a-3.safetensors"), ("""{"a":"a-2.safetensors"}""", "'a' is not in"), ("""{"a":"../a-1.safetensors"}""", "../a-1.safetensors"),
            ("""{"a":3}""", "not the index"), ("{}", "no tensors"), ("[", "not the index"),
        })
        {
            Index(map);
            Assert.Contains(expected, Assert.Throws<CheckpointException>(() => CheckpointFiles.Open(_folder["a.safetensors.index.json"])).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("F8_E4M3", new byte[] { 0x00, 0x80, 0x01, 0x38, 0x7E, 0xFE, 0x7F, 0x3C, 0x08 }, new[] { 0f, -0f, 0.001953125f, 1f, 448f, -448f, float.NaN, 1.5f, 0.015625f })]
    [InlineData("F8_E5M2", new byte[] { 0x00, 0x80, 0x01, 0x3C, 0x7B, 0xFB, 0x7C, 0xFC, 0x7F, 0x3E }, new[] { 0f, -0f, 1.52587890625e-05f, 1f, 57344f, -57344f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1.5f })]
    public void Read_OfEightBitFloats_GivesTheirValues(string dtype, byte[] bytes, float[] expected)
    {
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(WriteRaw(dtype, bytes.Length, bytes));
        Assert.Equal(expected, file.Read("t").data<float>().ToArray());
        Assert.Equal(tensor(expected).to(ScalarType.BFloat16).bytes.ToArray(), file.Read("t", ScalarType.BFloat16).bytes.ToArray());
        CheckpointConverter.Convert(_folder["raw.safetensors"], _folder["copy.safetensors"]);
        Assert.Equal(File.ReadAllBytes(_folder["raw.safetensors"])[^bytes.Length..], File.ReadAllBytes(_folder["copy.safetensors"])[^bytes.Length..]);
    }

    [Fact]
    public void Read_OfNumbersWithoutSign_GivesThemInTheNextWiderType()
    {
        using var scope = NewDisposeScope();
        using (var file = SafetensorsFile.Open(WriteRaw("U16", 2, [1, 0, 0xFF, 0xFF])))
        {
            Assert.Equal([1, 65535], file.Read("t").data<int>().ToArray());
        }

        using (var file = SafetensorsFile.Open(WriteRaw("U32", 1, [0xFF, 0xFF, 0xFF, 0xFF])))
        {
            Assert.Equal([uint.MaxValue], file.Read("t").data<long>().ToArray());
        }

        using (var file = SafetensorsFile.Open(WriteRaw("U64", 1, BitConverter.GetBytes(ulong.MaxValue))))
        {
            Assert.Contains("U64", Assert.Throws<CheckpointException>(() => file.Read("t")).Message, StringComparison.Ordinal);
        }
    }

    private string WriteRaw(string dtype, int elements, byte[] bytes)
    {
        var header = System.Text.Encoding.UTF8.GetBytes($$$"""{"t":{"dtype":"{{{dtype}}}","shape":[{{{elements}}}],"data_offsets":[0,{{{bytes.Length}}}]}}""");
        File.WriteAllBytes(_folder["raw.safetensors"], [.. BitConverter.GetBytes((long)header.Length), .. header, .. bytes]);
        return _folder["raw.safetensors"];
    }

    /// <summary>A tiny model with the names of SD 1.x or, with linear projections, a context of 1024 and OpenCLIP's text encoder, of SD 2.x.</summary>
    private string WriteModel(int version, CheckpointMetadata? metadata = null, Action<Dictionary<string, Tensor>>? change = null)
    {
        var path = _folder[$"sd{version}.safetensors"];
        var said = (metadata ?? TinyModel.Metadata).Write();
        if (version == 1)
        {
            return TinyModel.WriteModel(path, change, said);
        }

        return TinyModel.WriteModel(
            path,
            tensors =>
            {
                var p = new TextEncoderParams { Width = 1024, Layers = 2, Heads = 2, VocabularySize = 500, Activation = TextActivation.Gelu, ProjectionWidth = 1024, HasLogitScale = true, PadToken = 0, DefaultClipSkip = 2 };
                foreach (var name in tensors.Keys.Where(name => name.StartsWith(TinyModel.TextPrefix, StringComparison.Ordinal)).ToList())
                {
                    tensors.Remove(name);
                }

                using var text = new OpenClipTextEncoder(p, Placement.Cpu32);
                using var generator = new Generator(77);
                foreach (var (name, parameter) in text.named_parameters())
                {
                    // Drawn: the formula takes its time over so many.
                    tensors.Add("cond_stage_model.model." + name, randn(parameter.shape, generator: generator) * 0.02f);
                }

                change?.Invoke(tensors);
            },
            said,
            TinyModel.Sd21Shaped);
    }

    private string Rewrite(string original, string form)
    {
        switch (form)
        {
            case "safetensors":
                return original;
            case "sharded":
                return Shard(original, _folder["shards"], "model");
            // A pickle has no place for what shapes do not show; a file beside it in the same folder has.
            case "zip":
                return BesideMetadata(WriteTorch(original, pickle => pickle.WriteZip(New("zip/model.bin"))));
            case "legacy":
                return BesideMetadata(WriteTorch(original, pickle => pickle.WriteLegacy(New("legacy/model.bin"))));
            case "lightning":
                return BesideMetadata(WriteTorch(original, pickle => pickle.WriteZip(New("lightning/model.ckpt")), lightning: true));
            case "back":
                CheckpointConverter.Convert(Diffusers(original), _folder["back.safetensors"], CheckpointLayout.Ldm);
                return _folder["back.safetensors"];
        }

        var folder = Diffusers(original);
        switch (form)
        {
            case "diffusers-old":
                Rename(Path.Combine(folder, "vae", Weights), name => name.Replace("to_q.", "query.", StringComparison.Ordinal).Replace("to_k.", "key.", StringComparison.Ordinal).Replace("to_v.", "value.", StringComparison.Ordinal).Replace("to_out.0.", "proj_attn.", StringComparison.Ordinal));
                break;
            case "diffusers-sharded":
                var whole = Path.Combine(folder, "unet", Weights);
                Shard(whole, Path.Combine(folder, "unet"), "diffusion_pytorch_model");
                File.Delete(whole);
                break;
            case "diffusers-bin":
                var weights = Path.Combine(folder, "unet", Weights);
                WriteTorch(weights, pickle => pickle.WriteZip(Path.Combine(folder, "unet", "diffusion_pytorch_model.bin")));
                File.Delete(weights);
                break;
        }

        return folder;
    }

    private string New(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        return _folder[path];
    }

    private string Diffusers(string path)
    {
        var folder = _folder["diffusers"];
        CheckpointConverter.Convert(path, folder, CheckpointLayout.Diffusers);
        return folder;
    }

    /// <summary>A folder of a pickle and nothing but metadata beside it: what the pickle cannot say is said by an empty safetensors file. Its folder is the checkpoint.</summary>
    private static string BesideMetadata(string pickle)
    {
        // PyTorch files of a folder count only where it has no safetensors file, so the second one has the other extension, too.
        SafetensorsWriter.Write(Path.Combine(Path.GetDirectoryName(pickle)!, "said.pt"), new Dictionary<string, Tensor>(), TinyModel.Metadata.Write());
        return Path.GetDirectoryName(pickle)!;
    }

    private static string WriteTorch(string safetensors, Func<PickleBytes, string> write, bool lightning = false)
    {
        var tensors = All(safetensors);
        return write(lightning
            ? new PickleBytes().Start().Raw("}(").Text("epoch").Number(1).Text("state_dict").Tensors(tensors).Text("optimizer_states").Raw("](}(").Text("state").Raw("}u").Raw("eu.")
            : new PickleBytes().Start().Tensors(tensors).Raw("."));
    }

    private static string Shard(string path, string folder, string stem)
    {
        Directory.CreateDirectory(folder);
        var tensors = All(path);
        var map = new Dictionary<string, string>();
        using var file = SafetensorsFile.Open(path);
        foreach (var (index, part) in tensors.Chunk(tensors.Count / 2 + 1).Index())
        {
            var name = $"{stem}-{index + 1:00000}-of-00002.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, name), part, file.Metadata);
            Array.ForEach(part, tensor => map.Add(tensor.Key, name));
        }

        File.WriteAllText(Path.Combine(folder, stem + ".safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = map }));
        return folder;
    }

    private static void Rename(string path, Func<string, string> rename)
    {
        var tensors = All(path);
        SafetensorsWriter.Write(path, tensors.Select(tensor => KeyValuePair.Create(rename(tensor.Key), tensor.Value)));
    }

    private static void AddAll(Dictionary<string, Tensor> tensors, string path)
    {
        foreach (var (name, tensor) in All(path))
        {
            tensors.Add(name, tensor);
        }
    }

    private static Dictionary<string, Tensor> All(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Entries.Keys.ToDictionary(name => name, name => file.Read(name));
    }

    private static void AssertSame(SafetensorsFile expected, SafetensorsFile actual)
    {
        Assert.Equal(expected.Entries.Keys.Order(StringComparer.Ordinal), actual.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected.Entries, entry =>
        {
            Assert.Equal((entry.Value.Dtype, string.Join(", ", entry.Value.Shape)), (actual.Entries[entry.Key].Dtype, string.Join(", ", actual.Entries[entry.Key].Shape)));
            Assert.Equal(expected.Read(entry.Key).bytes.ToArray(), actual.Read(entry.Key).bytes.ToArray());
        });
    }

    private static void AssertSame(nn.Module expected, nn.Module actual)
    {
        var pairs = expected.named_parameters().Zip(actual.named_parameters()).ToList();
        Assert.NotEmpty(pairs);
        Assert.All(pairs, pair =>
        {
            Assert.Equal(pair.First.name, pair.Second.name);
            Assert.True(pair.First.parameter.equal(pair.Second.parameter).all().item<bool>(), pair.First.name);
        });
    }
}
