using System.Globalization;
using ControlNetSharp.Checkpoints;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// The checkpoints of one training: files <c>checkpoint-STEP.safetensors</c> in its folder, of which the newest are
/// kept.
/// </summary>
/// <param name="folder">The training's folder.</param>
/// <param name="keep">How many are kept, 1 or more.</param>
internal sealed class TrainingCheckpoint(string folder, int keep)
{
    private const string Prefix = "checkpoint-";
    private const string Extension = ".safetensors";

    /// <summary>The newest one, or null.</summary>
    public string? Newest => Files().LastOrDefault();

    /// <summary>The one before it, or null.</summary>
    public string? Older => Files().SkipLast(1).LastOrDefault();

    /// <summary>
    /// Writes a checkpoint under its final name when it is whole and on the disk, then deletes those that are too many.
    /// </summary>
    /// <exception cref="IOException">It cannot be written; the older ones are as they were.</exception>
    public void Write(
        long step,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        SafetensorsWriter.Write(
            Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:00000000}{Extension}")),
            tensors,
            metadata
        );
        foreach (var old in Files().SkipLast(keep))
        {
            File.Delete(old);
        }
    }

    private IEnumerable<string> Files() =>
        Directory.Exists(folder)
            ? Directory
                .GetFiles(folder, $"{Prefix}*{Extension}")
                .Where(file => StepOf(file) is not null)
                .OrderBy(StepOf)
            : [];

    private static long? StepOf(string file) =>
        long.TryParse(
            Path.GetFileName(file)[Prefix.Length..^Extension.Length],
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var step
        )
            ? step
            : null;
}
