using ControlNetSharp.Pictures;

namespace ControlNetSharp.Tests;

internal static class PictureBytes
{
    /// <summary>A copy of the pixels, which assertions and LINQ take.</summary>
    public static byte[] Bytes(this Picture picture) => picture.Rgb.ToArray();
}
