using ControlNetSharp.Requests;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>What an image encoder says of the pictures of a unit, for an IP-Adapter. Owns its tensors.</summary>
/// <param name="Encoded">
/// Of each picture: embeddings [N, Width] or tokens [N, L, Width], in the compute dtype.
/// </param>
/// <param name="Nothing">Of no picture, for the unconditional side; one row.</param>
internal sealed record ReferencePictures(Tensor Encoded, Tensor Nothing) : IDisposable
{
    /// <summary>How several pictures are taken.</summary>
    public PictureCombination Combine { get; init; }

    /// <summary>What of them is taken over.</summary>
    public PictureTransfer Transfer { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Encoded.Dispose();
        Nothing.Dispose();
    }
}
