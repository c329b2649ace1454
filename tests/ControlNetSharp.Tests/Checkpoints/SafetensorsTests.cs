using System.Buffers.Binary;
using System.Text;
using ControlNetSharp.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("safetensors").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Write_ThenOpen_GivesBackEveryTypeShapeAndMetadata()
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(_folder, "all.safetensors");
        var tensors = new Dictionary<string, Tensor>
        {
            ["float"] = randn(3, 4), ["bfloat"] = randn(5).to(ScalarType.BFloat16), ["half"] = randn(2, 2).to(ScalarType.Float16),
            ["long"] = arange(7), ["scalar"] = tensor(3.5f), ["empty"] = zeros(0, 3), ["view"] = arange(6).reshape(2, 3).t(),
        };
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string> { ["kind"] = "a \"test\"" });

        using var file = SafetensorsFile.Open(path);
        Assert.Equal("a \"test\"", file.Metadata["kind"]);
        Assert.Equal(tensors.Keys.Order(), file.Entries.Keys.Order());
        foreach (var (name, expected) in tensors)
        {
            var actual = file.Read(name);
            Assert.Equal(expected.dtype, actual.dtype);
            Assert.Equal(expected.shape, actual.shape);
            Assert.True(expected.equal(actual).all().item<bool>(), name);
        }

        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Open_OfTheGoldenWithEveryType_GivesItsTensors_AsTheBytesOfTheFileSay()
    {
        using var scope = NewDisposeScope();
        var path = Goldens.Require("io_dtypes.safetensors");
        using var file = SafetensorsFile.Open(path);
        var bytes = File.ReadAllBytes(path);
        var dataStart = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var header = System.Text.Json.JsonDocument.Parse(bytes.AsMemory(8, dataStart - 8));
        var listed = header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToList();
        Assert.Equal(listed.Select(entry => entry.Name).Order(StringComparer.Ordinal), file.Entries.Keys.Order(StringComparer.Ordinal));
        foreach (var entry in listed)
        {
            var offsets = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => dataStart + offset.GetInt32()).ToArray();
            var actual = file.Read(entry.Name);
            Assert.Equal(entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()), actual.shape);
            Assert.Equal(bytes[offsets[0]..offsets[1]], actual.numel() == 0 ? [] : actual.bytes.ToArray());
        }

        foreach (var type in new[] { "f16", "bf16" })
        {
            Assert.Equal(file.Read($"expect.f32_from_{type}").data<float>().ToArray(), file.Read(type, ScalarType.Float32).data<float>().ToArray());
        }
    }

    [Fact]
    public void Read_WithAnotherType_Converts()
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(_folder, "bf16.safetensors");
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["w"] = tensor([1.5f, -2f]).to(ScalarType.BFloat16) });
        using var file = SafetensorsFile.Open(path);
        Assert.Equal([1.5f, -2f], file.Read("w", ScalarType.Float32).data<float>().ToArray());
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "overlap")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 12, "truncated")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "does not fill")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0, "does not fill")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1,-2],\"data_offsets\":[0,8]}}", 8, "does not fill")]
    [InlineData("{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "F33")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "data_offsets")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "8 to 0")]
    [InlineData("{\"a\":3}", 8, "JSON")]
    [InlineData("this is not JSON", 8, "JSON")]
    public void Open_WithAHeaderThatLies_SaysWhatIsWrong(string header, int dataBytes, string expected)
    {
        var path = Write(Encoding.UTF8.GetBytes(header), (ulong)header.Length, dataBytes);
        var e = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Equal(path, e.File);
    }

    [Theory]
    [InlineData(1UL << 62)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0UL)]
    [InlineData(100UL)]
    public void Open_WithAHeaderLengthThatCannotBe_NamesTheLength(ulong length)
    {
        var path = Write("{}"u8.ToArray(), length, 0);
        Assert.Contains(length.ToString(), Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path).Dispose()).Message, StringComparison.Ordinal);
    }

    private string Write(byte[] header, ulong length, int dataBytes)
    {
        var path = Path.Combine(_folder, "bad.safetensors");
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length);
        File.WriteAllBytes(path, [.. prefix, .. header, .. new byte[dataBytes]]);
        return path;
    }
}
