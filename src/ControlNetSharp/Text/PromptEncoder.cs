using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Text;

/// <summary>
/// Prompts to conditioning: chunks of 75 tokens, encoded one by one, weighted and put behind one another.
/// </summary>
internal static class PromptEncoder
{
    /// <summary>
    /// Encodes two prompts to conditionings of one length: the shorter one gets chunks of the empty prompt. For prompts
    /// that neither change nor have several parts.
    /// </summary>
    /// <param name="text">The text encoder. Borrowed.</param>
    /// <param name="prompt">What the picture shows.</param>
    /// <param name="negative">What it does not show.</param>
    /// <param name="device">Where the encoder is.</param>
    /// <param name="clipSkip">See <see cref="ITextEncoder.Encode"/>.</param>
    /// <param name="inversions">Names with vectors of their own for this encoder; null for none.</param>
    /// <returns>Two tensors [1, 77·chunks, Width] in the dtype of the encoder.</returns>
    /// <exception cref="ArgumentException">
    /// A prompt changes from step to step, has several parts or asks for LoRAs, which this cannot do, or has a weight
    /// that is no number.
    /// </exception>
    public static (Tensor Conditioning, Tensor Unconditional) Encode(
        ITextEncoder text,
        string prompt,
        string negative,
        Device device,
        int? clipSkip = null,
        TextualInversions? inversions = null
    )
    {
        var (conditioning, unconditional) = Encode(
            new ModelTexts([text]),
            prompt,
            negative,
            device,
            clipSkip,
            inversions
        );
        return (conditioning.Context, unconditional.Context);
    }

    /// <summary>The same by all text encoders of a model.</summary>
    /// <param name="texts">The text encoders.</param>
    /// <param name="prompt">What the picture shows.</param>
    /// <param name="negative">What it does not show.</param>
    /// <param name="device">Where the encoders are.</param>
    /// <param name="clipSkip">See <see cref="ITextEncoder.Encode"/>; for all encoders.</param>
    /// <param name="inversions">Names with vectors of their own for each of these encoders; null for none.</param>
    /// <returns>Both prompts, in the dtype of the encoders.</returns>
    /// <exception cref="ArgumentException">
    /// A prompt changes from step to step, has several parts or asks for LoRAs, which this cannot do, or has a weight
    /// that is no number.
    /// </exception>
    public static (TextConditioning Conditioning, TextConditioning Unconditional) Encode(
        ModelTexts texts,
        string prompt,
        string negative,
        Device device,
        int? clipSkip = null,
        TextualInversions? inversions = null
    )
    {
        var (positive, other) = (ParsedPrompt.Parse(prompt), ParsedPrompt.ParseNegative(negative));
        if (positive is not { Networks.Count: 0, Parts: [{ Text.Changes: false }] } || other.Parts[0].Text.Changes)
        {
            throw new ArgumentException(
                "The prompts must be the same at every step, of one part and without LoRAs.",
                nameof(prompt)
            );
        }

        var step = Encode(texts, [(positive, other)], 1, device, clipSkip, inversions)[0][0];
        return (step.Conditional[0].Text, step.Unconditional);
    }

    /// <summary>
    /// Encodes pairs of prompts for every step of a pass, by all text encoders of a model: one (SD 1.x, 2.x), or
    /// several whose features stand side by side (SDXL). The contexts of a step have one length; what is the same at
    /// several steps or in several pairs is one object.
    /// Source: stable-diffusion-webui, sd_models_xl.py (behaviour).
    /// </summary>
    /// <param name="texts">The text encoders.</param>
    /// <param name="prompts">
    /// What the picture, or each area of it, shows, and what it does not, from
    /// <see cref="ParsedPrompt.ParseNegative"/>.
    /// </param>
    /// <param name="steps">Steps of the pass, 1 or more.</param>
    /// <param name="device">Where the encoders are.</param>
    /// <param name="clipSkip">See <see cref="ITextEncoder.Encode"/>; for all encoders.</param>
    /// <param name="inversions">Names with vectors of their own for each of these encoders; null for none.</param>
    /// <param name="before">Steps of the pass before this one: see <see cref="EditedText.At"/>.</param>
    /// <returns>For each pair one for each step, in the dtype of the encoders.</returns>
    /// <exception cref="ArgumentException">A prompt has a weight that is no number; the message names it.</exception>
    public static IReadOnlyList<IReadOnlyList<StepConditioning>> Encode(
        ModelTexts texts,
        IReadOnlyList<(ParsedPrompt Prompt, ParsedPrompt Negative)> prompts,
        int steps,
        Device device,
        int? clipSkip = null,
        TextualInversions? inversions = null,
        int? before = null
    )
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(prompts);
        var chunks = new Dictionary<string, IReadOnlyList<PromptChunk>>(StringComparer.Ordinal);
        var encoded = new Dictionary<(string Words, int Count), TextConditioning>();
        var zeros = new Dictionary<int, TextConditioning>();
        IReadOnlyList<PromptChunk> ChunksOf(string words) =>
            chunks.TryGetValue(words, out var known) ? known : chunks[words] = Chunks(words, inversions);
        TextConditioning Encoded(string words, int count) =>
            encoded.TryGetValue((words, count), out var known)
                ? known
                : encoded[(words, count)] = Encode(texts, Filled(ChunksOf(words), count), device, clipSkip, inversions);
        TextConditioning Zeros(int count, TextConditioning like) =>
            zeros.TryGetValue(count, out var known)
                ? known
                : zeros[count] = new(zeros_like(like.Context), like.Pooled is null ? null : zeros_like(like.Pooled));
        string Negative(ParsedPrompt negative, int step) => negative.Parts[0].Text.At(step, steps, before);
        IEnumerable<(string Words, double Weight)> Parts(ParsedPrompt prompt, int step) =>
            prompt.Parts.Select(part => (part.Text.At(step, steps, before), part.Weight));
        int Count(int step) =>
            prompts
                .SelectMany(pair =>
                    Parts(pair.Prompt, step).Select(part => part.Words).Append(Negative(pair.Negative, step))
                )
                .Max(words => ChunksOf(words).Count);
        StepConditioning At((ParsedPrompt Prompt, ParsedPrompt Negative) pair, int step)
        {
            var (other, count) = (Negative(pair.Negative, step), Count(step));
            var conditional = Parts(pair.Prompt, step)
                .Select(part => new WeightedConditioning(Encoded(part.Words, count), part.Weight))
                .ToList();
            return new StepConditioning(
                texts.ZerosForEmptyNegative && other.Length == 0
                    ? Zeros(count, conditional[0].Text)
                    : Encoded(other, count),
                conditional
            );
        }

        return
        [
            .. prompts.Select(pair =>
                (IReadOnlyList<StepConditioning>)[.. Enumerable.Range(1, steps).Select(step => At(pair, step))]
            ),
        ];
    }

    /// <summary>
    /// Encodes a text in which brackets and words mean nothing, such as a caption; what one chunk has no room for is
    /// cut off.
    /// </summary>
    /// <param name="texts">The text encoders. Borrowed.</param>
    /// <param name="text">The text.</param>
    /// <param name="device">Where the encoders are.</param>
    public static TextConditioning Plain(ModelTexts texts, string text, Device device)
    {
        int[] tokens = [.. ClipTokenizer.Default.Encode(text).Take(PromptChunk.Length)];
        return Encode(texts, [new PromptChunk(tokens, [.. tokens.Select(_ => 1.0)])], device, null, null);
    }

    /// <summary>
    /// Weights the features of tokens without moving their mean. Source: stable-diffusion-webui, sd_emphasis "Original"
    /// (behaviour); numbers: goldens emphasis.
    /// </summary>
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

    private static IReadOnlyList<PromptChunk> Chunks(string prompt, TextualInversions? inversions) =>
        PromptChunk.Of(PromptSyntax.Parse(prompt), ClipTokenizer.Default, inversions);

    private static List<PromptChunk> Filled(IReadOnlyList<PromptChunk> chunks, int count) =>
        [.. chunks.Concat(Enumerable.Repeat(PromptChunk.Empty, count - chunks.Count))];

    private static TextConditioning Encode(
        ModelTexts texts,
        List<PromptChunk> chunks,
        Device device,
        int? clipSkip,
        TextualInversions? inversions
    )
    {
        using var scope = NewDisposeScope();
        var last = texts.Encoders.Count - 1;
        var encoded = texts
            .Encoders.Select(
                (text, index) =>
                {
                    var vectors = inversions?.Vectors(index);
                    var pools = texts.Pools && index == last;
                    return chunks
                        .Select((chunk, number) => Encode(text, chunk, device, clipSkip, vectors, pools && number == 0))
                        .ToList();
                }
            )
            .ToList();
        var context = cat([.. encoded.Select(encoder => cat([.. encoder.Select(chunk => chunk.Features)], 1))], -1);
        return new TextConditioning(
            context.MoveToOuterDisposeScope(),
            encoded[^1][0].Pooled?.MoveToOuterDisposeScope()
        );
    }

    private static (Tensor Features, Tensor? Pooled) Encode(
        ITextEncoder text,
        PromptChunk chunk,
        Device device,
        int? clipSkip,
        Tensor? vectors,
        bool pools
    )
    {
        var tokens = tensor(
            ClipTokenizer.Default.Pad(chunk.Tokens, text.PadToken),
            [1, ClipTokenizer.ContextLength],
            device: device
        );
        (Tensor Features, Tensor? Pooled) encoded = pools
            ? text.EncodePooled(tokens, clipSkip, vectors)
            : (text.Encode(tokens, clipSkip, vectors), null);
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
        return (
            Emphasised(encoded.Features.to(ScalarType.Float32), weights.unsqueeze(0).to(device))
                .to(encoded.Features.dtype),
            encoded.Pooled
        );
    }
}
