using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using ControlNetSharp.Checkpoints.Controls;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>Compares names, shapes and types of a checkpoint with those of the networks that it should hold.</summary>
internal static class NetworkKeys
{
    private const int ShownKeys = 5;

    // To make networks for a comparison takes longer than all else of a header, and each request compares.
    private static readonly ConcurrentDictionary<string, bool> Fitting = new(StringComparer.Ordinal);

    /// <summary>Refuses a checkpoint that cannot be what is asked for.</summary>
    /// <param name="files">The checkpoint.</param>
    /// <param name="key">A tensor that it must have.</param>
    /// <param name="kind">What it should be, for the message.</param>
    /// <exception cref="CheckpointException">It is something else.</exception>
    public static void Require(CheckpointFiles files, string key, string kind)
    {
        if (files.OtherKind is { } other)
        {
            var isRun =
                ControlFile.IsKnown(files.SourceKind)
                || files.SourceKind is CheckpointKind.Annotator or CheckpointKind.Classifier or UpscalerFile.Kind;
            var runs = isRun ? "" : ", which cannot be run";
            throw new CheckpointException(files.Name, $"this is {other}{runs}; {kind} is needed.");
        }

        if (!files.Shapes.ContainsKey(key))
        {
            throw new CheckpointException(
                files.Name,
                $"this is not {kind}: '{key}' is missing; the first of its {files.Shapes.Count} keys is "
                    + $"'{files.Shapes.Keys.FirstOrDefault()}'.",
                [key]
            );
        }
    }

    /// <summary>Refuses a checkpoint whose names, shapes or types are not those of some networks.</summary>
    /// <param name="files">The checkpoint.</param>
    /// <param name="family">What it looks like, for the message.</param>
    /// <param name="networks">
    /// The networks that it should hold, as its own header says, made on the meta device, and what stands before their
    /// names.
    /// </param>
    /// <exception cref="CheckpointException">Something is missing, too much or different.</exception>
    public static void Compare(
        CheckpointFiles files,
        string family,
        params (string Prefix, Func<nn.Module> Create)[] networks
    )
    {
        var fingerprint = FingerprintOf(files, family);
        if (Fitting.ContainsKey(fingerprint))
        {
            return;
        }

        var (differences, keys) = Differences(files, networks);
        if (keys.Count > 0)
        {
            throw new CheckpointException(
                files.Name,
                $"it looks like {family}, but its keys do not fit: {differences}.",
                keys
            );
        }

        Fitting[fingerprint] = true;
    }

    /// <summary>Two checkpoints of one fingerprint have the same header, and so the same networks.</summary>
    private static string FingerprintOf(CheckpointFiles files, string family)
    {
        var text = new StringBuilder(family);
        foreach (var (key, value) in files.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            text.Append('\n').Append(key).Append('=').Append(value);
        }

        foreach (var (name, shape) in files.Shapes.OrderBy(tensor => tensor.Key, StringComparer.Ordinal))
        {
            text.Append('\n').Append(name).Append(' ').Append(files.DtypeOf(name)).Append(' ').AppendJoin(',', shape);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>
    /// What of the files' names, shapes and types differs from the networks', in words and as the first keys. The
    /// networks are made on the meta device: a misfit costs no memory and leaves nothing half loaded.
    /// </summary>
    public static (string Text, IReadOnlyList<string> Keys) Differences(
        CheckpointFiles files,
        params (string Prefix, Func<nn.Module> Create)[] networks
    )
    {
        var (missing, misshapen, unexpected, mistyped) = (
            new List<string>(),
            new List<string>(),
            new List<string>(),
            new List<string>()
        );
        foreach (var (prefix, create) in networks)
        {
            using var network = NetworkShapes.Inferred(files.Name, create);
            var expected = network.named_parameters().ToDictionary(p => prefix + p.name, p => p.parameter.shape);
            missing.AddRange(expected.Keys.Where(key => !files.Shapes.ContainsKey(key)));
            misshapen.AddRange(
                expected
                    .Where(e => files.Shapes.TryGetValue(e.Key, out var shape) && !shape.SequenceEqual(e.Value))
                    .Select(e =>
                        $"{e.Key} [{string.Join(", ", files.Shapes[e.Key])}] instead of [{string.Join(", ", e.Value)}]"
                    )
            );
            unexpected.AddRange(
                files.Shapes.Keys.Where(key =>
                    key.StartsWith(prefix, StringComparison.Ordinal) && !expected.ContainsKey(key) && !IsBuffer(key)
                )
            );
            mistyped.AddRange(
                expected
                    .Keys.Where(key =>
                        files.Shapes.ContainsKey(key) && !SafetensorsFormat.CanBeWeights(files.DtypeOf(key))
                    )
                    .Select(key => $"{key} {files.DtypeOf(key)}")
            );
        }

        var findings = new[]
        {
            ("missing", missing),
            ("of another shape", misshapen),
            ("unexpected", unexpected),
            ("of a dtype that cannot be weights", mistyped),
        }
            .Where(f => f.Item2.Count > 0)
            .Select(f =>
                (Finding: f.Item1, f.Item2.Count, Keys: f.Item2.Order(StringComparer.Ordinal).Take(ShownKeys).ToList())
            )
            .ToList();
        var texts = findings.Select(f =>
            $"{f.Count} {f.Finding} ({string.Join(", ", f.Keys)}{(f.Count > ShownKeys ? ", …" : "")})"
        );
        return (string.Join("; ", texts), [.. findings.SelectMany(f => f.Keys).Take(ShownKeys)]);
    }

    /// <summary>
    /// Entries that public files carry beside the weights: position numbers of the text encoder, counters of batch
    /// normalisations, and the scale of OpenCLIP's training where transformers'
    /// layout keeps it.
    /// </summary>
    private static bool IsBuffer(string key) =>
        key.EndsWith(".position_ids", StringComparison.Ordinal)
        || key.EndsWith(".num_batches_tracked", StringComparison.Ordinal)
        || ModelFamily.TextPlaces.Any(place => !place.IsOpenClip && key == place.Prefix + "logit_scale");
}
