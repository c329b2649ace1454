using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>Pictures to latents and back, in the sizes and on the device of a model.</summary>
/// <param name="autoencoder">Encodes and decodes. Borrowed.</param>
/// <param name="placement">Device and compute dtype.</param>
internal sealed class LatentPictures(Autoencoder autoencoder, Placement placement)
{
    /// <summary>Pixels a side that one latent stands for.</summary>
    public int Downscale => autoencoder.Params.Downscale;

    /// <summary>
    /// Noise of the request's seeds for latents of a size: [B, 4, h, w], float32, on the device; fresh.
    /// </summary>
    public Tensor Noise(GenerationRequest request, PictureSize size)
    {
        Seeds.Check(request.Seed!.Value, request.Batch);
        return Noise(Enumerable.Range(0, request.Batch).Select(picture => request.Seed.Value + picture), size);
    }

    /// <summary>The same for seeds that do not count on.</summary>
    public Tensor Noise(IEnumerable<long> seeds, PictureSize size)
    {
        using var scope = NewDisposeScope();
        var p = autoencoder.Params;
        return cat(
                [
                    .. seeds.Select(seed =>
                        Seeds.Noise(seed, 1, p.LatentChannels, size.Height / p.Downscale, size.Width / p.Downscale)
                    ),
                ],
                0
            )
            .to(placement.Device)
            .MoveToOuterDisposeScope();
    }

    /// <summary>The mean latents of pictures of one size: [B, 4, h, w], float32, scaled; fresh.</summary>
    public Tensor Encode(IEnumerable<Picture> pictures)
    {
        using var scope = NewDisposeScope();
        var (mean, _) = autoencoder.Encode(
            cat([.. pictures.Select(PictureTensors.ToPicture)], 0).to(placement.Dtype).to(placement.Device)
        );
        return mean.to(ScalarType.Float32).Times(autoencoder.Params.ScaleFactor).MoveToOuterDisposeScope();
    }

    /// <summary>The pictures of latents, [B, 4, h, w], which are borrowed.</summary>
    public IReadOnlyList<Picture> Decode(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return PictureTensors.FromTensor(Values(latents));
    }

    /// <summary>The same as values, [B, 3, H, W], about -1..1 and not clamped; fresh.</summary>
    public Tensor Values(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return autoencoder
            .Decode(latents.Over(autoencoder.Params.ScaleFactor).to(placement.Dtype))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Latents of the first pass at the size of the second; fresh.</summary>
    /// <param name="latents">Those of the first pass. Borrowed.</param>
    /// <param name="upscaler">What the request calls the upscaler.</param>
    /// <param name="size">The size of the second pass.</param>
    /// <param name="enlargement">What enlarges pictures.</param>
    /// <param name="cancellationToken">Looked at before each tile of a network.</param>
    public Tensor Enlarge(
        Tensor latents,
        string upscaler,
        PictureSize size,
        Enlargement enlargement,
        CancellationToken cancellationToken
    )
    {
        var downscale = autoencoder.Params.Downscale;
        return UpscalerCatalogue.LookFor(upscaler) is { Latents: { } mode }
            ? nn.functional.interpolate(latents, size: [size.Height / downscale, size.Width / downscale], mode: mode)
            : Encode(
                Decode(latents).Select(picture => enlargement.Enlarge(picture, upscaler, size, cancellationToken))
            );
    }

    /// <summary>
    /// What an inpainting model is told of the picture: that under the mask all is new, or, without a mask, that
    /// everything is.
    /// </summary>
    public Tensor InpaintingInput(InitialCanvas? canvas, PictureSize size)
    {
        if (canvas?.LatentMask is not { } mask)
        {
            return InpaintingChannels.OfNothing(autoencoder, size.Width, size.Height, placement);
        }

        using var scope = NewDisposeScope();
        var levels = tensor([.. mask.Levels.Select(level => level / 255f)], [1, 1, mask.Height, mask.Width]);
        return InpaintingChannels
            .Of(
                autoencoder,
                PictureTensors.ToPicture(canvas.Seen).to(placement.Dtype).to(placement.Device),
                levels.to(placement.Device)
            )
            .MoveToOuterDisposeScope();
    }
}
