namespace ControlNetSharp.Pictures;

/// <summary>
/// Draws white lines one pixel wide with the pixels of OpenCV 4.6 (cv2.line, thickness 1, 8-connected). Source:
/// Bresenham 1965, "Algorithm for computer control of a digital plotter".
/// </summary>
internal static class ThinLine
{
    /// <summary>Draws a line from one end to the other, both included; what lies outside is cut off.</summary>
    /// <param name="canvas">Drawn on in place.</param>
    /// <param name="x0">Column of the one end.</param>
    /// <param name="y0">Row of the one end.</param>
    /// <param name="x1">Column of the other end.</param>
    /// <param name="y1">Row of the other end.</param>
    public static void Draw(Picture canvas, long x0, long y0, long x1, long y1)
    {
        if (!Clip(canvas, ref x0, ref y0, ref x1, ref y1))
        {
            return;
        }

        // From left to right, so that both directions give the same pixels.
        if (x1 < x0)
        {
            (x0, y0, x1, y1) = (x1, y1, x0, y0);
        }

        var (length, rise) = ((int)(x1 - x0), (int)Math.Abs(y1 - y0));
        var (along, across) = (3, y1 < y0 ? -3 * canvas.Width : 3 * canvas.Width);
        if (rise > length)
        {
            (length, rise, along, across) = (rise, length, across, along);
        }

        var at = 3 * ((int)y0 * canvas.Width + (int)x0);
        var error = length - 2 * rise;
        for (var i = 0; i <= length; i++)
        {
            canvas.Canvas.Slice(at, 3).Fill(255);
            var steps = error < 0;
            error += steps ? 2 * length - 2 * rise : -2 * rise;
            at += steps ? along + across : along;
        }
    }

    /// <summary>Cuts a line at the canvas' borders (Cohen and Sutherland); whether anything is left.</summary>
    private static bool Clip(Picture canvas, ref long x0, ref long y0, ref long x1, ref long y1)
    {
        var (right, bottom) = (canvas.Width - 1L, canvas.Height - 1L);
        if (Apart(x0, x1, right) || Apart(y0, y1, bottom))
        {
            return false;
        }

        MoveInside(ref y0, ref x0, y1, x1, bottom);
        MoveInside(ref y1, ref x1, y0, x0, bottom);
        if (Apart(x0, x1, right))
        {
            return false;
        }

        MoveInside(ref x0, ref y0, x1, y1, right);
        MoveInside(ref x1, ref y1, x0, y0, right);
        return true;
    }

    /// <summary>Whether both ends lie beyond the same border.</summary>
    private static bool Apart(long a, long b, long last) => (a < 0 && b < 0) || (a > last && b > last);

    /// <summary>
    /// Moves an end that lies outside in one direction onto the border, along the line; fractions of the other
    /// direction are dropped.
    /// </summary>
    private static void MoveInside(ref long outside, ref long other, long outsideEnd, long otherEnd, long last)
    {
        if (outside >= 0 && outside <= last)
        {
            return;
        }

        var border = outside < 0 ? 0 : last;
        other += (long)((double)(border - outside) * (otherEnd - other) / (outsideEnd - outside));
        outside = border;
    }
}
