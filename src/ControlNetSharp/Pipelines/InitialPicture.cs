using ControlNetSharp.Pictures;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// A picture to start from (img2img), or to repaint in part (inpainting). Its latents are the mean of the Autoencoder's distribution, so that the seed alone decides; the noise is that of the seed.
/// </summary>
public sealed record InitialPicture
{
    private readonly double _denoise = 0.75;

    /// <summary>The picture; it is brought to the size of the result.</summary>
    public required Picture Picture { get; init; }

    /// <summary>
    /// How much of the picture is given up, 0 (almost nothing) to 1 (all); default 0.75. Of N steps floor(Denoise · N) + 1 are run, at most N, from the noise level that belongs to the first of them. Source: stable-diffusion-webui,
    /// sd_samplers_common.py, setup_img2img_steps (behaviour).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number from 0 to 1.</exception>
    public double Denoise
    {
        get => _denoise;
        init => _denoise = value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Denoise), value, "Denoise must be from 0 to 1.");
    }

    /// <summary>How a picture of another shape is brought to that of the result.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.Crop;

    /// <summary>The part that is repainted; null (the default) for all of it.</summary>
    public InpaintMask? Mask { get; init; }

    /// <summary>Checks the mask, where there is one.</summary>
    /// <exception cref="ArgumentException">It has another shape than the picture, or no white pixel.</exception>
    public void CheckMask()
    {
        if (Mask is not null)
        {
            SoftMask.Hard(this, Picture.Width, Picture.Height);
        }
    }
}
