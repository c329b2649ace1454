using System.Security.Cryptography;
using System.Text;

namespace ControlNetSharp.Checkpoints.Hub;

/// <summary>What the hub says of a file's contents.</summary>
/// <param name="ETag">Their hash: SHA-256 for large files, git's SHA-1 for others; without quotes.</param>
/// <param name="Length">Bytes; null where the hub does not say.</param>
internal sealed record HubContent(string ETag, long? Length)
{
    private const int Sha256Digits = 64;
    private const int Sha1Digits = 40;

    /// <summary>
    /// Reads the headers of an answer. Those with Linked in their names are of the contents, where the answer itself
    /// only leads there.
    /// </summary>
    /// <exception cref="HubException">It has no ETag, or a size that is no number.</exception>
    public static HubContent Of(HttpResponseMessage response, string what)
    {
        string? Header(string name) =>
            response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
        // Read as text: servers send ETags without quotes, which .NET takes for none.
        var etag =
            Header("X-Linked-Etag")
            ?? Header("ETag")
            ?? throw new HubException(
                HubFailure.Damaged,
                $"The hub gives no ETag for {what}; is a proxy or another server in between?"
            );
        var length = Header("X-Linked-Size") is not { } size
            ? (int)response.StatusCode < 300
                ? response.Content.Headers.ContentLength
                : null
            : long.TryParse(size, out var number) && number >= 0
                ? number
                : throw new HubException(
                    HubFailure.Damaged,
                    $"The hub gives the size \"{size}\" for {what}, which is none."
                );
        return new HubContent((etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"'), length);
    }

    /// <summary>Whether a file has these contents, as far as the ETag is a hash that is known here.</summary>
    public async Task<bool> IsInAsync(string path, CancellationToken cancellationToken)
    {
        var isHex = ETag.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f');
        if (!isHex || ETag.Length is not (Sha256Digits or Sha1Digits))
        {
            return true;
        }

        await using var file = File.OpenRead(path);
#pragma warning disable CA5350 // Git's own hash; it finds damage, not malice.
        using var hash = IncrementalHash.CreateHash(
            ETag.Length == Sha256Digits ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1
        );
#pragma warning restore CA5350
        if (ETag.Length == Sha1Digits)
        {
            hash.AppendData(Encoding.ASCII.GetBytes($"blob {file.Length}\0"));
        }

        var buffer = new byte[1 << 18];
        for (int count; (count = await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; )
        {
            hash.AppendData(buffer.AsSpan(0, count));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == ETag;
    }
}
