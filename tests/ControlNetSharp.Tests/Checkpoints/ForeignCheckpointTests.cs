using ControlNetSharp.Checkpoints;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>Files that are neither models nor ControlNets of a family that runs here are refused by what they are.</summary>
public sealed class ForeignCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("adapter.body.0.resnets.0.block1.weight", "a T2I-Adapter")]
    [InlineData("body.0.block1.weight", "a T2I-Adapter")]
    [InlineData("image_proj.proj.weight", "an IP-Adapter")]
    [InlineData("ip_adapter.1.to_k_ip.weight", "an IP-Adapter")]
    [InlineData("lora_controlnet", "a Control-LoRA")]
    [InlineData("task_embedding", "a ControlNet for several kinds of hints (union)")]
    [InlineData("lllite_unet_input_blocks_1_1.down.0.weight", "a ControlNet-LLLite")]
    [InlineData("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", "a model of SD3")]
    [InlineData("model.diffusion_model.double_blocks.0.img_attn.qkv.weight", "a model of Flux")]
    [InlineData("body.0.rdb1.conv1.weight", "an upscaler")]
    public void Load_OfWhatIsNeitherModelNorControlNet_SaysWhatItIs(string name, string expected)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a.safetensors"], new Dictionary<string, Tensor> { [name] = ones(1), ["controlnet_cond_embedding.conv_in.weight"] = ones(1) });
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(_folder["a.safetensors"], Placement.Cpu32)).Message, StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(_folder["a.safetensors"], Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lora_unet_down_blocks_0.lora_down.weight", "a LoRA")]
    [InlineData("unet.down_blocks_0.lora_A.style.weight", "a LoRA")]
    [InlineData("emb_params", "a textual inversion")]
    public void Load_OfWhatAPromptNames_SaysWhatItIs(string name, string expected)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a.safetensors"], new Dictionary<string, Tensor> { [name] = ones(1, 768) });
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
    public void CheckControlNets_OfAnotherFamily_NamesBothFamilies_AndTheFilesThatWouldFit()
    {
        using var scope = NewDisposeScope();
        var xl = TinyModel.WriteControlNet(_folder["xl.safetensors"], TinyModel.Sdxl with { ContextChannels = 2048 });
        var classic = TinyModel.WriteControlNet(_folder["classic.safetensors"]);
        var model = TinyModel.WriteModel(_folder["model.safetensors"], unet: TinyModel.Inpainting);
        File.WriteAllText(_folder["damaged.safetensors"], "no");
        string[] others = [xl, classic, model, _folder["damaged.safetensors"]];
        CheckpointLoader.CheckControlNets(model, [classic], others);
        var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.CheckControlNets(model, [classic, xl], others));
        Assert.Equal(xl, e.File);
        Assert.Contains("this ControlNet is for SDXL (context 2048, 32 channels)", e.Message, StringComparison.Ordinal);
        Assert.Contains($"the model {model} is SD 1.x layout with context {TinyModel.Width} inpainting", e.Message, StringComparison.Ordinal);
        Assert.EndsWith($"These are ControlNets for that model: {classic}.", e.Message, StringComparison.Ordinal);

        var modelXl = TinyModel.WriteSdxl(_folder["model-xl.safetensors"]);
        e = Assert.Throws<CheckpointException>(() => CheckpointLoader.CheckControlNets(modelXl, [classic], others));
        Assert.Contains($"for SD 1.x layout with context {TinyModel.Width}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"is SDXL layout with context {TinyModel.Sdxl.ContextChannels}", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("there is no ControlNet for that model.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadControlNet_WithoutAttention_SaysSo()
    {
        var path = TinyModel.WriteControlNet(_folder["small.safetensors"], TinyModel.Sdxl with { Levels = [.. TinyModel.Sdxl.Levels.Select(level => level with { TransformerDepth = 0 })], MiddleDepth = 0 });
        Assert.Contains("it has no attention", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadControlNet_OfSdxlWithFewerTransformers_FitsTheModel()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.SdxlModel();
        var mid = TinyModel.Sdxl with { Levels = [.. TinyModel.Sdxl.Levels.Select(level => level with { TransformerDepth = Math.Min(level.TransformerDepth, 1) })], MiddleDepth = 1 };
        using var network = CheckpointLoader.LoadControlNet(TinyModel.WriteControlNet(_folder["mid.safetensors"], mid), Placement.Cpu32, model);
        Assert.Equal([0, 1, 1], network.Params.UNet.Levels.Select(level => level.TransformerDepth));
    }
}
