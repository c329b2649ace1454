using System.Security.Cryptography;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Networks.Vision;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Engine;

/// <summary>
/// What image encoders said of pictures. The last answers are kept, so that for a picture that was seen before no
/// encoder, which is larger than many models, is loaded. To be used on the thread of the device.
/// </summary>
/// <param name="shelf">
/// Where encoders stand; null for one that is loaded when it is asked and let go afterwards.
/// </param>
internal sealed class PictureEncodings(NetworkShelf? shelf) : IDisposable
{
    /// <summary>Answers that are kept; the largest, bigG's tokens in float32, are 1.7 MB each.</summary>
    private const int Most = 32;

    private readonly Dictionary<Question, Tensor> _known = [];
    private readonly List<Question> _order = [];

    /// <summary>Asks an encoder, as far as the answers are not known.</summary>
    /// <param name="encoder">The encoder's file.</param>
    /// <param name="projection">Which answer is wanted.</param>
    /// <param name="squares">The pictures as the encoder sees them. Borrowed.</param>
    /// <param name="placement">Where and in which type it computes.</param>
    /// <param name="cancellationToken">Looked at before each picture.</param>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="CheckpointException">The encoder cannot be loaded.</exception>
    public ReferencePictures Of(
        string encoder,
        ImageProjectionParams projection,
        IReadOnlyList<Picture> squares,
        Placement placement,
        CancellationToken cancellationToken
    )
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var asked = new Asked(shelf, encoder, placement);
        Question About(Picture? square) =>
            new(
                FileStamp.Of(encoder),
                placement.Device.ToString(),
                placement.Dtype,
                projection.TakesTokens,
                square is null ? "" : Convert.ToHexString(SHA256.HashData(square.Rgb))
            );
        Tensor Answer(Picture? square)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Known(
                About(square),
                () =>
                {
                    // No picture has an embedding of zeros, but tokens of a grey one. Source:
                    // tencent-ailab/IP-Adapter, get_image_embeds.
                    if (square is null && !projection.TakesTokens)
                    {
                        return zeros([1, projection.Width], dtype: placement.Dtype, device: placement.Device);
                    }

                    var side = asked.Encoder.Params.PictureSide;
                    var pixels = (square is null ? zeros([1, 3, side, side]) : ImageEncoderInput.Pixels(square))
                        .to(placement.Dtype)
                        .to(placement.Device);
                    return projection.TakesTokens ? asked.Encoder.Penultimate(pixels) : asked.Encoder.Embedding(pixels);
                }
            );
        }

        return new ReferencePictures(
            cat([.. squares.Select(Answer)], 0).MoveToOuterDisposeScope().DetachFromDisposeScope(),
            Answer(null).clone().MoveToOuterDisposeScope().DetachFromDisposeScope()
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _known.Values)
        {
            tensor.Dispose();
        }

        _known.Clear();
        _order.Clear();
    }

    /// <summary>An answer, borrowed until the next question.</summary>
    private Tensor Known(Question question, Func<Tensor> ask)
    {
        if (_known.TryGetValue(question, out var known))
        {
            _order.Remove(question);
            _order.Add(question);
            // An alias, so that the answer may be let go while it is used.
            return known.alias();
        }

        var answer = ask().DetachFromDisposeScope();
        if (_order.Count == Most)
        {
            _known.Remove(_order[0], out var oldest);
            oldest!.Dispose();
            _order.RemoveAt(0);
        }

        _known.Add(question, answer);
        _order.Add(question);
        return answer.alias();
    }

    /// <summary>What an answer depends on; the picture is empty for none.</summary>
    private sealed record Question(FileStamp Encoder, string Device, ScalarType Dtype, bool Tokens, string Picture);

    /// <summary>An encoder that is loaded when it is first asked.</summary>
    private sealed class Asked(NetworkShelf? shelf, string file, Placement placement) : IDisposable
    {
        private NetworkLease<ClipVision>? _lease;
        private ClipVision? _own;

        public ClipVision Encoder =>
            shelf is null
                ? _own ??= ImageEncoderFile.Load(file, placement)
                : (
                    _lease ??= shelf.Rent(
                        NetworkKey.Of(file, placement),
                        () => ImageEncoderFile.Load(file, placement),
                        NetworkShelf.BytesOf
                    )
                ).Value;

        public void Dispose()
        {
            _lease?.Dispose();
            _own?.Dispose();
        }
    }
}
