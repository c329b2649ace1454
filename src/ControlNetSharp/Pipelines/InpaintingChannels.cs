using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// What an inpainting UNet takes behind the noisy latents: the mask, then the latents of the picture with the masked
/// part gone.
/// Source: LDM inpaint configs (concat_keys mask, masked_image) and scripts/inpaint_st.py.
/// </summary>
internal static class InpaintingChannels
{
    /// <summary>The channels for a picture and a mask.</summary>
    /// <param name="autoencoder">The model's Autoencoder. Borrowed.</param>
    /// <param name="picture">[B, 3, H, W], -1..1, in the dtype and on the device of the Autoencoder. Borrowed.</param>
    /// <param name="mask">
    /// [1 or B, 1, H, W], 0..1: 1 where the picture is painted anew. The model knows whole pixels only, so it is
    /// rounded. Borrowed.
    /// </param>
    /// <returns>
    /// [B, 1 + LatentChannels, h, w]: the mask 0 or 1, and scaled latents (the mean, so that nothing is drawn).
    /// </returns>
    public static Tensor Of(Autoencoder autoencoder, Tensor picture, Tensor mask)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(mask);
        using var scope = NewDisposeScope();
        var masked = mask.round().to(picture.dtype);
        var latents = autoencoder.Encode(picture * masked.SubtractedFrom(1)).Mean.Times(autoencoder.Params.ScaleFactor);
        var small = interpolate(masked, size: [latents.shape[2], latents.shape[3]], mode: InterpolationMode.Nearest);
        return cat([small.expand(latents.shape[0], -1, -1, -1), latents.to(picture.dtype)], 1)
            .MoveToOuterDisposeScope();
    }

    /// <summary>The channels for a picture from nothing: all of it is masked.</summary>
    /// <param name="autoencoder">The model's Autoencoder. Borrowed.</param>
    /// <param name="width">Width of the picture.</param>
    /// <param name="height">Its height.</param>
    /// <param name="placement">Where the Autoencoder is, and what it computes in.</param>
    /// <returns>As for <see cref="Of"/>, for one picture.</returns>
    public static Tensor OfNothing(Autoencoder autoencoder, int width, int height, Runtime.Placement placement)
    {
        ArgumentNullException.ThrowIfNull(placement);
        using var scope = NewDisposeScope();
        return Of(
                autoencoder,
                zeros([1, 3, height, width], placement.Dtype, placement.Device),
                ones([1, 1, height, width], placement.Dtype, placement.Device)
            )
            .MoveToOuterDisposeScope();
    }
}
