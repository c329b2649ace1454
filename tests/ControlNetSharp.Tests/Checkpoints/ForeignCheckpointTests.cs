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
}
