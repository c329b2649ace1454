using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A region of a request, ready to be encoded.</summary>
/// <param name="Prompt">What it shows.</param>
/// <param name="Negative">What it does not show.</param>
/// <param name="Mask">Where it is, in the shape of the result.</param>
/// <param name="Weight">Factor on the mask.</param>
internal sealed record PreparedRegion(ParsedPrompt Prompt, ParsedPrompt Negative, Picture Mask, double Weight)
{
    /// <summary>What is less than this of a place is nothing: half a level of a mask, averaged, leaves more.</summary>
    private const double Least = 1e-4;

    /// <summary>
    /// The shares of the request's own prompt, then of the regions: mask times weight, and what those leave of 1, over
    /// the sum of all.
    /// </summary>
    /// <param name="regions">The regions.</param>
    /// <param name="size">Of the picture, in pixels.</param>
    /// <param name="downscale">Pixels behind a latent in each direction.</param>
    /// <param name="device">Where they are to be.</param>
    /// <returns>[1, 1, h, w] each, float32; fresh.</returns>
    public static IReadOnlyList<Tensor> Shares(
        IReadOnlyList<PreparedRegion> regions,
        PictureSize size,
        int downscale,
        Device device
    )
    {
        using var scope = NewDisposeScope();
        long[] latents = [size.Height / downscale, size.Width / downscale];
        var wanted = regions.Select(region => region.WantedAt(size, latents)).ToList();
        var left = wanted.Aggregate(ones([1, 1, .. latents], dtype: ScalarType.Float32), (rest, one) => rest - one);
        wanted.Insert(0, left * left.IsAbove(Least).to(ScalarType.Float32));
        var sum = wanted.Aggregate((all, one) => all.Plus(one));
        return [.. wanted.Select(one => (one / sum).to(device).MoveToOuterDisposeScope())];
    }

    private Tensor WantedAt(PictureSize size, long[] latents)
    {
        var mask = PictureTensors.ToHint(PictureResizing.Fit(Mask, size.Width, size.Height, ResizeMode.Crop));
        return nn.functional.adaptive_avg_pool2d(mask.mean([1], keepdim: true), latents).Times(Weight);
    }
}
