using ControlNetSharp.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>Element types that are decoded by hand, and checkpoints in several files.</summary>
public sealed class StoredTypesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

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
    public void EncodeE4M3_GivesTheNearestNumber_TheEvenOneOfTwo()
    {
        // The two bytes that are no number have no number to come back from.
        var bytes = Enumerable.Range(0, 256).Select(bits => (byte)bits).Where(bits => (bits & 0x7F) != 0x7F).ToList();
        Assert.All(bytes, bits => Assert.Equal(bits, Float8.EncodeE4M3(Float8.Decode(Float8.E4M3, bits))));
        Assert.All(bytes.Where(bits => bits < 0x7E), bits =>
        {
            var (low, high) = (Float8.Decode(Float8.E4M3, bits), Float8.Decode(Float8.E4M3, (byte)(bits + 1)));
            Assert.Equal(bits % 2 == 0 ? bits : bits + 1, Float8.EncodeE4M3((low + high) / 2));
            Assert.Equal(bits, Float8.EncodeE4M3(low + 0.49f * (high - low)));
            Assert.Equal(bits + 0x81, Float8.EncodeE4M3(-(low + 0.51f * (high - low))));
        });
        Assert.Equal((0x7E, 0xFE, 0x7F), (Float8.EncodeE4M3(1e9f), Float8.EncodeE4M3(float.NegativeInfinity), Float8.EncodeE4M3(float.NaN) & 0x7F));
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
}
