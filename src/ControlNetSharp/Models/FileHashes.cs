using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Models;

/// <summary>
/// The hashes by which people and other programs name files of weights. Each is computed when it is asked for, and
/// again only when the file has changed. Usable by several callers at once: those who ask for the same hash wait for
/// one reading.
/// Source: A1111 modules/hashes.py and sd_models.py (behaviour).
/// </summary>
internal sealed class FileHashes
{
    private const int OldOffset = 0x100000;
    private const int OldLength = 0x10000;
    internal const int OldDigits = 8;

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

    /// <summary>
    /// A1111's first kind of hash, which sd-webui-controlnet still writes: fast, for it reads 64 KiB at 1 MiB.
    /// </summary>
    /// <returns>Eight digits, which many files can share.</returns>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    public string OldOf(string path) =>
        Of(
            "old",
            path,
            file =>
            {
                using var stream = File.OpenRead(file);
                // Behind the end of a short file there is nothing, whose hash counts then.
                stream.Position = Math.Min(OldOffset, stream.Length);
                var part = new byte[OldLength];
                var length = stream.ReadAtLeast(part, OldLength, throwOnEndOfStream: false);
                return Convert.ToHexStringLower(SHA256.HashData(part.AsSpan(0, length)))[..OldDigits];
            }
        );

    /// <summary>
    /// SHA-256 of what lies behind the header of a safetensors file: metadata that is written later does not change it,
    /// and A1111 names LoRAs by its first twelve digits. Of another file the hash of all of it.
    /// </summary>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    public string TensorsOf(string path) =>
        Of(
            "tensors",
            path,
            file =>
            {
                using var stream = File.OpenRead(file);
                Span<byte> length = stackalloc byte[sizeof(ulong)];
                var header =
                    stream.ReadAtLeast(length, sizeof(ulong), throwOnEndOfStream: false) == sizeof(ulong)
                        ? BinaryPrimitives.ReadUInt64LittleEndian(length)
                        : ulong.MaxValue;
                var isSafetensors = header <= (ulong)Math.Max(0, stream.Length - sizeof(ulong));
                stream.Position = isSafetensors ? sizeof(ulong) + (long)header : 0;
                return Convert.ToHexStringLower(SHA256.HashData(stream));
            }
        );

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
