namespace ControlNetSharp.Checkpoints.Hub;

/// <summary>
/// Which files of a repository make a model, where the user names none: repositories have the same weights in several
/// containers and precisions.
/// </summary>
internal static class HubSelection
{
    private static readonly string[] Folders =
    [
        "unet",
        "vae",
        "text_encoder",
        "text_encoder_2",
        "tokenizer",
        "tokenizer_2",
        "scheduler",
    ];
    private static readonly string[] Texts = [".json", ".txt", ".model"];
    private static readonly string[] Weights = [".safetensors", ".bin", ".ckpt", ".pth", ".pt"];

    /// <summary>
    /// The files of a diffusers model, of one network with its configuration, or the only weights that there are.
    /// </summary>
    /// <exception cref="HubException">It cannot be told; the message lists the weights.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> names, string repository)
    {
        if (names.Contains(DiffusersFolder.Index))
        {
            return [DiffusersFolder.Index, .. Folders.SelectMany(folder => Network(names, folder + "/"))];
        }

        var weights = names.Where(IsWeights).ToList();
        if (
            names.Contains(DiffusersFolder.Config)
            && weights.Exists(name => name.StartsWith("diffusion_pytorch_model", StringComparison.Ordinal))
        )
        {
            return
            [
                .. Network(
                    [
                        .. names.Where(name =>
                            !name.Contains('/')
                            && (
                                !IsWeights(name) || name.StartsWith("diffusion_pytorch_model", StringComparison.Ordinal)
                            )
                        ),
                    ],
                    ""
                ),
            ];
        }

        return weights.Count == 1
            ? weights
            : throw new HubException(
                HubFailure.NotFound,
                weights.Count == 0
                    ? $"{repository} has no weights among its {names.Count} files."
                    : $"{repository} has {weights.Count} files with weights; name those that are wanted: "
                        + $"{string.Join(", ", weights.Take(20))}{(weights.Count > 20 ? ", …" : "")}."
            );
    }

    /// <summary>
    /// The configuration and the weights of a network: the first container that is there, whole or in shards, in the
    /// plain precision where there is one.
    /// </summary>
    private static IEnumerable<string> Network(IReadOnlyList<string> names, string folder)
    {
        var own = names
            .Where(name => name.StartsWith(folder, StringComparison.Ordinal) && !name[folder.Length..].Contains('/'))
            .ToList();
        foreach (
            var text in own.Where(name =>
                Texts.Contains(Path.GetExtension(name))
                && !name.EndsWith(WeightFiles.IndexEnding, StringComparison.Ordinal)
            )
        )
        {
            yield return text;
        }

        var container = Weights.FirstOrDefault(extension =>
            own.Exists(name => name.EndsWith(extension, StringComparison.Ordinal))
        );
        if (container is null)
        {
            yield break;
        }

        // The precision stands between two dots, diffusion_pytorch_model.fp16.safetensors.
        string VariantOf(string name) =>
            name[folder.Length..^container.Length].Split('.', 2).ElementAtOrDefault(1)?.Split("-0")[0] ?? "";
        var candidates = own.Where(name => name.EndsWith(container, StringComparison.Ordinal))
            .GroupBy(VariantOf, StringComparer.Ordinal)
            .OrderBy(group => group.Key.Contains("non_ema", StringComparison.Ordinal))
            .ThenBy(group => group.Key.Length)
            .ThenBy(group => group.Key, StringComparer.Ordinal)
            .First()
            .ToList();
        var whole = candidates.Where(name => !name.Contains("-of-", StringComparison.Ordinal)).ToList();
        foreach (
            var name in whole.Count > 0
                ? whole.Take(1)
                : candidates.Concat(
                    own.Where(name => name.EndsWith(container + WeightFiles.IndexEnding, StringComparison.Ordinal))
                )
        )
        {
            yield return name;
        }
    }

    private static bool IsWeights(string name) => Weights.Contains(Path.GetExtension(name));
}
