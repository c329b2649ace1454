using System.ComponentModel.DataAnnotations;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>
/// A picture to start from (img2img), or to repaint in part (inpainting). Its latents are the mean of the Autoencoder's
/// distribution, so that the seed alone decides; the noise is that of the seed.
/// </summary>
public sealed record InitialPicture
{
    /// <summary>The picture; it is brought to the size of the result.</summary>
    public required PictureSource Picture { get; init; }

    /// <summary>
    /// How much of the picture is given up, 0 (almost nothing) to 1 (all); default 0.75. Of N steps floor(Denoise · N)
    /// + 1 are
    /// run, at most N, from the noise level that belongs to the first of them. Source: stable-diffusion-webui,
    /// sd_samplers_common.py, setup_img2img_steps (behaviour).
    /// </summary>
    [Range(0.0, 1.0)]
    public double Denoise { get; init; } = 0.75;

    /// <summary>How a picture of another shape is brought to that of the result.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.Crop;

    /// <summary>The part that is repainted; null (the default) for all of it.</summary>
    public InpaintMask? Mask { get; init; }
}
