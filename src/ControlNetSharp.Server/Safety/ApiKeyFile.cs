using System.Security.Cryptography;
using System.Text;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Safety;

/// <summary>
/// A file of API keys: a line each, <c>NAME:SHA-256</c>. A key is 256 random bits, so its plain hash cannot be guessed
/// back; the key itself is shown once and kept nowhere.
/// </summary>
internal static class ApiKeyFile
{
    private const int KeyBytes = 32;
    private const string Prefix = "cns_";

    /// <summary>Makes a key and adds it to a file, which only its owner may read.</summary>
    /// <returns>The key.</returns>
    public static string Add(string file, string name)
    {
        var key = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(file, options);
        writer.WriteLine($"{name}:{Convert.ToHexStringLower(Hash(key))}");
        return key;
    }

    /// <summary>The names of keys with their hashes.</summary>
    public static IReadOnlyList<(string Name, byte[] Hash)> Read(string file) =>
        [.. Lines(file).Select(line => (line.Name, Convert.FromHexString(line.Hash)))];

    /// <summary>What is wrong with a file; null for nothing.</summary>
    public static string? ProblemOf(string file)
    {
        try
        {
            return
                Lines(file).FirstOrDefault(line => line.Name.Length == 0 || !BlobStore.IsDigest(line.Hash))
                    is { Number: > 0 } wrong
                ? $"line {wrong.Number} must be NAME:SHA-256."
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>What is kept of a key.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static IEnumerable<(int Number, string Name, string Hash)> Lines(string file) =>
        File.ReadLines(file)
            .Select((line, index) => (Number: index + 1, Text: line.Trim()))
            .Where(line => line.Text.Length > 0 && line.Text[0] != '#')
            .Select(line =>
            {
                var colon = line.Text.LastIndexOf(':');
                return (line.Number, colon < 0 ? "" : line.Text[..colon], line.Text[(colon + 1)..]);
            });
}
