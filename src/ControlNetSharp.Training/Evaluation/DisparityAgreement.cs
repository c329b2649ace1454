using ControlNetSharp.Pictures;

namespace ControlNetSharp.Evaluation;

/// <summary>How well a depth hint is found again.</summary>
/// <remarks>
/// Compared is what the hint shows: disparity (the inverse of the distance), stretched to 256 greys, with the sky at 0.
/// Metres would ask for what no hint can tell: from one grey to the next distances
/// beyond a few metres double, so that a hint that is followed to a single grey would count as wrong by half there.
/// Scale and shift are free, since the hint has neither. Source: Ranftl et al. 2020
/// (MiDaS), arXiv:1907.01341, section 4, for comparing disparity after the best scale and shift.
/// </remarks>
public static class DisparityAgreement
{
    /// <summary>
    /// The mean over all pixels of |scale · found + shift − hint| / (mean of the hint): the absolute relative error in
    /// which each pixel weighs as much as it is bright, so that what is far, and in the
    /// hint all but black, does not divide by next to nothing. Scale and shift are those of least squares; a map that
    /// runs the wrong way (scale below 0) is worth no more than one that is
    /// everywhere the same.
    /// </summary>
    /// <param name="found">A depth map, near is bright; the red channel counts.</param>
    /// <param name="hint">The map that it is to be, of the same size.</param>
    /// <returns>0 or more, lower is better; null where the hint is black.</returns>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static double? AbsoluteRelativeError(Picture found, Picture hint)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(hint);
        if ((found.Width, found.Height) != (hint.Width, hint.Height))
        {
            throw new ArgumentException(
                $"The maps have {found.Width} x {found.Height} and {hint.Width} x {hint.Height} pixels; they must be "
                    + "of one size.",
                nameof(hint)
            );
        }

        // Sums of whole numbers, so that they are exact.
        var (count, sumFound, sumHint, squares, products) = ((long)found.Width * found.Height, 0L, 0L, 0L, 0L);
        for (var i = 0; i < found.Rgb.Length; i += 3)
        {
            long f = found.Rgb[i],
                h = hint.Rgb[i];
            (sumFound, sumHint, squares, products) = (sumFound + f, sumHint + h, squares + f * f, products + f * h);
        }

        if (sumHint == 0)
        {
            return null;
        }

        var (variance, covariance) = (count * squares - sumFound * sumFound, count * products - sumFound * sumHint);
        var scale = variance > 0 && covariance > 0 ? (double)covariance / variance : 0;
        var shift = (sumHint - scale * sumFound) / count;
        var error = 0.0;
        for (var i = 0; i < found.Rgb.Length; i += 3)
        {
            error += Math.Abs(scale * found.Rgb[i] + shift - hint.Rgb[i]);
        }

        return error / sumHint;
    }
}
