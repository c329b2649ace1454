using System.Security.Cryptography;
using Dapper;

namespace ControlNetSharp.Server.Jobs;

/// <summary>
/// Bytes by their SHA-256: uploads, and the files that jobs made. In the database, or in a folder that all programs
/// share.
/// </summary>
public sealed class BlobStore
{
    private const int DigestLength = 64;
    private const int FolderLength = 2;

    private readonly JobDatabase _database;
    private readonly string? _folder;

    internal BlobStore(JobDatabase database, string? folder)
    {
        (_database, _folder) = (database, folder is null ? null : Path.GetFullPath(folder));
        if (_folder is not null)
        {
            Directory.CreateDirectory(_folder);
        }
    }

    /// <summary>Keeps bytes.</summary>
    /// <returns>Their SHA-256, 64 lower-case digits.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public async Task<string> PutAsync(byte[] bytes, string mediaType, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        var sha256 = await KeepFileAsync(bytes, cancellationToken).ConfigureAwait(false);
        await _database
            .WriteAsync(t => AddAsync(t, sha256, bytes, mediaType), cancellationToken)
            .ConfigureAwait(false);
        return sha256;
    }

    /// <summary>The first half of keeping: where there is a folder, the bytes are in it.</summary>
    /// <returns>Their SHA-256.</returns>
    internal async Task<string> KeepFileAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (_folder is not null)
        {
            await WriteFileAsync(PathOf(sha256), bytes, cancellationToken).ConfigureAwait(false);
        }

        return sha256;
    }

    /// <summary>The second half: the database knows of them, or has them where there is no folder.</summary>
    internal Task<int> AddAsync(JobTransaction t, string sha256, byte[] bytes, string mediaType) =>
        t.ExecuteAsync(
            $"""
            insert into blobs (sha256, media_type, size, used, body)
            values (@sha256, @mediaType, @size, {_database.Dialect.Now}, @body)
            on conflict (sha256) do update set used = excluded.used
            """,
            new
            {
                sha256,
                mediaType,
                size = (long)bytes.Length,
                body = _folder is null ? bytes : null,
            }
        );

    /// <summary>Bytes with their media type; null where there are none of this digest.</summary>
    public async Task<(byte[] Bytes, string MediaType)?> GetAsync(
        string sha256,
        CancellationToken cancellationToken = default
    )
    {
        if (!IsDigest(sha256))
        {
            return null;
        }

        var row = await _database
            .ReadAsync(
                connection =>
                    connection.QueryFirstOrDefaultAsync<(string MediaType, byte[]? Body)?>(
                        "select media_type, body from blobs where sha256 = @sha256",
                        new { sha256 }
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        if (row is not { } found)
        {
            return null;
        }

        if (found.Body is { } body)
        {
            return (body, found.MediaType);
        }

        return _folder is not null && File.Exists(PathOf(sha256))
            ? (
                await File.ReadAllBytesAsync(Unlinked(PathOf(sha256)), cancellationToken).ConfigureAwait(false),
                found.MediaType
            )
            : null;
    }

    /// <summary>Whether bytes of a digest are there; they then stay for a while longer.</summary>
    public async Task<bool> HasAsync(string sha256, CancellationToken cancellationToken = default) =>
        IsDigest(sha256)
        && await _database
            .WriteAsync(
                t =>
                    t.ExecuteAsync(
                        $"update blobs set used = {_database.Dialect.Now} where sha256 = @sha256",
                        new { sha256 }
                    ),
                cancellationToken
            )
            .ConfigureAwait(false) > 0;

    /// <summary>Whether a text is a digest as this store writes them.</summary>
    public static bool IsDigest(string text) => text is { Length: DigestLength } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Deletes what no job has and nobody used for a while.</summary>
    internal async Task SweepAsync(TimeSpan age, CancellationToken cancellationToken)
    {
        var gone = await _database
            .WriteAsync(
                t =>
                    t.AllAsync<string>(
                        $"""
                        delete from blobs where used < {_database.Dialect.Now} - @age and not exists (
                            select 1 from job_files f where f.sha256 = blobs.sha256) returning sha256
                        """,
                        new { age = (long)age.TotalMilliseconds }
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        if (_folder is not null)
        {
            gone.ForEach(sha256 => File.Delete(PathOf(sha256)));
        }
    }

    private static async Task WriteFileAsync(string path, byte[] bytes, CancellationToken cancellationToken)
    {
        if (File.Exists(Unlinked(path)))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Guid.NewGuid():N}";
        var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write);
        await using (file.ConfigureAwait(false))
        {
            await file.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>A path of the folder, where nothing was put in its place that leads elsewhere.</summary>
    /// <exception cref="IOException">It, or the folder that it is in, is a symbolic link.</exception>
    private static string Unlinked(string path) =>
        (new FileInfo(path).LinkTarget ?? new DirectoryInfo(Path.GetDirectoryName(path)!).LinkTarget) is null
            ? path
            : throw new IOException($"{path} is a symbolic link, or in one; the results folder has none of its own.");

    private string PathOf(string sha256) => Path.Combine(_folder!, sha256[..FolderLength], sha256);
}
