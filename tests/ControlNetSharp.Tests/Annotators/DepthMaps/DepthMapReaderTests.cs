using System.Buffers.Binary;
using ControlNetSharp.Annotators.DepthMaps;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators.DepthMaps;

public class DepthMapReaderTests
{
    /// <summary>Three columns, two rows.</summary>
    private static readonly float[] Values = [1, 2, 300, 4000, 0, 65535];

    private const string ReferenceExr =
        "di8xAQIAAABjaGFubmVscwBjaGxpc3QANwAAAEIAAQAAAAAAAAABAAAAAQAAAEcAAQAAAAAAAAABAAAAAQAAAFIAAQAAAAAAAAAB"
        + "AAAAAQAAAABjb21wcmVzc2lvbgBjb21wcmVzc2lvbgABAAAAA2RhdGFXaW5kb3cAYm94MmkAEAAAAAAAAAAAAAAAEwAAACIAAABk"
        + "aXNwbGF5V2luZG93AGJveDJpABAAAAAAAAAAAAAAABMAAAAiAAAAbGluZU9yZGVyAGxpbmVPcmRlcgABAAAAAHBpeGVsQXNwZWN0"
        + "UmF0aW8AZmxvYXQABAAAAAAAgD9zY3JlZW5XaW5kb3dDZW50ZXIAdjJmAAgAAAAAAAAAAAAAAHNjcmVlbldpbmRvd1dpZHRoAGZs"
        + "b2F0AAQAAAAAAIA/AFEBAAAAAAAABAIAAAAAAADxAgAAAAAAAAAAAACrAAAAeF7dlEESgjAQBNW3+gzBIfIMf+rFwyRsEikzc6OY"
        + "A9BdWyFQ2b2gzgoAeJiOxOiuJs+dIQnAbLu0PTkuKGoUN175vwtatqving21NWNXE++T6OZuLeQqxfEfFGJU92roCgC4ie6TiXkD"
        + "AO6mIzG6q8lzv1m7+aK5Mhk8184T1fUZ9+qec7onXN2XKe9Pcc479lxQnFfFHad/F0yi414KMarj9xby3Be6z73WEAAAAOUAAAB4"
        + "Xr2TUQ6CMBBERT2XfHAVz1GGcBEOYgLEaxkw6di0i0inP27SsvMaurO0XMGo/HzycyuzVFU+cyJbjWLmRLYYhaRGnrGP6KcCsIiM"
        + "7wb1AjDhKbLGKACYcRZZbxSzRmSrURzsI89iBkyftVpkrVEctcjGjQ9gxk1ko1HMUn9HjJ6DYr6ILPRLBUx44CKy3ihgwIBGZHd/"
        + "biE6P4d/VWVUzJzMUsVQGetGHmvkWdqH3U9lQfFpa/xm39+qhKWqjNmwXlSW97fHrJduc5ZHLHqJayVsu6MTWdk92GPpjv+5k2/Y"
        + "1MjeIAAAAEEAAAB4XutoaGg40LAHSC4Aw4aGhQ3NRIr9R+GByAUN+4kU+4/Cg8D5RIp1AdkNDY1gEgbqiRSjJgCZDLGDsBgAL4m9"
        + "sg==";

    [Theory]
    [InlineData("<f4", 1)]
    [InlineData("<f8", 1)]
    [InlineData("<u2", 1)]
    [InlineData(">f4", 2)]
    [InlineData(">f8", 2)]
    [InlineData(">u2", 3)]
    [InlineData("<u4", 1)]
    [InlineData(">u8", 1)]
    [InlineData("<i4", 1)]
    [InlineData(">i4", 1)]
    [InlineData("<i8", 1)]
    public void Npy_OfEachTypeAndVersion_IsRead(string type, int version) => AssertValues(DepthMapReader.Read(Npy(type, "(2, 3)", version)), isWhole: type[1] != 'f');

    [Theory]
    [InlineData("<f2")]
    [InlineData(">f2")]
    [InlineData("<i2")]
    [InlineData(">i2")]
    public void Npy_OfSmallTypes_IsRead(string type)
    {
        float[] values = [1, -2, 300, 4000, 0, 2047];
        Assert.Equal(values, DepthMapReader.Read(DepthBytes.Npy(type, "(2, 3)", values)).Values);
    }

    [Theory]
    [InlineData("(1, 2, 3)")]
    [InlineData("(2, 3, 1)")]
    [InlineData("(1, 1, 2, 3)")]
    public void Npy_WithASideOfOne_IsTheSameMap(string shape) => AssertValues(DepthMapReader.Read(Npy("<f4", shape, 1)), isWhole: false);

    [Theory]
    [InlineData("(2, 3)")]
    [InlineData("(1, 2, 3)")]
    [InlineData("(2, 3, 1)")]
    public void Npy_InFortranOrder_IsTheSameMap(string shape)
    {
        float[] columns = [Values[0], Values[3], Values[1], Values[4], Values[2], Values[5]];
        AssertValues(DepthMapReader.Read(DepthBytes.Npy("<f4", shape, columns, fortran: "True")), isWhole: false);
    }

    [Fact]
    public void Npz_IsRead_ByTheNameDepth_OrWhereItHasOneArray()
    {
        var (map, other) = (Npy("<u2", "(2, 3)", 1), Npy("<f4", "(3, 2)", 1));
        AssertValues(DepthMapReader.Read(DepthBytes.Npz(("arr_0.npy", map))), isWhole: true);
        AssertValues(DepthMapReader.Read(DepthBytes.Npz(("other.npy", other), ("depth.npy", map))), isWhole: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pfm_IsRead_FromTheBottomToTheTop(bool little) => AssertValues(DepthMapReader.Read(DepthBytes.Pfm(3, Values, little)), isWhole: false);

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public void Exr_OfSeveralChunks_IsRead_PackedOrNot(int compression, bool packed)
    {
        float[] depth = [.. Enumerable.Range(0, 40 * 35).Select(i => 1 + i / 40 * 0.25f + i % 40)];
        float[] other = [.. depth.Select(value => -value)];
        (string, string, float[])[] channels = [("A", "f2", other), ("View.Depth.Z", "f4", depth), ("id", "u4", [.. depth.Select(MathF.Floor)])];
        var map = DepthMapReader.Read(DepthBytes.Exr(40, compression, channels, packed: packed));
        Assert.Equal((40, 35, false), (map.Width, map.Height, map.IsWhole));
        Assert.Equal(depth, map.Values);
    }

    [Theory]
    [InlineData("B,G,R", "R")]
    [InlineData("A,Y", "Y")]
    [InlineData("B,Depth.V,G,R", "Depth.V")]
    [InlineData("Normal.X,Normal.Y,Normal.Z,R,V.Z", "V.Z")]
    [InlineData("distance", "distance")]
    public void Exr_TakesTheChannelOfDepth(string channels, string expected)
    {
        var names = channels.Split(',');
        var file = DepthBytes.Exr(3, 0, [.. names.Select((name, i) => (name, "f2", Enumerable.Repeat(1f + i, 6).ToArray()))]);
        Assert.All(DepthMapReader.Read(file).Values, value => Assert.Equal(1f + names.IndexOf(expected), value));
    }

    /// <summary>20 x 35 of the sRGB levels i % 20 / 2 + i / 20 * 3, made linear by ImageMagick with 8 bits and packed by OpenEXR itself.</summary>
    [Fact]
    public void Exr_OfTheReferenceImplementation_IsRead()
    {
        var map = DepthMapReader.Read(Convert.FromBase64String(ReferenceExr));
        Assert.Equal((20, 35), (map.Width, map.Height));
        Assert.InRange(map.Values.Index().Max(pixel => Math.Abs(pixel.Item - Linear(pixel.Index))), 0, 1 / 255.0);

        static double Linear(int i)
        {
            var level = (i % 20 / 2 + i / 20 * 3) / 255.0;
            return level <= 0.04045 ? level / 12.92 : Math.Pow((level + 0.055) / 1.055, 2.4);
        }
    }

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
        Assert.True(DepthMapReader.IsDepthMap(DepthBytes.Npz(("a.npy", []))));
        Assert.True(DepthMapReader.IsDepthMap(DepthBytes.Pfm(3, Values, little: true)));
        Assert.True(DepthMapReader.IsDepthMap(DepthBytes.Exr(3, 0, [("Z", "f4", Values)])));
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
        Refused(DepthBytes.Npy("|u1", "(2, 3)", [1, 2, 3, 4, 5, 6]), "the type |u1; float16 (f2), float32 (f4), float64 (f8) and whole numbers of 16 to 64 bits");
        Refused(Npy("<f4", "(6,)", 1), "(height, width) is needed");
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
        Refused(Tiff(true, 5, 2, little: true), "the compression 5; one channel of float16 (f2)");
        Refused(Tiff(true, 1, 2, little: true, bits: 24), "samples of 24 bits");
        Refused(Tiff(true, 1, 2, little: true)[..^20], "truncated");
        Refused([.. "II*\0"u8], "truncated");
        Refused(DepthBytes.Npz(("readme.txt", [1])), "a zip archive without arrays of NumPy");
        Refused(DepthBytes.Npz(("a.npy", []), ("b.npy", [])), "several arrays and none is called 'depth': a, b.");
        Refused(DepthBytes.Npz(("a.npy", [1, 2])), "a.npy in the archive is no NPY file");
        Refused(DepthBytes.Npz(("a.npy", Npy("<f4", "(2, 3)", 1)))[..^30], "the zip archive is damaged");
        Refused(DepthBytes.Pfm(3, Values, little: true, magic: "PF"), "three channels (PF); one (Pf) is read");
        Refused(DepthBytes.Pfm(3, Values, little: true)[..^1], "truncated: its pixels end after 23 of 24 bytes");
        Refused([.. "Pf\n90000 90000\n-1\n"u8], "90000 x 90000 pixels; at most 67108864");
        Refused([.. "Pf\n3 2\nx\n"u8], "the scale 'x'");
        Refused(Exr(1), "the compression RLE; none, ZIPS and ZIP are read");
        Refused(Exr(4), "the compression PIZ");
        Refused(Exr(9), "the compression DWAB");
        Refused(Exr(77), "the compression 77");
        Refused(Exr(0, 0x200), "is tiled");
        Refused(Exr(0, 0x800), "is deep");
        Refused(Exr(0, 0x1000), "of several parts");
        Refused(Exr(0)[..^1], "ends before its last row");
        Refused(Exr(0)[..40], "ends in its header");
        Refused(DepthBytes.Exr(3, 0, [("a", "f4", Values), ("b", "f4", Values)]), "the channels a, b; one that is called Z, depth, D, V, Y or R");

        byte[] Exr(int compression, int flags = 0) => DepthBytes.Exr(3, compression, [("Z", "f4", Values)], flags);
    }

    [Fact]
    public void Damage_AnywhereInAFile_IsOneError()
    {
        // Any byte may be wrong: a map or a PictureException comes of it, and nothing else.
        byte[][] files =
        [
            Npy("<f4", "(2, 3)", 1), Png(4), Tiff(true, 8, 1, little: true), Tiff(false, 1, 2, little: false), DepthBytes.Pfm(3, Values, little: true),
            DepthBytes.Npz(("a.npy", Npy("<f4", "(2, 3)", 1))), DepthBytes.Exr(3, 0, [("Z", "f4", Values)]), DepthBytes.Exr(3, 3, [("Z", "f4", Values)]),
        ];
        foreach (var file in files)
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

    private static byte[] Npy(string type, string shape, int version) => DepthBytes.Npy(type, shape, Values, version);

    private static byte[] Number(string type, float value, bool little) => DepthBytes.Number(type, value, little);

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
