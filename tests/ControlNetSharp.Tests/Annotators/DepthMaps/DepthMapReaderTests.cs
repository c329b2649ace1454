using System.Buffers.Binary;
using System.Text;
using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.DepthMaps;

public class DepthMapReaderTests
{
    /// <summary>Three columns, two rows.</summary>
    private static readonly float[] Values = [1, 2, 300, 4000, 0, 65535];

    [Theory]
    [InlineData("<f4", 1)]
    [InlineData("<f8", 1)]
    [InlineData("<u2", 1)]
    [InlineData(">f4", 2)]
    [InlineData(">f8", 2)]
    [InlineData(">u2", 3)]
    public void Npy_OfEachTypeAndVersion_IsRead(string type, int version) => AssertValues(DepthMapReader.Read(Npy(type, "(2, 3)", version)), isWhole: type.EndsWith("u2", StringComparison.Ordinal));

    [Theory]
    [InlineData("(1, 2, 3)")]
    [InlineData("(2, 3, 1)")]
    public void Npy_WithASideOfOne_IsTheSameMap(string shape) => AssertValues(DepthMapReader.Read(Npy("<f4", shape, 1)), isWhole: false);

    [Theory]
    [InlineData(false, false, 2)]
    [InlineData(true, false, 1)]
    [InlineData(false, true, 1)]
    [InlineData(true, true, 2)]
    public void Tiff_OfFloatsOrWholeNumbers_InStrips_DeflatedOrNot_IsRead(bool isFloat, bool isDeflated, int rowsPerStrip)
    {
        AssertValues(DepthMapReader.Read(Tiff(isFloat, isDeflated ? 8 : 1, rowsPerStrip, little: true)), !isFloat);
        AssertValues(DepthMapReader.Read(Tiff(isFloat, isDeflated ? 32946 : 1, rowsPerStrip, little: false)), !isFloat);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Png_WithEachFilter_IsReadWithAllItsBits(byte filter) => AssertValues(DepthMapReader.Read(Png(filter)), isWhole: true);

    [Fact]
    public void Kinds_AreToldByTheirFirstBytes()
    {
        Assert.True(DepthMapReader.IsDepthMap(Png(0)));
        Assert.True(DepthMapReader.IsDepthMap(Npy("<f4", "(2, 3)", 1)));
        Assert.True(DepthMapReader.IsDepthMap(Tiff(true, 1, 2, little: true)));
        Assert.False(DepthMapReader.IsDepthMap(PngBytes.Of(1, 1, 8, PngBytes.Rgb, [0, 1, 2, 3])));
        Assert.False(DepthMapReader.IsDepthMap([]));
    }

    [Fact]
    public void Files_ThatCannotBeUsed_AreNamedWithTheReason()
    {
        void Refused(byte[] bytes, string message)
        {
            var e = Assert.Throws<PictureException>(() => DepthMapReader.Read(bytes, "depth.bin"));
            Assert.StartsWith("depth.bin: ", e.Message, StringComparison.Ordinal);
            Assert.Contains(message, e.Message, StringComparison.Ordinal);
        }

        Refused([1, 2, 3], "is no depth map (it begins with the bytes 010203)");
        Refused([], "is no depth map");
        Refused(Npy("<i4", "(2, 3)", 1), "the type <i4; float32 (f4), float64 (f8) and uint16 (u2) are read");
        Refused(Npy("<f4", "(6,)", 1), "(height, width) is needed");
        Refused(Npy("<f4", "(2, 3)", 1, "True"), "Fortran order");
        Refused(Npy("<f4", "(90000, 90000)", 1), "90000 x 90000 pixels; at most 67108864");
        Refused(Npy("<f4", "(0, 3)", 1), "3 x 0 pixels; both must be at least 1");
        Refused(Npy("<f4", "(2, 3)", 1)[..^1], "truncated: 3 x 2 values of 4 bytes are 24 bytes; it holds 23");
        Refused(Npy("<f4", "(2, 3)", 1)[..9], "ends in its header");
        Refused(Npy("<f4", "(2, 3)", 4), "version 4; 1 to 3");
        Refused(PngBytes.Of(1, 1, 8, PngBytes.Rgb, [0, 1, 2, 3]), "8 bits a sample and the colour type 2; a depth map needs 16 bits");
        Refused(PngBytes.Of(60_000, 60_000, 16, PngBytes.Grey, []), "60000 x 60000 pixels; at most 67108864");
        Refused(PngBytes.Of(3, 2, 16, PngBytes.Grey, [0, 1]), "end after 2 of 14 bytes");
        Refused(PngBytes.Of(1, 1, 16, PngBytes.Grey, [9, 1, 2]), "row 0 has the filter 9");
        Refused(Png(0)[..^14], "truncated");
        Refused(Tiff(true, 5, 2, little: true), "the compression 5; one channel of float32 or uint16");
        Refused(Tiff(true, 1, 2, little: true, bits: 64), "samples of 64 bits");
        Refused(Tiff(true, 1, 2, little: true)[..^20], "truncated");
        Refused([.. "II*\0"u8], "truncated");
    }

    [Fact]
    public void Damage_AnywhereInAFile_IsOneError()
    {
        // Any byte may be wrong: a map or a PictureException comes of it, and nothing else.
        foreach (var file in new[] { Npy("<f4", "(2, 3)", 1), Png(4), Tiff(true, 8, 1, little: true), Tiff(false, 1, 2, little: false) })
        {
            for (var at = 0; at < file.Length; at++)
            {
                foreach (var value in new byte[] { 0, 255, (byte)(file[at] ^ 1) })
                {
                    byte[] damaged = [.. file];
                    damaged[at] = value;
                    Assert.True(Record.Exception(() => DepthMapReader.Read(damaged)) is null or PictureException, $"byte {at} = {value}");
                }
            }
        }
    }

    [Fact]
    public void Read_OverALimit_OrWithoutAFile_SaysSo()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["depth.npy"], Npy("<f4", "(2, 3)", 1));
        AssertValues(DepthMapReader.Read(folder["depth.npy"]), isWhole: false);
        Assert.Contains("at most 50 are allowed", Assert.Throws<PictureException>(() => DepthMapReader.Read(folder["depth.npy"], new() { MaxFileBytes = 50 })).Message, StringComparison.Ordinal);
        Assert.Contains("at most 5 are allowed", Assert.Throws<PictureException>(() => DepthMapReader.Read(folder["depth.npy"], new() { MaxPixels = 5 })).Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<PictureException>(() => DepthMapReader.Read(folder["nothing.npy"])).Message, StringComparison.Ordinal);
    }

    private static void AssertValues(DepthMap map, bool isWhole)
    {
        Assert.Equal((3, 2, isWhole), (map.Width, map.Height, map.IsWhole));
        Assert.Equal(Values, map.Values);
    }

    private static byte[] Npy(string type, string shape, int version, string fortran = "False")
    {
        var header = Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': {fortran}, 'shape': {shape}, }}".PadRight(86) + "\n");
        var length = new byte[version == 1 ? 2 : 4];
        length[0] = (byte)header.Length;
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. header, .. Values.SelectMany(value => Number(type[1..], value, type[0] == '<'))];
    }

    private static byte[] Number(string type, float value, bool little)
    {
        var bytes = type switch { "f8" => BitConverter.GetBytes((double)value), "u2" => BitConverter.GetBytes((ushort)value), _ => BitConverter.GetBytes(value) };
        return little ? bytes : [.. bytes.Reverse()];
    }

    /// <summary>Rows of 16-bit samples, each filtered as the specification says.</summary>
    private static byte[] Png(byte filter)
    {
        byte[][] rows = [.. Values.Chunk(3).Select(row => row.SelectMany(value => Number("u2", value, little: false)).ToArray())];
        var filtered = new List<byte>();
        for (var y = 0; y < rows.Length; y++)
        {
            filtered.Add(filter);
            for (var i = 0; i < rows[y].Length; i++)
            {
                int left = i < 2 ? 0 : rows[y][i - 2], up = y == 0 ? 0 : rows[y - 1][i], corner = y == 0 || i < 2 ? 0 : rows[y - 1][i - 2];
                var paeth = new[] { left, up, corner }.MinBy(guess => Math.Abs(left + up - corner - guess));
                filtered.Add((byte)(rows[y][i] - filter switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => paeth, _ => 0 }));
            }
        }

        return PngBytes.Of(3, 2, 16, PngBytes.Grey, [.. filtered]);
    }

    /// <summary>Header, strips, then the directory.</summary>
    private static byte[] Tiff(bool isFloat, int compression, int rowsPerStrip, bool little, int? bits = null)
    {
        byte[] Short(int value) => Number("u2", value, little);
        byte[] Long(int value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            return little ? bytes : [.. bytes.Reverse()];
        }

        byte[][] strips = [.. Values.Chunk(3 * rowsPerStrip).Select(strip => strip.SelectMany(value => Number(isFloat ? "f4" : "u2", value, little)).ToArray())
            .Select(strip => compression == 1 ? strip : PngBytes.Deflated(strip))];
        var file = new List<byte>([.. little ? "II"u8 : "MM"u8, .. Short(42), 0, 0, 0, 0]);
        var offsets = new List<int>();
        foreach (var strip in strips)
        {
            offsets.Add(file.Count);
            file.AddRange(strip);
        }

        // Lists that do not fit into an entry lie before the directory.
        var (offsetsAt, lengthsAt) = (file.Count, file.Count + 4 * strips.Length);
        file.AddRange(offsets.SelectMany(Long));
        file.AddRange(strips.SelectMany(strip => Long(strip.Length)));
        byte[] Entry(int tag, int type, int count, byte[] value) => [.. Short(tag), .. Short(type), .. Long(count), .. value, .. new byte[4 - value.Length]];
        byte[] List(int tag, int at, int single) => Entry(tag, 4, strips.Length, Long(strips.Length == 1 ? single : at));
        byte[][] entries =
        [
            Entry(256, 3, 1, Short(3)), Entry(257, 4, 1, Long(2)), Entry(258, 3, 1, Short(bits ?? (isFloat ? 32 : 16))), Entry(259, 3, 1, Short(compression)), Entry(262, 3, 1, Short(1)),
            List(273, offsetsAt, offsets[0]), Entry(277, 3, 1, Short(1)), Entry(278, 3, 1, Short(rowsPerStrip)), List(279, lengthsAt, strips[0].Length), Entry(339, 3, 1, Short(isFloat ? 3 : 1)),
        ];
        var directory = Long(file.Count);
        file.AddRange([.. Short(entries.Length), .. entries.SelectMany(entry => entry), 0, 0, 0, 0]);
        byte[] result = [.. file];
        directory.CopyTo(result, 4);
        return result;
    }
}
