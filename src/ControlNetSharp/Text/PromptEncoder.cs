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
    /// <returns>Two tensors [1, 77·chunks, Width] in the dtype of the encoder.</returns>
    /// <exception cref="ArgumentException">A prompt uses a syntax that is not supported; the message names it.</exception>
    public static (Tensor Conditioning, Tensor Unconditional) Encode(ITextEncoder text, string prompt, string negative, Device device, int? clipSkip = null)
    {
        var (conditioning, unconditional) = Encode([text], prompt, negative, device, clipSkip);
        return (conditioning.Context, unconditional.Context);
    }

    /// <summary>
    /// The same by all text encoders of a model: one (SD 1.x, 2.x), or two whose features stand side by side and of which the second gives a vector for the whole prompt, too (SDXL).
    /// With two an empty negative prompt is all zeros. Source: stable-diffusion-webui, sd_models_xl.py; diffusers, force_zeros_for_empty_prompt (behaviour).
    /// </summary>
    /// <param name="texts">The text encoders. Borrowed.</param>
    /// <param name="prompt">What the picture shows.</param>
    /// <param name="negative">What it does not show.</param>
    /// <param name="device">Where the encoders are.</param>
    /// <param name="clipSkip">See <see cref="ITextEncoder.Encode"/>; for all encoders.</param>
    /// <exception cref="ArgumentException">A prompt uses a syntax that is not supported; the message names it.</exception>
    public static (TextConditioning Conditioning, TextConditioning Unconditional) Encode(IReadOnlyList<ITextEncoder> texts, string prompt, string negative, Device device, int? clipSkip = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(negative);
        var (positive, other) = (Chunks(prompt), Chunks(negative));
        var count = Math.Max(positive.Count, other.Count);
        var conditioning = Encode(texts, Filled(positive, count), device, clipSkip);
        return (conditioning, conditioning.Pooled is { } pooled && negative.Length == 0 ? new TextConditioning(zeros_like(conditioning.Context), zeros_like(pooled)) : Encode(texts, Filled(other, count), device, clipSkip));
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

    private static IReadOnlyList<PromptChunk> Chunks(string prompt) => PromptChunk.Of(PromptSyntax.Parse(prompt), ClipTokenizer.Default);

    private static List<PromptChunk> Filled(IReadOnlyList<PromptChunk> chunks, int count) => [.. chunks.Concat(Enumerable.Repeat(PromptChunk.Empty, count - chunks.Count))];

    private static TextConditioning Encode(IReadOnlyList<ITextEncoder> texts, List<PromptChunk> chunks, Device device, int? clipSkip)
    {
        using var scope = NewDisposeScope();
        var encoded = texts.Select((text, index) => chunks.Select((chunk, number) => Encode(text, chunk, device, clipSkip, pools: index > 0 && number == 0)).ToList()).ToList();
        var context = cat([.. encoded.Select(encoder => cat([.. encoder.Select(chunk => chunk.Features)], 1))], -1);
        return new TextConditioning(context.MoveToOuterDisposeScope(), encoded[^1][0].Pooled?.MoveToOuterDisposeScope());
    }

    private static (Tensor Features, Tensor? Pooled) Encode(ITextEncoder text, PromptChunk chunk, Device device, int? clipSkip, bool pools)
    {
        var tokens = tensor(ClipTokenizer.Default.Pad(chunk.Tokens, text.PadToken), [1, ClipTokenizer.ContextLength], device: device);
        (Tensor Features, Tensor? Pooled) encoded = pools ? text.EncodePooled(tokens, clipSkip) : (text.Encode(tokens, clipSkip), null);
        if (chunk.Weights.All(weight => weight == 1))
        {
            return encoded;
        }

        var weights = ones(ClipTokenizer.ContextLength);
        foreach (var (index, weight) in chunk.Weights.Index())
        {
            weights[index + 1] = (float)weight;
        }

        // In bf16 a mean over 77 · Width numbers would have three digits.
        return (Emphasised(encoded.Features.to(ScalarType.Float32), weights.unsqueeze(0).to(device)).to(encoded.Features.dtype), encoded.Pooled);
    }
}
