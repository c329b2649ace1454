using System.Buffers.Binary;
using System.Text;
using ControlNetSharp.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("safetensors").FullName;

    public static TheoryData<string> IoFiles => Goldens.Files("io_*.safetensors");

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

    [Theory]
    [MemberData(nameof(IoFiles))]
    public void Open_OfAGolden_GivesItsTensors_AsTheBytesOfTheFileSay(string name)
    {
        using var scope = NewDisposeScope();
        var path = Goldens.Require(name);
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
    }

    [Fact]
    public void Read_OfTheGoldenWithEveryType_GivesTheNumbersThatWereWritten()
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open("io_dtypes.safetensors");
        var wide = golden.Required("f32");
        foreach (var (type, name) in new[] { (ScalarType.Float16, "f16"), (ScalarType.BFloat16, "bf16") })
        {
            // Each of them holds the float32 numbers, rounded.
            AssertHolds(golden, name, wide.to(type));
            AssertHolds(golden, $"expect.f32_from_{name}", golden.Required(name).to(ScalarType.Float32));
            AssertHolds(golden, $"expect.f32_from_{name}", golden.Read(name, ScalarType.Float32));
        }

        // A third of them, which needs all the digits of float64.
        AssertHolds(golden, "f64", wide.to(ScalarType.Float64) / 3);
        AssertHolds(golden, "empty", zeros(0, 4));
        AssertHolds(golden, "scalar", tensor(3.25f));
        AssertHolds(golden, "unicode.ключ/\"q\"\\b", tensor([1.5f]));
        AssertHolds(golden, "i64", tensor([0L, -1, 1L << 40, -(1L << 62), 7, 49407]).reshape(2, 3));
        AssertHolds(golden, "i32", tensor([1, -2, int.MaxValue]));
        AssertHolds(golden, "i16", tensor([short.MinValue, short.MaxValue]));
        AssertHolds(golden, "i8", tensor([sbyte.MinValue, sbyte.MaxValue, (sbyte)0]));
        AssertHolds(golden, "u8", tensor(new byte[] { 0, 1, 2, 3, 4 }));
        AssertHolds(golden, "bool", tensor([true, false, true]));
        golden.AssertAllRead();
    }

    [Fact]
    public void Read_OfTheGoldenOfThePickles_GivesItsViewsAsWholeTensors()
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open("io_expected.safetensors");
        var whole = golden.Required("shared_whole");
        AssertHolds(golden, "transposed_view", whole.t());
        AssertHolds(golden, "slice_of_shared", whole[2..4, 1..5]);
        AssertHolds(golden, "position_ids", arange(7).unsqueeze(0));
        AssertHolds(golden, "num_batches_tracked", tensor(12L));
        AssertHolds(golden, "int32", tensor([1, -5]));
        AssertHolds(golden, "u8", tensor(new byte[] { 1, 255 }));
        AssertHolds(golden, "bool", tensor([true, false]));
        AssertHolds(golden, "empty", zeros(0, 3));
        // Drawn numbers, others in another folder.
        Goldens.RequireDefaultFolder();
        AssertHolds(golden, "bf16", tensor([-1.4609375f, -1.78125f, 0.416015625f, -0.484375f]));
        AssertHolds(golden, "half", tensor([-1.17578125f, 0.1650390625f, 0.71533203125f, 0.444580078125f, 0.0626220703125f]).to(ScalarType.Float16));
        AssertHolds(golden, "double", tensor([-1.2592397928237915, -0.11313023418188095, -2.9444241523742676]));
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

    private static void AssertHolds(GoldenFile golden, string name, Tensor expected)
    {
        if (!golden.Expects(name))
        {
            return;
        }

        var actual = golden[name];
        Assert.Equal((expected.dtype, string.Join(", ", expected.shape)), (actual.dtype, string.Join(", ", actual.shape)));
        Assert.Equal(expected.contiguous().bytes.ToArray(), actual.contiguous().bytes.ToArray());
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
