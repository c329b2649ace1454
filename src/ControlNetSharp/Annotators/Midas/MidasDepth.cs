using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>
/// Inverse depth of pictures by <see cref="DptHybridNetwork"/>: what the depth and the normal annotator share.
/// </summary>
internal sealed class MidasDepth(NetworkLease<DptHybridNetwork> lease) : IDisposable
{
    public static readonly AnnotatorWeights Weights = new(
        ["dpt_hybrid-midas-501f0c75.pt", "dpt_hybrid-midas-501f0c75.safetensors"],
        "lllyasviel/Annotators",
        "MIT"
    );

    public static MidasDepth Rent(AnnotatorNetworks networks, AnnotatorInfo info) =>
        new(
            networks.Rent(
                networks.Files.Find(info),
                "a MiDaS DPT-hybrid network",
                (_, placement) => new DptHybridNetwork(placement)
            )
        );

    /// <summary>
    /// Inverse depth up to scale and shift: width · height values, near is large. A side that is no multiple of 32 is
    /// filled up with its last pixels, as A1111 does (to 64), and the rest is cut off; the original resizes.
    /// </summary>
    public float[] Of(Picture picture, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(picture);
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var padded = nn.functional.pad(
            PictureTensors.ToPicture(picture),
            [0, Missing(picture.Width), 0, Missing(picture.Height)],
            mode: PaddingModes.Replicate
        );
        var network = lease.Value;
        var depth = network.Run(padded.ToDeviceOf(network)).cpu();
        cancellationToken.ThrowIfCancellationRequested();
        return depth[0].narrow(0, 0, picture.Height).narrow(1, 0, picture.Width).contiguous().data<float>().ToArray();

        static int Missing(int side) =>
            (DptHybridNetwork.SizeStep - side % DptHybridNetwork.SizeStep) % DptHybridNetwork.SizeStep;
    }

    public void Dispose() => lease.Dispose();
}
