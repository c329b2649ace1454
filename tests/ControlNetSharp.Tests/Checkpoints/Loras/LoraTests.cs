using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Models;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints.Loras;

public sealed class LoraTests : IDisposable
{
    private const string Golden = "control_extras.json";
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Cases => Goldens.Cases("control_extras.safetensors", golden =>
        File.Exists(Goldens.PathOf(Path.ChangeExtension(golden.Name, ".json"))) && Goldens.Json(Path.ChangeExtension(golden.Name, ".json")).TryGetProperty("lora", out var lora) ? lora.GetProperty("cases").EnumerateObject().Select(entry => entry.Name) : []);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Delta_ScaledAndAdded_IsTheOriginalsMergedWeight(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var lora = Goldens.Json(Path.ChangeExtension(file, ".json")).GetProperty("lora");
        var prefix = $"lora/{name}/";
        SafetensorsWriter.Write(_folder["lora.safetensors"], golden.Entries.Keys.Where(key => key.StartsWith(prefix + "lora_", StringComparison.Ordinal)).Select(key => KeyValuePair.Create(key[prefix.Length..], golden[key])));
        using var read = LoraFile.Open(_folder["lora.safetensors"]);
        var module = Assert.Single(read.Modules);
        Assert.Equal(lora.GetProperty("cases").GetProperty(name).GetProperty("prefix").GetString(), module.Name);
        var weight = golden[prefix + "weight"];
        Assert.True(module.Fits(weight.shape));
        Goldens.AssertClose(golden[prefix + "merged"], weight + lora.GetProperty("scale").GetDouble() * module.Delta(weight.shape, CPU), 2e-6, name);
    }

    [Fact]
    public void Of_TheModelsOfPublicLoras_KnowsEveryNameThatTheirFilesHave()
    {
        var names = Goldens.Part(Golden, "lora_names");
        using var sd15 = new UNet(UNetParams.Sd15, Placement.Meta);
        AssertKnown(names.GetProperty("sd15_unet"), LoraTarget.Of(sd15, []), "unet.");
        using var xl = new UNet(UNetParams.Sd21 with { Levels = [new(320, 2, 0), new(640, 2, 2), new(1280, 2, 10)], MiddleDepth = 10, ContextChannels = 2048 }, Placement.Meta);
        AssertKnown(names.GetProperty("sdxl_unet_sgm"), LoraTarget.Of(xl, []), "unet.");
        using var clip = new ClipTextEncoder(TextEncoderParams.ClipL, Placement.Meta);
        using var large = new OpenClipTextEncoder(TextEncoderParams.OpenClipH with { Width = 1280, Heads = 20, Layers = 32 }, Placement.Meta);
        using var none = new UNet(TinyModel.UNetParams, Placement.Meta);
        var texts = names.GetProperty("text_encoder_example").EnumerateObject().ToList();
        var one = LoraTarget.Of(none, [(clip, new("a.", "clip_l", IsOpenClip: false))]);
        var two = LoraTarget.Of(none, [(clip, new("a.", "clip_l", IsOpenClip: false)), (large, new("b.", "clip_g", IsOpenClip: true))]);
        Assert.All(texts, entry =>
        {
            var second = entry.Name.StartsWith("lora_te2_", StringComparison.Ordinal);
            var target = (second ? two : one)[entry.Name];
            Assert.True(target.IsText);
            Assert.Same(target, (second ? two : one)[$"text_encoder{(second ? "_2" : "")}.{entry.Value.GetString()}"]);
            Assert.Equal(entry.Name.EndsWith("fc1", StringComparison.Ordinal) ? [second ? 5120 : 3072, second ? 1280 : 768] : entry.Name.EndsWith("fc2", StringComparison.Ordinal) ? [second ? 1280 : 768, second ? 5120 : 3072] : [second ? 1280 : 768, second ? 1280 : 768], target.Shape);
        });
        // OpenCLIP stacks queries, keys and values.
        Assert.Equal(["b.transformer.resblocks.31.attn.in_proj_weight"], texts.Where(entry => entry.Name.StartsWith("lora_te2_", StringComparison.Ordinal) && entry.Name.Contains("_proj") && !entry.Name.Contains("out_proj")).Select(entry => two[entry.Name].Key).Distinct());
        Assert.Equal([0, 1, 2], new[] { "q", "k", "v" }.Select(part => two[$"lora_te2_text_model_encoder_layers_31_self_attn_{part}_proj"].Third));
    }

    [Theory]
    [InlineData("kohya", "fp32")]
    [InlineData("kohya", "bf16")]
    [InlineData("kohya-ldm", "fp32")]
    [InlineData("lycoris", "fp32")]
    [InlineData("comfyui", "fp32")]
    [InlineData("peft", "fp32")]
    [InlineData("peft-named", "fp32")]
    [InlineData("linear-layer", "fp32")]
    [InlineData("processor", "fp32")]
    public void Apply_EqualsTheWeightsMergedByHand_AndDisposeBringsBackEveryBit(string naming, string dtype)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = Load(dtype == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32);
        var before = Copies(model);
        using (AppliedLoras.Apply(model, [new(TinyLora.Write(_folder["a.safetensors"], naming), 0.5, -0.75), new(TinyLora.Write(_folder["b.safetensors"], naming, seed: 2), 1, 1)]))
        {
            var after = Copies(model);
            var touched = TinyLora.UNet.Select(m => (Key: "unet." + m.Weight, m.Module, m.Shape, Weight: -0.75)).Concat(TinyLora.Text.Select(m => (Key: "text." + m.Weight, m.Module, m.Shape, Weight: 0.5)))
                .Where(m => naming != "processor" || m.Module.Contains("attn", StringComparison.Ordinal)).ToList();
            foreach (var (key, module, shape, weight) in touched)
            {
                var expected = before[key].to(ScalarType.Float32) + weight * TinyLora.Delta(module, shape, 1) + TinyLora.Delta(module, shape, 2);
                Goldens.AssertClose(expected, after[key], dtype == "bf16" ? Goldens.Amplitude(expected) / 256 : 2e-6 * Math.Max(1, Goldens.Amplitude(expected)), key);
                Assert.False(after[key].Equals(before[key]), key);
            }

            Assert.All(before.Keys.Except(touched.Select(m => m.Key)), key => Assert.True(before[key].Equals(after[key]), key));
        }

        AssertSame(before, Copies(model));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Dispose_AfterTheModelsFileWasDeletedOrReplaced_BringsBackEveryBit(bool isDeleted)
    {
        using var scope = NewDisposeScope();
        using var model = Load(ScalarType.BFloat16);
        var before = Copies(model);
        var lora = TinyLora.Write(_folder["a.safetensors"], "kohya");
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (AppliedLoras.Apply(model, [new(lora)]))
        {
            File.Delete(model.File);
            if (!isDeleted)
            {
                TinyModel.WriteModel(model.File, tensors => tensors["model.diffusion_model.input_blocks.1.1.proj_in.weight"].add_(1));
            }
        }

        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        AssertSame(before, Copies(model));
        // A model needs no file to take a LoRA.
        AppliedLoras.Apply(model, [new(lora)]).Dispose();
        AssertSame(before, Copies(model));
    }

    [Fact]
    public void Apply_ThatFailsMidway_TakesOutWhatWasApplied()
    {
        using var scope = NewDisposeScope();
        using var model = Load(ScalarType.Float32);
        var before = Copies(model);
        var lora = TinyLora.Write(_folder["a.safetensors"], "kohya");
        // Modules are applied in the order of their names; the text encoder's come first.
        const string broken = "input_blocks.2.0.op.weight";
        model.UNet.named_parameters().Single(parameter => parameter.name == broken).parameter.Dispose();
        Assert.ThrowsAny<Exception>(() => AppliedLoras.Apply(model, [new(lora)]));
        before.Remove("unet." + broken);
        AssertSame(before, Copies(model, except: broken));
    }

    [Fact]
    public void Apply_InEveryNaming_GivesTheSamePictures_OtherOnesThanWithout_AndTheNextPictureIsAsBefore()
    {
        using var model = Load(ScalarType.Float32);
        Directory.CreateDirectory(_folder["models/Lora/style"]);
        var namings = new[] { "kohya", "kohya-ldm", "peft", "linear-layer" };
        foreach (var naming in namings)
        {
            TinyLora.Write(_folder[$"models/Lora/style/{naming}.safetensors"], naming);
        }

        var generator = new PictureGenerator(model, new PromptFiles([_folder.Path]));
        byte[] Pixels(string prompt) => generator.Generate(new GenerationRequest { Prompt = prompt, Size = (64, 64), Seed = 3, Steps = 2 }, cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes();
        var plain = Pixels("a red house");
        var styled = Pixels("a red house<lora:kohya:0.8>");
        Assert.NotEqual(plain, styled);
        // The scale comes from a tensor, from metadata, or is in the weights: another rounding.
        Assert.All(namings, naming => Assert.True(Pixels($"a red house<lora:{naming}:0.8>").Zip(styled, (a, b) => Math.Abs(a - b)).Max() <= 1, naming));
        Assert.Equal(styled, Pixels("a red<lyco:style/kohya:te=0.8> house"));
        Assert.NotEqual(styled, Pixels("a red house<lora:kohya:0.8:0>"));
        Assert.Equal(plain, Pixels("a red house<lora:kohya:0>"));
        Assert.Equal(plain, Pixels("a red house"));
    }

    [Fact]
    public void Apply_ToOpenClip_AddsToTheStackedProjections()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CheckpointLoader.LoadModel(new CheckpointForms(_folder).WriteModel(TinyFamily.Sd2), Placement.Cpu32);
        var before = Copies(model);
        var (down, up) = (randn(2, 1024), randn(1024, 2));
        SafetensorsWriter.Write(_folder["lora.safetensors"], new Dictionary<string, Tensor> { ["lora_te_text_model_encoder_layers_1_self_attn_k_proj.lora_down.weight"] = down, ["lora_te_text_model_encoder_layers_1_self_attn_k_proj.lora_up.weight"] = up });
        using (AppliedLoras.Apply(model, [new(_folder["lora.safetensors"], 0.5, 1)]))
        {
            var expected = before["text.transformer.resblocks.1.attn.in_proj_weight"].clone();
            expected.narrow(0, 1024, 1024).add_(0.5 * up.matmul(down));
            Goldens.AssertClose(expected, Copies(model)["text.transformer.resblocks.1.attn.in_proj_weight"], 2e-5, "in_proj_weight");
        }

        AssertSame(before, Copies(model));
    }

    [Theory]
    [InlineData("lora_te1_text_model_encoder_layers_1_mlp_fc1", "conditioner.embedders.0.transformer.text_model.encoder.layers.1.mlp.fc1.weight", 0)]
    [InlineData("lora_te2_text_model_encoder_layers_1_self_attn_q_proj", "conditioner.embedders.1.model.transformer.resblocks.1.attn.in_proj_weight", 0)]
    [InlineData("text_encoders.clip_g.transformer.text_model.encoder.layers.0.self_attn.k_proj", "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight", 1)]
    [InlineData("text_encoder_2.text_model.encoder.layers.0.self_attn.v_proj", "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight", 2)]
    [InlineData("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight", 0)]
    [InlineData("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight", 0)]
    public void Apply_ToSdxl_AddsToTheNamedEncoderOrUNet(string module, string key, int third)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteSdxl(_folder["xl.safetensors"]), Placement.Cpu32);
        var before = Copies(model);
        long[] whole;
        using (var files = CheckpointFiles.Open(_folder["xl.safetensors"]))
        {
            whole = [.. files.Tensors[key].Shape];
        }

        var rows = key.EndsWith("in_proj_weight", StringComparison.Ordinal) ? whole[0] / 3 : whole[0];
        var (down, up) = (randn(2, whole[1]), randn(rows, 2));
        SafetensorsWriter.Write(_folder["lora.safetensors"], new Dictionary<string, Tensor> { [module + ".lora_A.weight"] = down, [module + ".lora_B.weight"] = up });
        using (AppliedLoras.Apply(model, [new(_folder["lora.safetensors"], 0.5, 0.5)]))
        {
            var after = Copies(model);
            var changed = Assert.Single(before, weight => !weight.Value.equal(after[weight.Key]).all().item<bool>());
            Assert.EndsWith(changed.Key[(changed.Key.IndexOf('.', StringComparison.Ordinal) + 1)..], key, StringComparison.Ordinal);
            var expected = changed.Value.clone();
            expected.narrow(0, third * rows, rows).add_(0.5 * up.matmul(down));
            Goldens.AssertClose(expected, after[changed.Key], 2e-5, key);
        }

        AssertSame(before, Copies(model));
    }

    [Theory]
    [InlineData("unet.mid_block.attentions.0.proj_in.lora_magnitude_vector", "DoRA")]
    [InlineData("lora_unet_mid_block_attentions_0_proj_in.oft_blocks", "OFT")]
    [InlineData("unet:0:up", "a LoRA of cloneofsimo/lora")]
    [InlineData("text_encoder:0:down", "a LoRA of cloneofsimo/lora")]
    [InlineData("unet.mid_block.attentions.0.attn2.processor.to_k_custom_diffusion.weight", "Custom Diffusion")]
    [InlineData("lora_unet_mid_block_attentions_0_proj_in.lora_up.bias", "keys are none of a LoRA")]
    [InlineData("lora_unet_mid_block_attentions_7_proj_in.lora_up.weight", "has no down part")]
    public void Open_OfAnotherKindOrWithUnknownKeys_NamesIt(string key, string expected)
    {
        var path = TinyLora.Write(_folder["other.safetensors"], "kohya", change: tensors => tensors.Add(key, ones(2, 2)));
        var e = Assert.Throws<CheckpointException>(() => LoraFile.Open(path).Dispose());
        Assert.Equal(path, e.File);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains(key.Replace(".lora_up.weight", ""), e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rank", "do not fit each other")]
    [InlineData("alpha", "must be one finite number")]
    [InlineData("shape", "are of another shape|[32, 999] for a weight [32, 16]|SD 1.x layout with context 16")]
    [InlineData("family", "this LoRA is for SDXL|SD 1.x layout with context 16|2 of its 9 modules are not in the model (lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k, lora_unet_input_blocks_4_1_transformer_blocks_9_attn2_to_k)")]
    public void Apply_OfWhatDoesNotFit_NamesFileFamiliesAndKeys_AndTouchesNothing(string damage, string expected)
    {
        using var scope = NewDisposeScope();
        using var model = Load(ScalarType.Float32);
        var before = Copies(model);
        const string toK = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
        var path = TinyLora.Write(_folder["lora.safetensors"], "kohya", change: tensors =>
        {
            switch (damage)
            {
                case "rank":
                    tensors[toK + ".lora_up.weight"] = ones(32, 3);
                    break;
                case "alpha":
                    tensors[toK + ".alpha"] = tensor(float.NaN);
                    break;
                case "shape":
                    tensors[toK + ".lora_down.weight"] = ones(2, 999);
                    break;
                case "family":
                    tensors.Remove(toK + ".alpha");
                    tensors.Remove(toK + ".lora_down.weight");
                    tensors.Remove(toK + ".lora_up.weight");
                    foreach (var block in new[] { 0, 9 })
                    {
                        tensors.Add($"lora_unet_input_blocks_4_1_transformer_blocks_{block}_attn2_to_k.lora_down.weight", ones(2, 2048));
                        tensors.Add($"lora_unet_input_blocks_4_1_transformer_blocks_{block}_attn2_to_k.lora_up.weight", ones(640, 2));
                    }

                    // The eighth and ninth module: those two; another one makes nine.
                    tensors.Add("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", ones(2, 64));
                    tensors.Add("lora_unet_mid_block_attentions_0_proj_in.lora_up.weight", ones(64, 2));
                    break;
            }
        });
        var e = Assert.Throws<CheckpointException>(() => AppliedLoras.Apply(model, [new(path)]).Dispose());
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.All(expected.Split('|'), part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
        Assert.NotEmpty(e.Keys);
        AssertSame(before, Copies(model));
    }

    [Fact]
    public void Open_OfSeveralAdapters_NamesThem()
    {
        var path = TinyLora.Write(_folder["two.safetensors"], "peft-named", change: tensors => tensors.Add("unet.mid_block.attentions.0.proj_in.lora_A.other.weight", ones(2, 2)));
        Assert.Contains("2 adapters (my_style, other)", Assert.Throws<CheckpointException>(() => LoraFile.Open(path).Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckPromptFiles_SaysWhatApplyingWouldSay_AndReadsNoWeights()
    {
        using var model = Load(ScalarType.Float32);
        var good = TinyLora.Write(_folder["good.safetensors"], "kohya");
        var wrong = TinyLora.Write(_folder["wrong.safetensors"], "kohya", change: tensors => tensors["lora_unet_down_blocks_9_proj_in.lora_down.weight"] = ones(2, 2));
        var misfit = TinyLora.Write(_folder["misfit.safetensors"], "kohya", change: tensors =>
        {
            tensors["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = ones(2, 999);
            tensors["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"] = ones(64, 2);
        });
        SafetensorsWriter.Write(_folder["emb.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = ones(2, TinyModel.Width) });
        SafetensorsWriter.Write(_folder["wide.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = ones(2, 768) });
        CheckpointLoader.CheckPromptFiles(model.File, [good, good], [_folder["emb.safetensors"]]);
        foreach (var path in new[] { wrong, misfit })
        {
            var early = Assert.Throws<CheckpointException>(() => CheckpointLoader.CheckPromptFiles(model.File, [good, path], []));
            Assert.Equal(Assert.Throws<CheckpointException>(() => AppliedLoras.Apply(model, [new(path)]).Dispose()).Message, early.Message);
        }

        Assert.Contains("this embedding is for SD 1.x (width 768)", Assert.Throws<CheckpointException>(() => CheckpointLoader.CheckPromptFiles(model.File, [], [_folder["wide.safetensors"]])).Message, StringComparison.Ordinal);
    }

    private static void AssertKnown(JsonElement names, Dictionary<string, LoraTarget> targets, string component) => Assert.All(names.EnumerateObject().ToList(), entry =>
    {
        Assert.True(targets.TryGetValue(entry.Name, out var target), entry.Name);
        Assert.Same(target, targets[component + entry.Value.GetString()]);
    });

    private DiffusionModel Load(ScalarType dtype) => CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), new Placement(CPU, dtype));

    private static Dictionary<string, Tensor> Copies(DiffusionModel model, string? except = null) => model.Texts.Select((text, index) => (Prefix: index == 0 ? "text." : "text2.", Network: (nn.Module)text)).Prepend(("unet.", model.UNet))
        .SelectMany(network => network.Network.named_parameters().Where(p => p.name != except).Select(p => (Name: network.Prefix + p.name, Copy: p.parameter.clone()))).ToDictionary(p => p.Name, p => p.Copy, StringComparer.Ordinal);

    private static void AssertSame(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> actual) => Assert.All(expected, entry => Assert.True(entry.Value.bytes.SequenceEqual(actual[entry.Key].bytes), entry.Key));
}
