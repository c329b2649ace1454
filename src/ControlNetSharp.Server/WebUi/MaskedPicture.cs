using ControlNetSharp.Pictures;
using SkiaSharp;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// A picture that shows its mask as transparency: what is masked is half transparent. Source: sd-webui-controlnet
/// v1.1.455, detected maps of inpainting (behaviour).
/// </summary>
internal static class MaskedPicture
{
    /// <summary>The PNG of a picture and a mask, which is brought to its size.</summary>
    public static byte[] Encode(Picture picture, Picture mask)
    {
        var levels = PictureResizing.Fit(mask, picture.Width, picture.Height, ResizeMode.Just).Rgb;
        using var bitmap = new SKBitmap(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var pixels = bitmap.GetPixelSpan();
        for (int from = 0, to = 0; from < levels.Length; from += 3, to += 4)
        {
            picture.Rgb.Slice(from, 3).CopyTo(pixels[to..]);
            pixels[to + 3] = (byte)(byte.MaxValue - levels[from] / 2);
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
