using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace ControlNetSharp.Server.Studio;

/// <summary>A file of the page, out of this assembly: the page is there wherever the program is.</summary>
/// <param name="Path">Below <c>wwwroot</c>, with <c>/</c>.</param>
/// <param name="MediaType">What it is.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Tag">Says in a cache whether it is still the same.</param>
internal sealed record StudioFile(string Path, string MediaType, byte[] Bytes, EntityTagHeaderValue Tag)
{
    private const string Folder = "wwwroot/";

    /// <summary>All files of the page.</summary>
    public static IReadOnlyList<StudioFile> All { get; } =
    [
        .. typeof(StudioFile)
            .Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(Read),
    ];

    private static StudioFile Read(string name)
    {
        using var stream = typeof(StudioFile).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
        return new StudioFile(
            // A build on Windows names its folders its own way.
            name[Folder.Length..].Replace('\\', '/'),
            MediaTypeOf(System.IO.Path.GetExtension(name)),
            bytes,
            new EntityTagHeaderValue($"\"{digest}\"")
        );
    }

    private static string MediaTypeOf(string extension) =>
        extension switch
        {
            ".html" => "text/html; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".js" or ".mjs" => "text/javascript; charset=utf-8",
            ".json" => "application/json",
            ".webmanifest" => "application/manifest+json",
            ".svg" => "image/svg+xml",
            ".png" => "image/png",
            ".jpg" => "image/jpeg",
            _ => "text/plain; charset=utf-8",
        };
}
