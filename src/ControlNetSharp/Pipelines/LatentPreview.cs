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
    /// The first picture of a batch: one pixel a latent for the families with a known linear colour code, decoded for
    /// narrow models.
    /// </summary>
    /// <param name="denoised">[B, 4, h, w], scaled. Borrowed.</param>
    /// <param name="model">The model that makes them. Borrowed.</param>
    public static Picture Of(Tensor denoised, DiffusionModel model)
    {
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var first = denoised[..1];
        if (model.Autoencoder.Params.Channels <= MostChannels || model.Family.LatentColours is not { } colours)
        {
            return PictureTensors.FromTensor(
                model.Autoencoder.Decode(first.Over(model.Autoencoder.Params.ScaleFactor).to(model.Placement.Dtype))
            )[0];
        }

        var weights = tensor(colours, [4, 3]).to(first.device);
        var rgb = einsum("bchw,cr->brhw", first.to(ScalarType.Float32), weights);
        return PictureTensors.FromTensor(rgb)[0];
    }
}
