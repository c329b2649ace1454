using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Text;

/// <summary>Prompts to conditioning: chunks of 75 tokens, encoded one by one, weighted and put behind one another.</summary>
public static class PromptEncoder
{
    /// <summary>Encodes two prompts to conditionings of one length: the shorter one gets chunks of the empty prompt.</summary>
    /// <param name="text">The text encoder. Borrowed.</param>
    /// <param name="prompt">What the picture shows.</param>
    /// <param name="negative">What it does not show.</param>
    /// <param name="device">Where the encoder is.</param>
    /// <param name="clipSkip">See <see cref="ITextEncoder.Encode"/>.</param>
    /// <param name="inversions">Names with vectors of their own for this encoder; null for none.</param>
    /// <returns>Two tensors [1, 77·chunks, Width] in the dtype of the encoder.</returns>
    /// <exception cref="ArgumentException">A prompt uses a syntax that is not supported; the message names it.</exception>
    public static (Tensor Conditioning, Tensor Unconditional) Encode(ITextEncoder text, string prompt, string negative, Device device, int? clipSkip = null, TextualInversions? inversions = null)
    {
        var (positive, other) = (Chunks(prompt, inversions), Chunks(negative, inversions));
        var count = Math.Max(positive.Count, other.Count);
        return (Encode(text, Filled(positive, count), device, clipSkip, inversions), Encode(text, Filled(other, count), device, clipSkip, inversions));
    }

    /// <summary>Weights the features of tokens without moving their mean. Source: stable-diffusion-webui, sd_emphasis "Original" (behaviour); numbers: goldens emphasis.</summary>
    /// <param name="features">[B, K, Width].</param>
    /// <param name="weights">[B, K].</param>
    /// <returns>features · weights, scaled so that the mean over everything is what it was.</returns>
    public static Tensor Emphasised(Tensor features, Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        var weighted = features * weights.unsqueeze(-1).to(features.dtype);
        return (weighted * (features.mean() / weighted.mean())).MoveToOuterDisposeScope();
    }

    private static IReadOnlyList<PromptChunk> Chunks(string prompt, TextualInversions? inversions) => PromptChunk.Of(PromptSyntax.Parse(prompt), ClipTokenizer.Default, inversions);

    private static IEnumerable<PromptChunk> Filled(IReadOnlyList<PromptChunk> chunks, int count) => chunks.Concat(Enumerable.Repeat(PromptChunk.Empty, count - chunks.Count));

    private static Tensor Encode(ITextEncoder text, IEnumerable<PromptChunk> chunks, Device device, int? clipSkip, TextualInversions? inversions)
    {
        using var scope = NewDisposeScope();
        var vectors = inversions?.Vectors(0);
        return cat([.. chunks.Select(chunk => Encode(text, chunk, device, clipSkip, vectors))], 1).MoveToOuterDisposeScope();
    }

    private static Tensor Encode(ITextEncoder text, PromptChunk chunk, Device device, int? clipSkip, Tensor? vectors)
    {
        var tokens = tensor(ClipTokenizer.Default.Pad(chunk.Tokens, text.PadToken), [1, ClipTokenizer.ContextLength], device: device);
        var features = text.Encode(tokens, clipSkip, vectors);
        if (chunk.Weights.All(weight => weight == 1))
        {
            return features;
        }

        var weights = ones(ClipTokenizer.ContextLength);
        foreach (var (index, weight) in chunk.Weights.Index())
        {
            weights[index + 1] = (float)weight;
        }

        // In bf16 a mean over 77 · Width numbers would have three digits.
        return Emphasised(features.to(ScalarType.Float32), weights.unsqueeze(0).to(device)).to(features.dtype);
    }
}
