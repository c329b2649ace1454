using System.Text.RegularExpressions;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints.Hub;

/// <summary>
/// A repository in the cache: <c>blobs</c> hold the contents by their ETags, <c>snapshots/COMMIT</c> the names that
/// link to them, <c>refs</c> the commits of branches and tags.
/// Source: huggingface_hub documentation, "Understand caching".
/// </summary>
internal sealed partial class HubCache
{
    private readonly string _locks;

    /// <summary>The cache of a repository; it need not be there yet.</summary>
    /// <exception cref="ArgumentException">The name is not that of a repository.</exception>
    public HubCache(string cache, string repository)
    {
        if (
            !RepositoryName().IsMatch(repository)
            || repository.Contains("..", StringComparison.Ordinal)
            || repository.Contains("--", StringComparison.Ordinal)
        )
        {
            throw new UnknownNameException(
                repository,
                "it is no name of a repository, which is written ORGANISATION/NAME, of letters, digits, '-', '_' and "
                    + "'.'."
            );
        }

        var folder = "models--" + repository.Replace("/", "--", StringComparison.Ordinal);
        (Folder, _locks) = (Path.Combine(cache, folder), Path.Combine(cache, ".locks", folder));
    }

    /// <summary>The repository's folder.</summary>
    public string Folder { get; }

    /// <summary>Whether a revision is a whole commit.</summary>
    public static bool IsCommit(string revision) => CommitName().IsMatch(revision);

    /// <summary>Refuses revisions that could lead out of the folder.</summary>
    /// <exception cref="ArgumentException">It is no revision.</exception>
    public static string CheckedRevision(string revision) =>
        RevisionName().IsMatch(revision) && !revision.Contains("..", StringComparison.Ordinal)
            ? revision
            : throw new UnknownNameException(revision, "it is no revision; a branch, a tag or a commit is wanted.");

    /// <summary>The folder of a commit.</summary>
    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    /// <summary>The commit that the cache knows for a revision; null where it knows none.</summary>
    public string? CommitOf(string revision)
    {
        var reference = Path.Combine(Folder, "refs", revision);
        var commit =
            IsCommit(revision) ? revision
            : File.Exists(reference) ? File.ReadAllText(reference).Trim()
            : null;
        return commit is not null && IsCommit(commit) ? commit : null;
    }

    /// <summary>Writes the commit of a branch or tag.</summary>
    public void Remember(string revision, string commit)
    {
        if (!IsCommit(revision) && CommitOf(revision) != commit)
        {
            var reference = Path.Combine(Folder, "refs", revision);
            Directory.CreateDirectory(Path.GetDirectoryName(reference)!);
            File.WriteAllText(reference + ".tmp", commit);
            File.Move(reference + ".tmp", reference, overwrite: true);
        }
    }

    /// <summary>Where a file of a commit is.</summary>
    /// <exception cref="HubException">The name would lead out of the folder.</exception>
    public string PathOf(string commit, string name) =>
        name.Length > 0
        && !name.Contains('\\')
        && !name.Contains(':')
        && name.Split('/').All(part => part is not ("" or "." or ".."))
            ? Path.Combine(Snapshot(commit), Path.Combine(name.Split('/')))
            : throw new HubException(
                HubFailure.Damaged,
                $"The repository has a file of the name \"{name}\", which is not allowed."
            );

    /// <summary>Where contents are.</summary>
    /// <exception cref="HubException">The ETag is no name of a file.</exception>
    public string Blob(string etag) =>
        BlobName().IsMatch(etag)
            ? Path.Combine(Folder, "blobs", etag)
            : throw new HubException(HubFailure.Damaged, $"The hub gives the ETag \"{etag}\", which is none.");

    /// <summary>Waits until no other program is loading the same contents.</summary>
    public async Task<IDisposable> LockAsync(string etag, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_locks);
        var path = Path.Combine(_locks, etag + ".lock");
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(200, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Gives contents their name in a snapshot: a relative link, or a copy where the system has no links.
    /// </summary>
    public void Link(string etag, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        try
        {
            File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, Blob(etag)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Copy(Blob(etag), path + ".tmp", overwrite: true);
            File.Move(path + ".tmp", path, overwrite: true);
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$", RegexOptions.ECMAScript, 1000)]
    private static partial Regex RepositoryName();

    [GeneratedRegex(@"^[\w][\w./-]*$", RegexOptions.ECMAScript, 1000)]
    private static partial Regex RevisionName();

    [GeneratedRegex("^[0-9a-f]{40}$", RegexOptions.None, 1000)]
    private static partial Regex CommitName();

    [GeneratedRegex(@"^[A-Za-z0-9][\w-]{7,127}$", RegexOptions.ECMAScript, 1000)]
    private static partial Regex BlobName();
}
