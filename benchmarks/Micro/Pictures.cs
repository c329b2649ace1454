using ControlNetSharp.Pictures;

namespace ControlNetSharp.Benchmarks;

/// <summary>Pictures to work on.</summary>
internal static class Pictures
{
    /// <summary>A square of waves of many lengths: smooth parts, edges and fine detail.</summary>
    public static Picture OfWaves(int side)
    {
        var bytes = new byte[3 * side * side];
        for (var i = 0; i < bytes.Length; i++)
        {
            var (x, y) = (i / 3 % side / (double)side, i / 3 / side / (double)side);
            var wave = Math.Sin(40 * x * y + i % 3) + Math.Sign(Math.Sin(12 * x) + Math.Cos(9 * y)) + Math.Sin(300 * x);
            bytes[i] = (byte)Math.Clamp(128 + 42 * wave, 0, 255);
        }

        return new Picture(side, side, bytes);
    }
}
