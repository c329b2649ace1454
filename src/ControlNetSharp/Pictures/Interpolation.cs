namespace ControlNetSharp.Pictures;

/// <summary>
/// How a resized picture gets its values. Each equals OpenCV's mode of the same name (cv2.resize, 4.6), to at most one
/// level of 255.
/// </summary>
public enum Interpolation
{
    /// <summary>The pixel at floor(x · scale): no new colours.</summary>
    Nearest,

    /// <summary>
    /// Between the 2 x 2 nearest pixels, half-pixel centres, no anti-aliasing. Exactly half size averages 2 x 2 pixels.
    /// </summary>
    Linear,

    /// <summary>
    /// Average of the covered area when both sides shrink; otherwise OpenCV's own variant of linear, which keeps most
    /// pixels flat.
    /// </summary>
    Area,

    /// <summary>4 x 4 pixels, cubic convolution with a = -0.75.</summary>
    Cubic,

    /// <summary>8 x 8 pixels, Lanczos window of 4 lobes.</summary>
    Lanczos4,
}
