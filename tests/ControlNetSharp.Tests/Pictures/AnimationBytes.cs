using System.Buffers.Binary;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>Animations made for tests, whose colours are known.</summary>
internal static class AnimationBytes
{
    /// <summary>A GIF of up to 128 colours a frame: each frame lies over those before it, at the left and top.</summary>
    public static byte[] Gif(int width, int height, params Picture[] frames) =>
        [
            .. "GIF89a"u8, .. Two(width), .. Two(height), 0, 0, 0,
            .. frames.SelectMany(GifFrame),
            0x3B,
        ];

    /// <summary>A WebP of whole frames.</summary>
    public static byte[] WebP(params Picture[] frames)
    {
        var (width, height) = (frames[0].Width, frames[0].Height);
        byte[] header = [0x02, 0, 0, 0, .. Three(width - 1), .. Three(height - 1)];
        byte[] chunks =
        [
            .. "WEBP"u8, .. Chunk("VP8X"u8, header), .. Chunk("ANIM"u8, new byte[6]),
            .. frames.SelectMany(frame => Chunk("ANMF"u8, [0, 0, 0, 0, 0, 0, .. Three(frame.Width - 1), .. Three(frame.Height - 1), 100, 0, 0, 0, .. PictureWriter.EncodeWebP(frame, 90)[12..]])),
        ];
        return Chunk("RIFF"u8, chunks);
    }

    private static byte[] GifFrame(Picture frame)
    {
        var pixels = Enumerable.Range(0, frame.Width * frame.Height).Select(pixel => frame.At(pixel % frame.Width, pixel / frame.Width)).ToList();
        var palette = pixels.Distinct().ToList();
        // Codes of eight bits, which stay so as long as the table is cleared before it has grown.
        const byte clear = 128, end = 129;
        byte[] codes = [.. pixels.Select(pixel => (byte)palette.IndexOf(pixel)).Chunk(100).SelectMany(part => part.Prepend(clear)), end];
        return
        [
            0x21, 0xF9, 4, 0b100, 10, 0, 0, 0,
            0x2C, 0, 0, 0, 0, .. Two(frame.Width), .. Two(frame.Height), 0x86,
            .. Enumerable.Range(0, 128).Select(index => index < palette.Count ? palette[index] : default).SelectMany(colour => new[] { (byte)colour.R, (byte)colour.G, (byte)colour.B }),
            7,
            .. codes.Chunk(255).SelectMany(block => block.Prepend((byte)block.Length)),
            0,
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> name, byte[] content)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, content.Length);
        return [.. name, .. length, .. content, .. new byte[content.Length % 2]];
    }

    private static byte[] Two(int number) => [(byte)number, (byte)(number >> 8)];

    private static byte[] Three(int number) => [.. Two(number), (byte)(number >> 16)];
}
