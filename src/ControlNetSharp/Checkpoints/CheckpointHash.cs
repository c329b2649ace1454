using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ControlNetSharp.Checkpoints;

/// <summary>The hashes by which people name checkpoint files.</summary>
/// <param name="Sha256">Of the whole file, 64 hexadecimal digits.</param>
/// <param name="Old">A1111's first kind of hash: of 64 KiB at 1 MiB, 8 digits. Many files share one.</param>
internal sealed record CheckpointHash(string Sha256, string Old)
{
    private static readonly string[] WeightExtensions = [".safetensors", ".bin", ".ckpt", ".pt", ".pth"];
    private const int OldOffset = 0x100000;
    private const int OldLength = 0x10000;

    /// <summary>Digits of the old kind.</summary>
    public const int OldDigits = 8;

    /// <summary>As many digits A1111 shows behind the name of a LoRA or a textual inversion.</summary>
    public const int NetworkDigits = 12;

    /// <summary>What A1111 shows behind a model's name: the first ten digits.</summary>
    public string Short => Sha256[..10];

    /// <summary>
    /// Reads a whole file for its hashes. Source: A1111 modules/hashes.py and sd_models.py, model_hash (behaviour).
    /// </summary>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public static CheckpointHash Of(string path)
    {
        try
        {
            return new CheckpointHash(OfModel(path), OldOf(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it cannot be read: {e.Message}", innerException: e);
        }
    }

    /// <summary>
    /// A1111's first kind of hash, which sd-webui-controlnet still writes: fast, for it reads 64 KiB at 1 MiB.
    /// </summary>
    /// <returns>Eight digits, which many files can share.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string OldOf(string path)
    {
        using var stream = File.OpenRead(path);
        // Behind the end of a short file there is nothing, whose hash counts then.
        stream.Position = Math.Min(OldOffset, stream.Length);
        var part = new byte[OldLength];
        var length = stream.ReadAtLeast(part, OldLength, throwOnEndOfStream: false);
        return Convert.ToHexStringLower(SHA256.HashData(part.AsSpan(0, length)))[..OldDigits];
    }

    /// <summary>
    /// The hash by which A1111 and kohya's scripts know a LoRA: what its metadata says (sshs_model_hash), else SHA-256
    /// of what lies behind the header of a safetensors file, which editing the metadata does not change, or of another
    /// file as a whole. Source: A1111 extensions-builtin/Lora/network.py and modules/hashes.py (behaviour).
    /// </summary>
    /// <returns>Lower-case hexadecimal digits, 64 where the file does not say otherwise.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string OfLora(string path)
    {
        using var stream = File.OpenRead(path);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        var isWhole = stream.ReadAtLeast(length, sizeof(ulong), throwOnEndOfStream: false) == sizeof(ulong);
        var header = isWhole ? BinaryPrimitives.ReadUInt64LittleEndian(length) : ulong.MaxValue;
        // A pickle's or an archive's first bytes are a number far above its length.
        var isSafetensors = header <= (ulong)Math.Max(0, stream.Length - sizeof(ulong));
        if (isSafetensors && SaidIn(path) is { } said)
        {
            return said;
        }

        stream.Position = isSafetensors ? sizeof(ulong) + (long)header : 0;
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>What a LoRA's metadata says of its hash; null where it does not, or cannot be read.</summary>
    private static string? SaidIn(string path)
    {
        try
        {
            using var file = SafetensorsFile.Open(path);
            return
                file.Metadata.GetValueOrDefault("sshs_model_hash") is { Length: >= NetworkDigits } said
                && said.All(char.IsAsciiHexDigit)
                ? said.ToLowerInvariant()
                : null;
        }
        catch (CheckpointException)
        {
            // Among other files a hash is looked for, and a damaged one still has its bytes.
            return null;
        }
    }

    /// <summary>
    /// The digest by which a model is known: SHA-256 of a file, or of all weight files of a folder one after another in
    /// name order.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static string OfModel(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (
            var file in Directory.Exists(path)
                ? Directory
                    .GetFiles(path, "*", SearchOption.AllDirectories)
                    .Where(IsWeights)
                    .Order(StringComparer.Ordinal)
                : (IEnumerable<string>)[path]
        )
        {
            using var stream = File.OpenRead(file);
            var buffer = new byte[1 << 20];
            for (int read; (read = stream.Read(buffer)) > 0; )
            {
                hash.AppendData(buffer.AsSpan(0, read));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static bool IsWeights(string file) => WeightExtensions.Contains(Path.GetExtension(file));
}
