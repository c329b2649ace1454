using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A small, fast look at latents while they are made.</summary>
internal static class LatentPreview
{
    /// <summary>A narrow Autoencoder decodes faster than a step of its UNet takes.</summary>
    private const int MostChannels = 64;

    /// <summary>
    /// Pixels of a decoded preview on its longer side: a look needs no more, and costs a part of the whole.
    /// </summary>
    private const int LongestDecoded = 128;

    /// <summary>The same for a decoder that was made for looks.</summary>
    private const int LongestOfDecoder = 512;

    /// <summary>
    /// The first picture of a batch: one pixel a latent for the families with a known linear colour code, decoded at a
    /// small size for narrow models.
    /// </summary>
    /// <param name="denoised">[B, 4, h, w], scaled. Borrowed.</param>
    /// <param name="model">The model that makes them. Borrowed.</param>
    /// <param name="decoder">A small decoder for its latents; null for none. Borrowed.</param>
    public static Picture Of(Tensor denoised, DiffusionModel model, Autoencoder? decoder = null)
    {
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var first = denoised[..1];
        if (decoder is not null)
        {
            return Decoded(first, decoder, model.Placement, LongestOfDecoder);
        }

        if (model.Autoencoder.Params.Channels <= MostChannels || model.Family.LatentColours is not { } colours)
        {
            return Decoded(first, model.Autoencoder, model.Placement, LongestDecoded);
        }

        var weights = tensor(colours, [4, 3]).to(first.device);
        var rgb = einsum("bchw,cr->brhw", first.to(ScalarType.Float32), weights);
        return PictureTensors.FromTensor(rgb)[0];
    }

    private static Picture Decoded(Tensor latents, Autoencoder decoder, Placement placement, int longest)
    {
        using var scope = NewDisposeScope();
        var unscaled = latents.Over(decoder.Params.ScaleFactor).to(placement.Dtype);
        return PictureTensors.FromTensor(decoder.Decode(Smaller(unscaled, decoder.Params.Downscale, longest)))[0];
    }

    /// <summary>Latents of a picture whose longer side has no more than so many pixels.</summary>
    private static Tensor Smaller(Tensor latents, int downscale, int most)
    {
        var longest = Math.Max(latents.shape[2], latents.shape[3]) * downscale;
        var factor = (longest + most - 1) / most;
        return factor <= 1
            ? latents
            : nn.functional.avg_pool2d(latents, [factor, factor], ceil_mode: true, count_include_pad: false);
    }
}
