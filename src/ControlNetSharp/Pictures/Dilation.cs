namespace ControlNetSharp.Pictures;

/// <summary>
/// Grows what is bright: each pixel becomes the brightest of its square (cv2.dilate with a square of ones); outside
/// counts as dark.
/// </summary>
internal static class Dilation
{
    /// <summary>Dilates one channel.</summary>
    /// <param name="grey">width · height values. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="reach">Pixels on each side: 1 is the 3 x 3 square.</param>
    public static byte[] Square(byte[] grey, int width, int height, int reach)
    {
        var rows = new byte[grey.Length];
        for (var i = 0; i < grey.Length; i++)
        {
            var x = i % width;
            rows[i] = Brightest(grey, i - Math.Min(reach, x), i + Math.Min(reach, width - 1 - x), 1);
        }

        var result = new byte[grey.Length];
        for (var i = 0; i < grey.Length; i++)
        {
            var y = i / width;
            result[i] = Brightest(
                rows,
                i - Math.Min(reach, y) * width,
                i + Math.Min(reach, height - 1 - y) * width,
                width
            );
        }

        return result;
    }

    private static byte Brightest(byte[] values, int first, int last, int step)
    {
        var brightest = values[first];
        for (var i = first + step; i <= last; i += step)
        {
            brightest = Math.Max(brightest, values[i]);
        }

        return brightest;
    }
}
