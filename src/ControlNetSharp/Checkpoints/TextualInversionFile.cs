using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Files of textual inversion: A1111's pickle (<c>string_to_param</c>) and safetensors (<c>emb_params</c>), diffusers'
/// with the token for a name, and those of families with several text encoders, which have a tensor for each.
/// Source: the golden JSON (textual_inversion) and stable-diffusion-webui,
/// modules/textual_inversion/textual_inversion.py (names).
/// </summary>
internal static class TextualInversionFile
{
    /// <summary>The tensor of A1111's safetensors files.</summary>
    public const string A1111 = "emb_params";

    /// <summary>Reads the vectors for the text encoders of a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="texts">The text encoders.</param>
    /// <param name="family">The model's family, which tells their tensors' names where there are several.</param>
    /// <param name="placement">Where they are.</param>
    /// <returns>For each of them a tensor [n, Width] in the placement, with the same n from 1 to 75. Fresh.</returns>
    /// <exception cref="CheckpointException">
    /// The file is damaged, is no textual inversion, or is one for other text encoders.
    /// </exception>
    public static IReadOnlyList<Tensor> Read(
        string path,
        IReadOnlyList<ITextEncoder> texts,
        ModelFamily family,
        Placement placement
    )
    {
        using var files = CheckpointFiles.Open(path);
        return [.. Vectors(files, texts, family).Select(tensor => tensor.Read(placement.Dtype).to(placement.Device))];
    }

    /// <summary>The same comparisons; nothing but the header is read.</summary>
    /// <inheritdoc cref="Read"/>
    public static void Check(string path, IReadOnlyList<ITextEncoder> texts, ModelFamily family)
    {
        using var files = CheckpointFiles.Open(path);
        Vectors(files, texts, family);
    }

    private static List<StoredTensor> Vectors(
        CheckpointFiles files,
        IReadOnlyList<ITextEncoder> texts,
        ModelFamily family
    )
    {
        var path = files.Name;
        var forSeveral = family.Texts.Count > 1 ? family : ModelFamily.OfVectors(files.Tensors.Keys);
        string[] names = [.. forSeveral?.Texts.Select(text => text.Name) ?? files.Tensors.Keys];
        if (names.FirstOrDefault(name => !files.Tensors.ContainsKey(name)) is { } missing)
        {
            throw new CheckpointException(
                path,
                $"this is no embedding for {family.Name}, which the model is: the tensor '{missing}' is missing among "
                    + $"{string.Join(", ", files.Tensors.Keys.Take(5))}.",
                [missing]
            );
        }

        var vectors = names
            .Select(name => files.Tensors[name])
            .Select(tensor => tensor.Shape is [var width] ? tensor with { Shape = [1, width] } : tensor)
            .ToList();
        if (
            vectors.FirstOrDefault(tensor =>
                tensor.Shape is not [>= 1 and <= PromptChunk.Length, > 0]
                || tensor.Shape[0] != vectors[0].Shape[0]
                || !SafetensorsFormat.CanBeWeights(tensor.Dtype)
            ) is
            { } odd
        )
        {
            throw new CheckpointException(
                path,
                $"this is no embedding: '{odd.Name}' of dtype {odd.Dtype} has the shape "
                    + $"[{string.Join(", ", odd.Shape)}]; it should be 1 to {PromptChunk.Length} vectors of "
                    + $"floating-point numbers{(vectors.Count > 1 ? $", as many as '{vectors[0].Name}'" : "")}.",
                [odd.Name]
            );
        }

        if (!vectors.Select(tensor => tensor.Shape[1]).SequenceEqual(texts.Select(text => (long)text.Params.Width)))
        {
            throw new CheckpointException(
                path,
                vectors.Count > 1 && forSeveral is null
                    ? $"this is no embedding: it has {vectors.Count} tensors "
                        + $"({string.Join(", ", names.Take(5))}{(names.Length > 5 ? ", …" : "")}); an embedding for "
                        + "this model has one."
                    : $"this embedding is for {Described(vectors, forSeveral)}; the model's text "
                        + $"encoder{(texts.Count > 1 ? "s have" : " has")} the width "
                        + $"{string.Join(" and ", texts.Select(text => text.Params.Width))}.",
                [.. names.Take(5)]
            );
        }

        return vectors;
    }

    private static string Described(List<StoredTensor> vectors, ModelFamily? forSeveral)
    {
        if (forSeveral is not null)
        {
            return $"{forSeveral.Name} (widths {string.Join(" and ", vectors.Select(tensor => tensor.Shape[1]))})";
        }

        var width = vectors[0].Shape[1];
        var family = ModelFamily.All.FirstOrDefault(family => family.ContextChannels == width);
        return $"{family?.Name ?? "an unknown family"} (width {width})";
    }
}
