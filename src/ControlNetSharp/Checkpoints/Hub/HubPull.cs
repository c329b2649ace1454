namespace ControlNetSharp.Checkpoints.Hub;

/// <summary>Files of a repository, in the cache.</summary>
/// <param name="Repository">Organisation and name.</param>
/// <param name="Revision">The branch, tag or commit that was asked for.</param>
/// <param name="Commit">The commit that it stands for, 40 hexadecimal digits.</param>
/// <param name="Snapshot">The folder of that commit; the files lie in it under their own names.</param>
/// <param name="Files">The files, in the order of the repository.</param>
internal sealed record HubPull(
    string Repository,
    string Revision,
    string Commit,
    string Snapshot,
    IReadOnlyList<PulledFile> Files
);

/// <summary>A file of a repository.</summary>
/// <param name="Name">Its name in the repository, with forward slashes.</param>
/// <param name="Path">Where it is now.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Downloaded">Whether it came now; false where the cache had it.</param>
internal sealed record PulledFile(string Name, string Path, long Bytes, bool Downloaded);

/// <summary>How far a download is.</summary>
/// <param name="Name">The file.</param>
/// <param name="Index">Which one it is, from 0.</param>
/// <param name="Count">How many files there are.</param>
/// <param name="Bytes">Bytes of it that are here.</param>
/// <param name="Total">All its bytes; null where the hub does not say.</param>
internal sealed record HubProgress(string Name, int Index, int Count, long Bytes, long? Total);
