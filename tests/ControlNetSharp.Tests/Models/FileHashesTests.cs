using System.Security.Cryptography;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Models;

public sealed class FileHashesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FileHashes _hashes = new();

    /// <summary>Numbers from sha256sum, of the bytes i modulo 251: whole files, and 64 KiB at 1 MiB.</summary>
    [Theory]
    [InlineData(0x120000, "53707f2881b58d19e2c2b18a0a63102e75b30cd965af2cb892a6a79eeafb36f5", "15ffd73b")]
    [InlineData(0x100064, null, "19966557")]
    [InlineData(1000, "4e4c294b331f7a2099a379bec34b9f9fc03dc46ab465d998f4d683da53487e6d", "e3b0c442")]
    public void Hashes_OfAFile_AreThoseThatOtherProgramsWrite(int length, string? sha256, string old)
    {
        var file = _folder["a.ckpt"];
        File.WriteAllBytes(file, [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))]);
        Assert.Equal(old, _hashes.OldOf(file));
        if (sha256 is not null)
        {
            Assert.Equal(sha256, _hashes.Sha256Of(file));
            Assert.Equal(new CheckpointHash(sha256, old), CheckpointHash.Of(file));
        }
    }

    [Fact]
    public void Sha256_OfAFolder_IsOfItsWeightsInNameOrder()
    {
        Directory.CreateDirectory(_folder["m/unet"]);
        File.WriteAllText(_folder["m/unet/b.safetensors"], "second");
        File.WriteAllText(_folder["m/a.bin"], "first");
        File.WriteAllText(_folder["m/readme.txt"], "no weights");
        // printf firstsecond | sha256sum
        Assert.Equal("da83f63e1a473003712c18f5afc5a79044221943d1083c7c5a7ac7236d85e8d2", _hashes.Sha256Of(_folder["m"]));
    }

    [Fact]
    public void LoraHash_IsOfWhatLiesBehindTheHeader_UnlessTheMetadataSaysIt()
    {
        byte[] tensors = [1, 2, 3, 4];
        File.WriteAllBytes(_folder["a.safetensors"], [2, 0, 0, 0, 0, 0, 0, 0, .. "{}"u8, .. tensors]);
        File.WriteAllBytes(_folder["b.safetensors"], [4, 0, 0, 0, 0, 0, 0, 0, .. "{  }"u8, .. tensors]);
        File.WriteAllBytes(_folder["c.pt"], tensors);
        string[] names = ["a.safetensors", "b.safetensors", "c.pt"];
        // printf '\x01\x02\x03\x04' | sha256sum
        Assert.All(names, name => Assert.Equal("9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a", _hashes.LoraOf(_folder[name])));
        using var scope = NewDisposeScope();
        var weights = new Dictionary<string, Tensor> { ["a"] = zeros(1) };
        SafetensorsWriter.Write(_folder["said.safetensors"], weights, new Dictionary<string, string> { ["sshs_model_hash"] = "0123456789ABCDEF" });
        Assert.Equal("0123456789abcdef", _hashes.LoraOf(_folder["said.safetensors"]));
        SafetensorsWriter.Write(_folder["wrong.safetensors"], weights, new Dictionary<string, string> { ["sshs_model_hash"] = "none" });
        // Four zero bytes: head -c 4 /dev/zero | sha256sum
        Assert.Equal("df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119", _hashes.LoraOf(_folder["wrong.safetensors"]));
    }

    [Fact]
    public void FileOfTheSameLengthAndTime_IsNotReadAgain_OneThatWasWrittenIs()
    {
        var file = _folder["a.pt"];
        File.WriteAllText(file, "first");
        var written = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(file, written);
        var first = _hashes.Sha256Of(file);
        File.WriteAllText(file, "other");
        File.SetLastWriteTimeUtc(file, written);
        Assert.Equal(first, _hashes.Sha256Of(file));
        File.SetLastWriteTimeUtc(file, written.AddSeconds(1));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("other"u8)), _hashes.Sha256Of(file));
    }

    [Fact]
    public void File_ThatIsNotThere_IsRefusedByName_AndReadOnceItIs()
    {
        var file = _folder["late.pt"];
        var error = Assert.Throws<CheckpointException>(() => _hashes.Sha256Of(file));
        Assert.Contains("late.pt", error.Message, StringComparison.Ordinal);
        File.WriteAllText(file, "x");
        Assert.Equal(64, _hashes.Sha256Of(file).Length);
    }

    public void Dispose() => _folder.Dispose();
}
