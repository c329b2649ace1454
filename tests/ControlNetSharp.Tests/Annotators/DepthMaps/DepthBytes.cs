using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ControlNetSharp.Tests.Annotators.DepthMaps;

/// <summary>Depth files put together by hand.</summary>
internal static class DepthBytes
{
    /// <summary>One number as NumPy's type says: f4, u2, …</summary>
    public static byte[] Number(string type, double value, bool little = true)
    {
        var bytes = type switch
        {
            "f2" => BitConverter.GetBytes((Half)value),
            "f4" => BitConverter.GetBytes((float)value),
            "f8" => BitConverter.GetBytes(value),
            "u2" => BitConverter.GetBytes((ushort)value),
            "u4" => BitConverter.GetBytes((uint)value),
            "u8" => BitConverter.GetBytes((ulong)value),
            "i2" => BitConverter.GetBytes((short)value),
            "i4" => BitConverter.GetBytes((int)value),
            "i8" => BitConverter.GetBytes((long)value),
            _ => [(byte)value],
        };
        return little ? bytes : [.. bytes.Reverse()];
    }

    /// <summary>An array file. Source: numpy.lib.format.</summary>
    public static byte[] Npy(string type, string shape, IEnumerable<float> values, int version = 1, string fortran = "False")
    {
        var header = Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': {fortran}, 'shape': {shape}, }}".PadRight(86) + "\n");
        var length = new byte[version == 1 ? 2 : 4];
        length[0] = (byte)header.Length;
        var data = values.SelectMany(value => Number(type[1..], value, type[0] != '>'));
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. header, .. data];
    }

    /// <summary>An archive of arrays.</summary>
    public static byte[] Npz(params (string Name, byte[] Data)[] entries)
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, data) in entries)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(data);
            }
        }

        return file.ToArray();
    }

    /// <summary>A float map; its rows go from the bottom to the top.</summary>
    public static byte[] Pfm(int width, float[] values, bool little, string magic = "Pf") =>
    [
        .. Encoding.ASCII.GetBytes($"{magic}\n{width} {values.Length / width}\n{(little ? "-1.0" : "1")}\n"),
        .. values.Chunk(width).Reverse().SelectMany(row => row).SelectMany(value => Number("f4", value, little)),
    ];

    /// <summary>A file of rows. Source: "OpenEXR File Layout".</summary>
    /// <param name="width">Pixels a row.</param>
    /// <param name="compression">0 none, 2 by row, 3 by 16 rows; others are said and not done.</param>
    /// <param name="channels">Name, type (u4, f2, f4) and values, in the order of the file.</param>
    /// <param name="flags">Of the version field.</param>
    /// <param name="packed">Whether chunks are made smaller; else they are stored as those that zlib does not make smaller.</param>
    public static byte[] Exr(
        int width, int compression, (string Name, string Type, float[] Values)[] channels, int flags = 0, bool packed = true)
    {
        var height = channels[0].Values.Length / width;
        const int Left = -3, Top = 5;
        byte[] Whole(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
        byte[] Text(string text) => [.. Encoding.ASCII.GetBytes(text), 0];
        byte[] Attribute(string name, string type, byte[] value) => [.. Text(name), .. Text(type), .. Whole(value.Length), .. value];
        var list = channels.SelectMany(channel =>
            Text(channel.Name).Concat(Whole(channel.Type switch { "u4" => 0, "f2" => 1, _ => 2 }, 0, 1, 1)));
        var file = new List<byte>(
        [
            0x76, 0x2F, 0x31, 0x01, .. Whole(2 | flags),
            .. Attribute("channels", "chlist", [.. list, 0]),
            .. Attribute("compression", "compression", [(byte)compression]),
            .. Attribute("dataWindow", "box2i", Whole(Left, Top, Left + width - 1, Top + height - 1)),
            .. Attribute("comments", "string", "a depth"u8.ToArray()),
            0,
        ]);
        var rowsOfChunk = compression == 3 ? 16 : 1;
        file.AddRange(new byte[8 * ((height + rowsOfChunk - 1) / rowsOfChunk)]);
        foreach (var rows in Enumerable.Range(0, height).Chunk(rowsOfChunk).Reverse())
        {
            byte[] data = [.. rows.SelectMany(y => channels.SelectMany(channel =>
                channel.Values.Skip(y * width).Take(width).SelectMany(value => Number(channel.Type, value))))];
            data = compression == 0 || !packed ? data : Packed(data);
            file.AddRange([.. Whole(Top + rows[0], data.Length), .. data]);
        }

        return [.. file];
    }

    /// <summary>Bytes of even places before those of odd ones, each as its difference to the one before, then zlib.</summary>
    private static byte[] Packed(byte[] data)
    {
        byte[] halves = [.. data.Where((_, i) => i % 2 == 0), .. data.Where((_, i) => i % 2 == 1)];
        using var result = new MemoryStream();
        using (var zlib = new ZLibStream(result, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            zlib.Write([.. halves.Select((value, i) => i == 0 ? value : (byte)(value - halves[i - 1] + 128))]);
        }

        return result.ToArray();
    }
}
