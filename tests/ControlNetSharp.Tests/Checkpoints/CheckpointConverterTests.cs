using ControlNetSharp.Checkpoints;
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
    [InlineData(1)]
    [InlineData(2)]
    public void Convert_ToDiffusersAndBack_KeepsEveryBit(int version)
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16 })
        {
            var first = _folder[$"{type}.safetensors"];
            CheckpointConverter.Convert(_forms.WriteModel(version), first, null, type);
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
        Assert.Contains("taken", Assert.Throws<ArgumentException>(() => CheckpointConverter.Convert(_forms.WriteModel(1), _folder["taken"], CheckpointLayout.Diffusers)).Message, StringComparison.Ordinal);
        Assert.Contains("taken", Assert.Throws<ArgumentException>(() => CheckpointConverter.Convert(_forms.WriteModel(1), _folder["taken"])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CheckpointConverter.Convert(_forms.WriteModel(1), _folder["b"], null, ScalarType.Float64));
        Assert.False(Directory.Exists(_folder["out"]));
    }
}
