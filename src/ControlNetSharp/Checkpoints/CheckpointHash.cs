using System.Security.Cryptography;

namespace ControlNetSharp.Checkpoints;

/// <summary>The digest by which a model is known.</summary>
public static class CheckpointHash
{
    /// <summary>SHA-256 of a file, or of all safetensors files of a folder one after another in name order.</summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static string Sha256(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.Exists(path) ? Directory.GetFiles(path, "*.safetensors").Order(StringComparer.Ordinal) : (IEnumerable<string>)[path])
        {
            using var stream = File.OpenRead(file);
            var buffer = new byte[1 << 20];
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                hash.AppendData(buffer.AsSpan(0, read));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
