using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>PNG files put together by hand, for kinds that <see cref="PictureWriter"/> does not write.</summary>
internal static class PngBytes
{
    public const byte Grey = 0, Palette = 3, GreyAlpha = 4, Rgba = 6, Rgb = 2;

    /// <summary>A whole file.</summary>
    /// <param name="width">As the header says it.</param>
    /// <param name="height">As the header says it.</param>
    /// <param name="bits">Bits a sample.</param>
    /// <param name="colourType">One of the constants.</param>
    /// <param name="rows">The rows, each after its filter byte, not compressed.</param>
    /// <param name="chunks">Further chunks between header and pixels.</param>
    public static byte[] Of(uint width, uint height, byte bits, byte colourType, byte[] rows, params (string Type, byte[] Data)[] chunks)
    {
        using var png = new MemoryStream();
        png.Write(PngFormat.Signature);
        var header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (bits, colourType);
        PngFormat.WriteChunk(png, "IHDR"u8, header);
        foreach (var (type, data) in chunks)
        {
            PngFormat.WriteChunk(png, Encoding.ASCII.GetBytes(type), data);
        }

        PngFormat.WriteChunk(png, "IDAT"u8, Deflated(rows));
        PngFormat.WriteChunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    /// <summary>A file whose header claims 60 000 x 60 000 pixels and that has none.</summary>
    public static byte[] Huge() => Of(60_000, 60_000, 8, Rgb, []);

    public static byte[] Deflated(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(bytes);
        }

        return compressed.ToArray();
    }
}
