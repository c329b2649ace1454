using System.Security.Cryptography;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using Xunit;

namespace ControlNetSharp.Tests.Models;

public sealed class FileHashesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FileHashes _hashes = new();

    [Fact]
    public void Hashes_AreThoseOfCheckpointHash()
    {
        var bytes = new byte[0x100000 + 0x20000];
        new Random(3).NextBytes(bytes);
        File.WriteAllBytes(_folder["a.ckpt"], bytes);
        var expected = CheckpointHash.Of(_folder["a.ckpt"]);
        Assert.Equal(expected.Sha256, _hashes.Sha256Of(_folder["a.ckpt"]));
        Assert.Equal(expected.Old, _hashes.OldOf(_folder["a.ckpt"]));
    }

    [Fact]
    public void TensorsHash_IsOfWhatLiesBehindTheHeader()
    {
        byte[] tensors = [1, 2, 3, 4];
        File.WriteAllBytes(_folder["a.safetensors"], [2, 0, 0, 0, 0, 0, 0, 0, .. "{}"u8, .. tensors]);
        File.WriteAllBytes(_folder["b.safetensors"], [4, 0, 0, 0, 0, 0, 0, 0, .. "{  }"u8, .. tensors]);
        File.WriteAllBytes(_folder["c.pt"], tensors);
        var expected = Convert.ToHexStringLower(SHA256.HashData(tensors));
        string[] names = ["a.safetensors", "b.safetensors", "c.pt"];
        Assert.All(names, name => Assert.Equal(expected, _hashes.TensorsOf(_folder[name])));
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
