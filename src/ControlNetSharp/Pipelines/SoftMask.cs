using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A mask with its blurred border: 255 is repainted, 0 stays.</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Levels">Width · Height bytes.</param>
internal sealed record SoftMask(int Width, int Height, byte[] Levels)
{
    // stable-diffusion-webui's kernel reaches two and a half standard deviations to each side.
    private const double Reach = 2.5;
    private const int Half = 128;
    private const string MaskMember = "initial.mask.picture";

    /// <summary>
    /// The mask of an initial picture at a size, cut in the way of the picture, its greys made black or white, then
    /// blurred. Source: stable-diffusion-webui, processing.py (behaviour).
    /// </summary>
    /// <exception cref="RequestException">The mask has no white pixel, or another shape than the picture.</exception>
    public static SoftMask Of(InitialPicture initial, int width, int height)
    {
        var (levels, blur) = (Hard(initial, width, height), initial.Mask!.Blur);
        return new(
            width,
            height,
            blur == 0 ? levels : GaussianBlur.Blur(levels, width, height, 1, blur, 2 * (int)(Reach * blur + 0.5) + 1)
        );
    }

    /// <summary>The same without the blur: width · height bytes, 0 or 255.</summary>
    /// <exception cref="RequestException">The mask has no white pixel, or another shape than the picture.</exception>
    public static byte[] Hard(InitialPicture initial, int width, int height)
    {
        var (mask, picture) = (initial.Mask!.Picture.ReadMask(), initial.Picture.Read());
        if (!PictureShape.IsSame((mask.Width, mask.Height), (picture.Width, picture.Height)))
        {
            throw new RequestException(
                MaskMember,
                initial.Mask.Picture.Path,
                $"must have the shape of the picture that it belongs to; it has {mask.Width} x {mask.Height} pixels, "
                    + $"the picture {picture.Width} x {picture.Height}."
            );
        }

        // First to the picture's own size, so that both are cut at the same places.
        var shaped = PictureResizing.Fit(mask, picture.Width, picture.Height, ResizeMode.Just);
        var sized =
            (width, height) == (picture.Width, picture.Height)
                ? shaped
                : PictureResizing.Fit(shaped, width, height, initial.Resize);
        byte[] levels = [.. Greyscale.Of(sized).Select(level => level >= Half ? byte.MaxValue : byte.MinValue)];
        return levels.Contains(byte.MaxValue)
            ? levels
            : throw new RequestException(
                MaskMember,
                initial.Mask.Picture.Path,
                "must have white pixels, which are repainted; it has none."
            );
    }

    /// <summary>The box of all pixels that are not 0; right and bottom are one behind the last.</summary>
    public (int Left, int Top, int Right, int Bottom) Bounds()
    {
        var touched = Levels.Index().Where(level => level.Item > 0).Select(level => level.Index).ToList();
        return (
            touched.Min(i => i % Width),
            touched[0] / Width,
            touched.Max(i => i % Width) + 1,
            touched[^1] / Width + 1
        );
    }

    /// <summary>
    /// Which latents are repainted: 1 where at least half of the pixels behind them are, else 0; of a mask too thin for
    /// that, all that it touches. Source: stable-diffusion-webui, "mask_round" (behaviour).
    /// </summary>
    /// <param name="downscale">Pixels behind a latent in each direction.</param>
    /// <returns>[1, 1, Height / downscale, Width / downscale], float32, on the CPU; fresh.</returns>
    public Tensor ToLatents(int downscale)
    {
        using var scope = NewDisposeScope();
        var shares = nn.functional.avg_pool2d(
            tensor([.. Levels.Select(level => level / 255f)], [1, 1, Height, Width]),
            downscale
        );
        var most = shares.IsAtLeast(0.5);
        return (most.any().item<bool>() ? most : shares.IsAbove(0)).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The same with all levels doubled, so that what was repainted shows through to the middle of the blurred border.
    /// Source: stable-diffusion-webui, mask_for_overlay.
    /// </summary>
    public SoftMask Doubled() =>
        this with
        {
            Levels = [.. Levels.Select(level => (byte)Math.Min(byte.MaxValue, 2 * level))],
        };

    /// <summary>Lays a new picture over an old one where the mask is; where it is 0 the old bytes stay.</summary>
    /// <param name="below">The old picture, of the mask's size. Borrowed.</param>
    /// <param name="above">The new one, of a region's size. Borrowed.</param>
    /// <param name="x">Column of the old picture where the new one begins.</param>
    /// <param name="y">Row likewise.</param>
    public Picture Over(Picture below, Picture above, int x = 0, int y = 0)
    {
        var rgb = below.Rgb.ToArray();
        for (var i = 0; i < above.Width * above.Height; i++)
        {
            var pixel = (y + i / above.Width) * Width + x + i % above.Width;
            var level = Levels[pixel];
            for (var channel = 0; channel < 3; channel++)
            {
                var (old, made) = (below.Rgb[3 * pixel + channel], above.Rgb[3 * i + channel]);
                rgb[3 * pixel + channel] = (byte)(
                    (old * (byte.MaxValue - level) + made * level + byte.MaxValue / 2) / byte.MaxValue
                );
            }
        }

        return Picture.Owning(Width, Height, rgb);
    }
}
