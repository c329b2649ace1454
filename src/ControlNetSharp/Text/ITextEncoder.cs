using static TorchSharp.torch;

namespace ControlNetSharp.Text;

/// <summary>A text transformer: rows of tokens to the conditioning that the UNet attends to.</summary>
public interface ITextEncoder
{
    /// <summary>The encoder's shape.</summary>
    TextEncoderParams Params { get; }

    /// <summary>What fills a row behind its end token: see <see cref="ClipTokenizer.Pad"/>.</summary>
    int PadToken { get; }

    /// <summary>
    /// The conditioning: the features after one of the last blocks, through the final norm where the model was trained
    /// so (<see cref="TextEncoderParams.NormsConditioning"/>).
    /// </summary>
    /// <param name="tokens">[B, 77] int64 (shorter rows work too), on the encoder's device. Borrowed.</param>
    /// <param name="clipSkip">
    /// Which block counts as the last, as A1111 counts: 1 the last, 2 the one before. Null for what the model was
    /// trained with
    /// (<see cref="TextEncoderParams.DefaultClipSkip"/>: 1 for SD 1.x, 2 for SD 2.x and SDXL), which is right unless a
    /// user asks for something else.
    /// </param>
    /// <param name="vectors">
    /// [n, Width]: what ids below 0 stand for instead of a row of the token table, −1 for the first row (see
    /// <see cref="TextualInversions"/>). Borrowed; null where there are none.
    /// </param>
    /// <returns>[B, 77, Width] in the dtype of the weights.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Clip skip is not from 1 to the number of blocks.</exception>
    /// <exception cref="ArgumentException">The tokens are not int64 of shape [B, 1 to ContextLength].</exception>
    Tensor Encode(Tensor tokens, int? clipSkip = null, Tensor? vectors = null);

    /// <summary>
    /// The conditioning and one vector for each row, from one pass: <see cref="Encode"/>, and <see cref="Pool"/> of the
    /// features after the last block.
    /// </summary>
    /// <param name="tokens">As for <see cref="Encode"/>.</param>
    /// <param name="clipSkip">As for <see cref="Encode"/>; the vector does not depend on it.</param>
    /// <param name="vectors">As for <see cref="Encode"/>.</param>
    /// <returns>[B, 77, Width], and [B, ProjectionWidth] or [B, Width] without a projection.</returns>
    /// <exception cref="ArgumentException">As for <see cref="Encode"/>.</exception>
    (Tensor Features, Tensor Pooled) EncodePooled(Tensor tokens, int? clipSkip = null, Tensor? vectors = null);

    /// <summary>
    /// What goes into the first block and what comes out of each one, without the final norm (SDXL takes the last but
    /// one as it is).
    /// </summary>
    /// <param name="tokens">As for <see cref="Encode"/>.</param>
    /// <param name="vectors">As for <see cref="Encode"/>.</param>
    /// <returns>Layers + 1 tensors [B, 77, Width].</returns>
    /// <exception cref="ArgumentException">The tokens are not int64 of shape [B, 1 to ContextLength].</exception>
    IReadOnlyList<Tensor> HiddenStates(Tensor tokens, Tensor? vectors = null);

    /// <summary>
    /// One vector for each row: the features at its end token, projected where the encoder has a projection.
    /// </summary>
    /// <param name="tokens">[B, 77] int64: the end token is the largest id; the first one counts. Borrowed.</param>
    /// <param name="features">
    /// [B, 77, Width] of the same rows, after the last block and the final norm. Borrowed.
    /// </param>
    /// <returns>[B, ProjectionWidth], or [B, Width] without a projection.</returns>
    Tensor Pool(Tensor tokens, Tensor features);
}
