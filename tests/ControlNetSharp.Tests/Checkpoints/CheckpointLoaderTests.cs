using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

public sealed class CheckpointLoaderTests : IDisposable
{
    private const string FirstKey = "model.diffusion_model.input_blocks.0.0.bias";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LoadModel_OfAWrittenModel_GivesBackEveryWeightAndWhatItsMetadataSays()
    {
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        AssertWeights(model);
        Assert.Equal((true, TinyModel.NativeSize), (model.PredictsVelocity(), model.NativeSize));
        Assert.Equal((8, 8, 2), (model.UNet.Params.NormGroups, model.Autoencoder.Params.NormGroups, model.Text.Params.Heads));
        Assert.Equal(HeadRule.OfWidth(8), model.UNet.Params.Heads);
        Assert.Equal($"SD 1.x layout with context {TinyModel.Width}", model.Family.Name);
    }

    [Fact]
    public void LoadModel_OfAFolderWithOneFileForEachPart_GivesTheSameModel()
    {
        using var scope = NewDisposeScope();
        var parts = new Dictionary<string, Dictionary<string, Tensor>>();
        TinyModel.WriteModel(_folder["all.safetensors"], tensors =>
        {
            parts = tensors.GroupBy(pair => pair.Key.Split('.')[0]).ToDictionary(g => g.Key, g => g.ToDictionary(pair => pair.Key, pair => pair.Value.clone().MoveToOuterDisposeScope()));
        });
        Directory.CreateDirectory(_folder["parts"]);
        foreach (var (name, tensors) in parts)
        {
            SafetensorsWriter.Write(Path.Combine(_folder["parts"], name + ".safetensors"), tensors, TinyModel.Metadata.Write());
        }

        using var model = CheckpointLoader.LoadModel(_folder["parts"], Placement.Cpu32);
        AssertWeights(model);
    }

    [Fact]
    public void LoadModel_WithTheBuffersThatPublicFilesCarry_IgnoresThem()
    {
        var extra = Goldens.Json("key_manifest_ldm_extra_buffers.json");
        using var model = CheckpointLoader.LoadModel(
            TinyModel.WriteModel(_folder["model.safetensors"], tensors =>
            {
                foreach (var buffer in extra.GetProperty("buffers").EnumerateObject().Concat(extra.GetProperty("ema").EnumerateObject()))
                {
                    tensors.Add(buffer.Name, zeros([.. buffer.Value.EnumerateArray().Select(size => size.GetInt64())]));
                }

                tensors.Add(TinyModel.TextPrefix + "text_model.embeddings.position_ids", arange(77).unsqueeze(0));
            }),
            Placement.Cpu32);
        AssertWeights(model);
    }

    [Fact]
    public void LoadModel_OfABfloat16File_ConvertsToThePlacementsType()
    {
        using var scope = NewDisposeScope();
        var path = TinyModel.WriteModel(_folder["model.safetensors"], tensors =>
        {
            foreach (var name in tensors.Keys.ToList())
            {
                tensors[name] = tensors[name].to(ScalarType.BFloat16);
            }
        });
        using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
        using var expected = TinyModel.UNet();
        foreach (var ((name, loaded), (_, original)) in model.UNet.named_parameters().Zip(expected.named_parameters()))
        {
            Assert.Equal(ScalarType.Float32, loaded.dtype);
            Assert.True(original.to(ScalarType.BFloat16).to(ScalarType.Float32).equal(loaded).all().item<bool>(), name);
        }
    }

    [Fact]
    public void LoadModel_WithKeysThatDoNotFit_SaysFamilyAndFirstKeysAndKeepsNothing()
    {
        var path = TinyModel.WriteModel(_folder["model.safetensors"], tensors =>
        {
            tensors.Remove(FirstKey);
            tensors.Add("model.diffusion_model.label_emb.weight", zeros(3));
            tensors["first_stage_model.post_quant_conv.weight"] = zeros(4, 5, 1, 1);
        });
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(path, Placement.Cpu32));
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(path, e.File);
        Assert.Contains($"looks like SD 1.x layout with context {TinyModel.Width}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"1 missing ({FirstKey})", e.Message, StringComparison.Ordinal);
        Assert.Contains("1 of another shape (first_stage_model.post_quant_conv.weight [4, 5, 1, 1] instead of [4, 4, 1, 1])", e.Message, StringComparison.Ordinal);
        Assert.Contains("1 unexpected (model.diffusion_model.label_emb.weight)", e.Message, StringComparison.Ordinal);
        Assert.Equal(FirstKey, e.Keys[0]);
        Assert.Equal(3, e.Keys.Count);
    }

    [Theory]
    [InlineData(nameof(CheckpointLayout.Ldm))]
    [InlineData(nameof(CheckpointLayout.Diffusers))]
    public void LoadModel_WithoutAnAutoencoder_TakesThatOfAnotherFile_OrSaysWhatIsMissing(string layoutName)
    {
        var layout = Enum.Parse<CheckpointLayout>(layoutName);
        static void Remove(Dictionary<string, Tensor> tensors, string prefix) => tensors.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).ToList().ForEach(name => tensors.Remove(name));
        var whole = TinyModel.WriteModel(_folder["whole.safetensors"]);
        var path = layout == CheckpointLayout.Ldm ? TinyModel.WriteModel(_folder["model.safetensors"], tensors => Remove(tensors, TinyModel.AutoencoderPrefix)) : _folder["model"];
        if (layout == CheckpointLayout.Diffusers)
        {
            CheckpointConverter.Convert(whole, path, CheckpointLayout.Diffusers);
            Directory.Delete(Path.Combine(path, "vae"), recursive: true);
        }

        CheckpointLoader.CheckControlNets(path, [TinyModel.WriteControlNet(_folder["control.safetensors"])], autoencoder: whole);
        using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32, whole);
        AssertWeights(model);
        AssertRefused(() => CheckpointLoader.LoadModel(path, Placement.Cpu32), path, "the model has no Autoencoder", layout == CheckpointLayout.Ldm ? "no name begins with first_stage_model." : "'vae' has no weights", "can be taken from another file");
        var bare = TinyModel.WriteModel(_folder["bare.safetensors"], tensors =>
        {
            Remove(tensors, TinyModel.AutoencoderPrefix);
            Remove(tensors, TinyModel.TextPrefix);
        });
        AssertRefused(() => CheckpointLoader.LoadModel(bare, Placement.Cpu32), bare, "no Autoencoder", "and no text encoder");
        AssertRefused(() => CheckpointLoader.LoadModel(bare, Placement.Cpu32, whole), bare, "the model has no text encoder");
    }

    [Fact]
    public void LoadModel_WithManyMissingKeys_CountsThemAndNamesTheFirstFive()
    {
        var removed = new List<string>();
        var path = TinyModel.WriteModel(_folder["model.safetensors"], tensors =>
        {
            removed = [.. tensors.Keys.Where(name => name.StartsWith("model.diffusion_model.output_blocks.", StringComparison.Ordinal))];
            removed.ForEach(name => tensors.Remove(name));
        });
        var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(path, Placement.Cpu32));
        Assert.Contains($"{removed.Count} missing (model.diffusion_model.output_blocks.0.", e.Message, StringComparison.Ordinal);
        Assert.Contains(", …)", e.Message, StringComparison.Ordinal);
        Assert.Equal(5, e.Keys.Count);
    }

    [Fact]
    public void LoadModel_OfSdxlsRefiner_OrOfSdxlWithTextsOfAnotherWidth_SaysSo()
    {
        using var scope = NewDisposeScope();
        string Refusal(string path) => Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(path, Placement.Cpu32)).Message;
        Assert.Contains("SDXL refiner", Refusal(TinyModel.WriteModel(_folder["refiner.safetensors"], unet: TinyModel.Sdxl with { ContextChannels = 1280 })), StringComparison.Ordinal);
        var wide = TinyModel.WriteSdxl(_folder["wide.safetensors"], tensors =>
        {
            using var second = new OpenClipTextEncoder(TinyModel.SdxlSecondTextParams with { Width = 30 }, Placement.Cpu32);
            foreach (var (name, parameter) in second.named_parameters())
            {
                tensors[TinyModel.SdxlSecondTextPrefix + name] = zeros(parameter.shape);
            }
        });
        Assert.Contains("texts of width 40; its text encoders have the widths 16 and 30", Refusal(wide), StringComparison.Ordinal);
        var pooled = TinyModel.WriteSdxl(_folder["pooled.safetensors"], tensors => tensors[TinyModel.SdxlSecondTextPrefix + "text_projection"] = zeros(24, 25));
        Assert.Contains("a vector of 72 numbers, which has no room for a pooled text of 25", Refusal(pooled), StringComparison.Ordinal);
        var missing = TinyModel.WriteSdxl(_folder["missing.safetensors"], tensors => tensors.Remove(TinyModel.UNetPrefix + "label_emb.0.2.bias"));
        Assert.Contains("looks like SDXL layout with context 40, but its keys do not fit: 1 missing (model.diffusion_model.label_emb.0.2.bias)", Refusal(missing), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(5)]
    public void LoadModel_WhoseUNetTakesOtherChannelsThanLatentsOrInpaintings_NamesTheNumbers(int channels)
    {
        var path = TinyModel.WriteModel(_folder["model.safetensors"], unet: TinyModel.UNetParams with { InChannels = channels });
        AssertRefused(() => CheckpointLoader.LoadModel(path, Placement.Cpu32), path, $"takes {channels} channels and predicts 4, its Autoencoder has 4", "for inpainting");
    }

    [Fact]
    public void FamilyOf_AnInpaintingModel_IsThatOfItsContextWithItsVariant_InEachLayout()
    {
        using var scope = NewDisposeScope();
        var path = TinyModel.WriteModel(_folder["model.safetensors"], unet: TinyModel.Inpainting);
        CheckpointConverter.Convert(path, _folder["diffusers"], CheckpointLayout.Diffusers);
        foreach (var place in new[] { path, _folder["diffusers"], _folder["diffusers/unet"] })
        {
            using var files = CheckpointFiles.Open(place);
            Assert.Equal($"SD 1.x layout with context {TinyModel.Width} inpainting", CheckpointKind.Of(files.Shapes).Family);
            Assert.Equal($"SD 1.x layout with context {TinyModel.Width}", CheckpointKind.FamilyOf(files.Shapes)!.Name);
        }
    }

    [Fact]
    public void LoadModel_OfSdxl_HasItsFamilysScaleAndSize_UnlessItSaysOtherwise()
    {
        using var scope = NewDisposeScope();
        using var silent = CheckpointLoader.LoadModel(TinyModel.WriteSdxl(_folder["a.safetensors"], metadata: (TinyModel.Metadata with { NativeSize = null, Prediction = null }).Write()), Placement.Cpu32);
        Assert.Equal((0.13025, 1024, null), (silent.Autoencoder.Params.ScaleFactor, silent.NativeSize, silent.PredictsVelocity()));
        Assert.Equal((true, false), (silent.Family.TakesVector, silent.Family.IsInpainting));
        using var half = CheckpointLoader.LoadModel(_folder["a.safetensors"], new Placement(CPU, ScalarType.Float16));
        Assert.Equal((ScalarType.Float16, ScalarType.Float32), (half.UNet.parameters().First().dtype, half.Autoencoder.parameters().First().dtype));
        Assert.Equal(ScalarType.Float32, half.Autoencoder.Decode(zeros([1, 4, 2, 2], ScalarType.Float16)).dtype);
        using var told = CheckpointLoader.LoadModel(TinyModel.WriteSdxl(_folder["b.safetensors"], metadata: (TinyModel.Metadata with { LatentScale = 0.5 }).Write()), Placement.Cpu32);
        Assert.Equal((0.5, TinyModel.NativeSize), (told.Autoencoder.Params.ScaleFactor, told.NativeSize));
    }

    [Fact]
    public void LoadModel_WithATextEncoderOfAnotherWidth_NamesBothWidths()
    {
        var path = TinyModel.WriteModel(_folder["model.safetensors"], unet: TinyModel.UNetParams with { ContextChannels = 24 });
        var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(path, Placement.Cpu32));
        Assert.Contains("24", e.Message, StringComparison.Ordinal);
        Assert.Contains(TinyModel.Width.ToString(CultureInfo.InvariantCulture), e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("norm_groups", "eight", "eight")]
    [InlineData("norm_groups", "7", "7 norm groups")]
    [InlineData("autoencoder_norm_groups", "32", "32 norm groups")]
    [InlineData("num_head_channels", "5", "heads of 5")]
    [InlineData("text_heads", "3", "3 were given")]
    [InlineData("native_size", "-1", "-1")]
    [InlineData("prediction_type", "x0", "x0")]
    public void LoadModel_WithMetadataThatCannotBe_SaysWhichFileAndWhatIsWrong(string key, string value, string expected)
    {
        var metadata = TinyModel.Metadata.Write();
        metadata[key] = value;
        var path = TinyModel.WriteModel(_folder["model.safetensors"], metadata: metadata);
        var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(path, Placement.Cpu32));
        Assert.Equal(path, e.File);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TinyModel.ControlPrefix)]
    [InlineData("")]
    public void LoadControlNet_WithOrWithoutPrefix_GivesBackEveryWeight(string prefix)
    {
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        using var loaded = CheckpointLoader.LoadControlNet(TinyModel.WriteControlNet(_folder["control.safetensors"], prefix: prefix), Placement.Cpu32, model);
        using var expected = TinyModel.ControlNet();
        AssertSame(expected, loaded);
    }

    [Fact]
    public void LoadControlNet_OfAnotherFamily_NamesBothFamiliesAndTheFirstKeysAndKeepsNothing()
    {
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        var path = TinyModel.WriteControlNet(_folder["control.safetensors"], TinyModel.Sd21Shaped);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32, model));
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(path, e.File);
        Assert.Contains("is for SD 2.x (context 1024", e.Message, StringComparison.Ordinal);
        Assert.Contains($"{model.File} is SD 1.x layout with context {TinyModel.Width}", e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.Keys);
        Assert.All(e.Keys, key => Assert.Contains(key, e.Message, StringComparison.Ordinal));
        Assert.Contains(e.Keys, key => key.Contains("attn2.to_k.weight [32, 1024] instead of [32, 16]", StringComparison.Ordinal));
    }

    [Fact]
    public void LoadControlNet_WithAMissingKey_NamesIt()
    {
        var path = TinyModel.WriteControlNet(_folder["control.safetensors"], change: tensors => tensors.Remove("control_model.zero_convs.1.0.bias"));
        var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32));
        Assert.Equal(["control_model.zero_convs.1.0.bias"], e.Keys);
    }

    [Theory]
    [InlineData(ScalarType.Int64, "I64")]
    [InlineData(ScalarType.Bool, "BOOL")]
    public void Load_OfADtypeThatCannotBeWeights_NamesKeyAndDtype(ScalarType dtype, string name)
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"], tensors => tensors[FirstKey] = tensors[FirstKey].to(dtype));
        AssertRefused(() => CheckpointLoader.LoadModel(model, Placement.Cpu32), model, $"1 of a dtype that cannot be weights ({FirstKey} {name})");
        var control = TinyModel.WriteControlNet(_folder["control.safetensors"], change: tensors => tensors["control_model.zero_convs.0.0.bias"] = tensors["control_model.zero_convs.0.0.bias"].to(dtype));
        AssertRefused(() => CheckpointLoader.LoadControlNet(control, Placement.Cpu32), control, $"(control_model.zero_convs.0.0.bias {name})");
    }

    [Theory]
    [InlineData("channels", "input_blocks.0.0.weight [32, 9, 3, 3] instead of [32, 4, 3, 3]")]
    [InlineData("projections", "proj_in.weight [")]
    [InlineData("middle", "unexpected (control_model.middle_block.1.transformer_blocks.1.")]
    public void LoadControlNet_WhoseUNetDiffersFromTheModels_IsRefusedFromTheHeaders(string difference, string expected)
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        var control = TinyModel.WriteControlNet(_folder["control.safetensors"], difference switch
        {
            "channels" => TinyModel.UNetParams with { InChannels = 9 },
            "projections" => TinyModel.UNetParams with { LinearProjections = true },
            _ => TinyModel.UNetParams with { MiddleDepth = 2 },
        });
        AssertRefused(() => CheckpointLoader.CheckControlNets(model, [control]), control, "Its keys differ", expected);
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(3, 7)]
    public void LoadControlNet_WithAnotherHintEncoder_NamesItsNumbers(int channels, int convolutions)
    {
        var path = TinyModel.WriteControlNet(_folder["control.safetensors"], change: tensors =>
        {
            const string Encoder = TinyModel.ControlPrefix + "input_hint_block.";
            tensors[Encoder + "0.weight"] = tensors[Encoder + "0.weight"][.., ..channels].contiguous();
            for (var removed = convolutions; removed < 8; removed++)
            {
                tensors.Remove($"{Encoder}{removed * 2}.weight");
                tensors.Remove($"{Encoder}{removed * 2}.bias");
            }
        });
        AssertRefused(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32), path, $"takes {channels} channels and has {convolutions} convolutions", "3 channels and 8 convolutions");
    }

    [Theory]
    [InlineData("control_model.input_hint_block.x.weight", new long[] { 1, 1 })]
    [InlineData("control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", new long[] { 32 })]
    [InlineData("control_model.time_embed.0.weight", new long[] { 0, 0 })]
    public void LoadControlNet_WithANameOrShapeThatCannotBe_IsRefused(string name, long[] shape)
    {
        var path = TinyModel.WriteControlNet(_folder["control.safetensors"], change: tensors => tensors[name] = zeros(shape));
        AssertRefused(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32), path);
        using var files = CheckpointFiles.Open(path);
        Assert.Equal("controlnet", CheckpointKind.Of(files.Shapes).Kind);
    }

    [Theory]
    [InlineData("first_stage_model.encoder.conv_in.weight", new long[] { 0, 3, 3, 3 })]
    [InlineData("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", new long[] { 32 })]
    public void LoadModel_WithAShapeThatCannotBe_IsRefused(string name, long[] shape)
    {
        var path = TinyModel.WriteModel(_folder["model.safetensors"], tensors => tensors[name] = zeros(shape));
        AssertRefused(() => CheckpointLoader.LoadModel(path, Placement.Cpu32), path);
    }

    [Fact]
    public void CheckControlNets_SaysWhatLoadingWouldSay_AndReadsNoWeights()
    {
        var path = TinyModel.WriteModel(_folder["model.safetensors"]);
        var (good, wrong) = (TinyModel.WriteControlNet(_folder["good.safetensors"]), TinyModel.WriteControlNet(_folder["wrong.safetensors"], TinyModel.Sd21Shaped));
        CheckpointLoader.CheckControlNets(path, [good]);
        using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var early = Assert.Throws<CheckpointException>(() => CheckpointLoader.CheckControlNets(path, [good, wrong]));
        var late = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(wrong, Placement.Cpu32, model));
        Assert.Equal((late.Message, late.File), (early.Message, early.File));
        Assert.Equal(late.Keys, early.Keys);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static void AssertRefused(Action load, string file, params string[] expected)
    {
        var e = Assert.Throws<CheckpointException>(load);
        Assert.Equal(file, e.File);
        Assert.All(expected, text => Assert.Contains(text, e.Message, StringComparison.Ordinal));
    }

    private static void AssertWeights(DiffusionModel model)
    {
        using var unet = TinyModel.UNet();
        using var autoencoder = TinyModel.Autoencoder();
        using var text = TinyModel.Text();
        AssertSame(unet, model.UNet);
        AssertSame(autoencoder, model.Autoencoder);
        AssertSame(text, (nn.Module)model.Text);
    }

    private static void AssertSame(nn.Module expected, nn.Module actual)
    {
        using var scope = NewDisposeScope();
        var pairs = expected.named_parameters().Zip(actual.named_parameters()).ToList();
        Assert.NotEmpty(pairs);
        Assert.All(pairs, pair =>
        {
            Assert.Equal(pair.First.name, pair.Second.name);
            Assert.True(pair.First.parameter.equal(pair.Second.parameter).all().item<bool>(), pair.First.name);
        });
    }
}
