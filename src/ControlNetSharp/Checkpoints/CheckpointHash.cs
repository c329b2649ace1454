using System.Security.Cryptography;

namespace ControlNetSharp.Checkpoints;

/// <summary>The hashes by which people name checkpoint files.</summary>
/// <param name="Sha256">Of the whole file, 64 hexadecimal digits.</param>
/// <param name="Old">A1111's first kind of hash: of 64 KiB at 1 MiB, 8 digits. Many files share one.</param>
public sealed record CheckpointHash(string Sha256, string Old)
{
    private const int OldOffset = 0x100000;
    private const int OldLength = 0x10000;
    private const int OldDigits = 8;

    /// <summary>What A1111 shows behind a model's name: the first ten digits.</summary>
    public string Short => Sha256[..10];

    /// <summary>Reads a whole file for its hashes. Source: A1111 modules/hashes.py and sd_models.py, model_hash (behaviour).</summary>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public static CheckpointHash Of(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(stream));
            // Behind the end of a short file there is nothing, whose hash counts then.
            stream.Position = Math.Min(OldOffset, stream.Length);
            var part = new byte[OldLength];
            var length = stream.ReadAtLeast(part, OldLength, throwOnEndOfStream: false);
            return new CheckpointHash(sha256, Convert.ToHexStringLower(SHA256.HashData(part.AsSpan(0, length)))[..OldDigits]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it cannot be read: {e.Message}", innerException: e);
        }
    }
}
