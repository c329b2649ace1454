using System.Collections.Concurrent;
using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Models;

/// <summary>
/// The hashes by which people and other programs name files of weights. Each is computed when it is asked for, and
/// again only when the file has changed. Usable by several callers at once: those who ask for the same hash wait for
/// one reading.
/// </summary>
internal sealed class FileHashes
{
    private readonly ConcurrentDictionary<(string Kind, string Path), (FileStamp Stamp, Lazy<string> Hash)> _known =
        new();

    /// <summary>SHA-256 of a file, or of all weights of a folder in name order: what manifests record.</summary>
    /// <returns>
    /// 64 lower-case hexadecimal digits; their first ten are what A1111 writes behind a model's name.
    /// </returns>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    public string Sha256Of(string path) => Of("sha256", path, CheckpointHash.OfModel);

    /// <summary>The same where it was computed already and the file is still as it was; else null.</summary>
    public string? KnownSha256Of(string path)
    {
        try
        {
            var stamp = FileStamp.Of(path);
            return
                _known.TryGetValue(("sha256", stamp.Path), out var entry)
                && entry.Stamp == stamp
                && entry.Hash.IsValueCreated
                ? entry.Hash.Value
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc cref="CheckpointHash.OldOf" path="/summary|/returns"/>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    public string OldOf(string path) => Of("old", path, CheckpointHash.OldOf);

    /// <inheritdoc cref="CheckpointHash.OfLora" path="/summary|/returns"/>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    public string LoraOf(string path) => Of("lora", path, CheckpointHash.OfLora);

    private string Of(string kind, string path, Func<string, string> compute)
    {
        try
        {
            var stamp = FileStamp.Of(path);
            (FileStamp, Lazy<string>) Computed() => (stamp, new Lazy<string>(() => compute(stamp.Path)));
            var key = (kind, stamp.Path);
            var entry = _known.AddOrUpdate(key, _ => Computed(), (_, old) => old.Stamp == stamp ? old : Computed());
            try
            {
                return entry.Hash.Value;
            }
            catch
            {
                // A failure is not remembered: the file may be readable the next time.
                _known.TryRemove(new(key, entry));
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it cannot be read: {e.Message}", innerException: e);
        }
    }
}
