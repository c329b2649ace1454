using System.Text.Json;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Which files of a folder hold a network's weights: whole, in shards that an index lists, or in several precisions of
/// which one is taken.
/// </summary>
internal static class WeightFiles
{
    public const string IndexEnding = ".index.json";
    private static readonly string[] Extensions = [".safetensors", ".bin", ".pth", ".pt", ".ckpt"];

    /// <summary>
    /// The files of one network in diffusers' or transformers' folder of it; none where there are none.
    /// </summary>
    /// <exception cref="CheckpointException">An index is damaged or lists a file that is not there.</exception>
    public static IReadOnlyList<string> Of(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        foreach (var extension in Extensions.Take(2))
        {
            // The plain name first, then those with a precision in it (diffusion_pytorch_model.fp16.safetensors);
            // averaged weights before the others.
            var whole = Directory
                .GetFiles(folder, "*" + extension)
                .Where(file => !Path.GetFileName(file).Contains("-of-", StringComparison.Ordinal))
                .OrderBy(file => Path.GetFileName(file).Contains("non_ema", StringComparison.Ordinal))
                .ThenBy(file => Path.GetFileName(file).Split('.').Length)
                .ThenBy(file => file, StringComparer.Ordinal)
                .FirstOrDefault();
            if (whole is not null)
            {
                return [whole];
            }

            if (
                Directory
                    .GetFiles(folder, $"*{extension}{IndexEnding}")
                    .OrderBy(file => file.Length)
                    .ThenBy(file => file, StringComparer.Ordinal)
                    .FirstOrDefault() is
                { } index
            )
            {
                return [.. Shards(index).Values.Distinct(StringComparer.Ordinal)];
            }
        }

        return [];
    }

    /// <summary>The index of a folder whose weights are in shards; null where it has none.</summary>
    public static string? IndexOf(string folder) =>
        Extensions
            .SelectMany(extension =>
                Directory.GetFiles(folder, $"*{extension}{IndexEnding}").OrderBy(file => file.Length)
            )
            .FirstOrDefault();

    /// <summary>
    /// All weight files of a folder of one's own: every safetensors file, or where there is none every PyTorch file.
    /// </summary>
    public static IReadOnlyList<string> All(string folder)
    {
        var files = Directory.GetFiles(folder, "*" + Extensions[0]);
        return
        [
            .. (
                files.Length > 0
                    ? files
                    : Extensions.SelectMany(extension => Directory.GetFiles(folder, "*" + extension))
            ).Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>The file of every tensor, as an index lists them.</summary>
    /// <exception cref="CheckpointException">The index is damaged or lists a file that is not there.</exception>
    public static Dictionary<string, string> Shards(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(ByteOrderMark.Removed(File.ReadAllBytes(index)));
            var folder = Path.GetDirectoryName(Path.GetFullPath(index))!;
            var shards = document
                .RootElement.GetProperty("weight_map")
                .EnumerateObject()
                .ToDictionary(entry => entry.Name, entry => entry.Value.GetString() ?? "", StringComparer.Ordinal);
            if (
                shards.Values.FirstOrDefault(shard =>
                    shard.Length == 0
                    || Path.GetFileName(shard) != shard
                    || shard.Contains('\\', StringComparison.Ordinal)
                ) is
                { } elsewhere
            )
            {
                throw new CheckpointException(
                    index,
                    $"it lists the file '{elsewhere}'; shards must lie beside their index."
                );
            }

            return shards.Count == 0 ? throw new CheckpointException(index, "it lists no tensors.")
                : shards.FirstOrDefault(shard => !File.Exists(Path.Combine(folder, shard.Value)))
                    is { Value: { } missing } entry
                    ? throw new CheckpointException(
                        index,
                        $"its shard '{missing}', which should have '{entry.Key}', is missing.",
                        [entry.Key]
                    )
                : shards.ToDictionary(
                    shard => shard.Key,
                    shard => Path.Combine(folder, shard.Value),
                    StringComparer.Ordinal
                );
        }
        catch (Exception e)
            when (e
                    is JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or IOException
                        or UnauthorizedAccessException
                        or ArgumentException
            )
        {
            throw new CheckpointException(
                index,
                $"it is not the index of a checkpoint in several files: {e.Message}",
                innerException: e
            );
        }
    }
}
