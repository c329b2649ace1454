namespace ControlNetSharp.Pictures;

/// <summary>The shape of pictures: how wide they are for their height.</summary>
internal static class PictureShape
{
    /// <summary>Whether two pictures have the same shape, but for the rounding of the smaller one's sides.</summary>
    /// <param name="one">Pixels a row, and rows.</param>
    /// <param name="other">Likewise.</param>
    public static bool IsSame((int Width, int Height) one, (int Width, int Height) other) =>
        Math.Abs((long)one.Width * other.Height - (long)one.Height * other.Width)
        <= Math.Max(one.Width, one.Height) + Math.Max(other.Width, other.Height);
}
