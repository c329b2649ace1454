namespace ControlNetSharp.Models;

/// <summary>
/// What tells without reading it whether a file is still the same: two names of one file have the same stamp.
/// </summary>
/// <param name="Path">The real path, without symbolic links.</param>
/// <param name="Bytes">Length; of a folder, that of all files in it.</param>
/// <param name="LastWriteUtc">When it was written; of a folder, the latest of its files.</param>
internal sealed record FileStamp(string Path, long Bytes, DateTime LastWriteUtc)
{
    /// <summary>The stamp that a file or folder has now.</summary>
    /// <exception cref="IOException">It is not there or cannot be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    public static FileStamp Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var real = RealPath.Of(path);
        // .NET tells a link's own length and time, not those of the file that it leads to.
        string[] paths = Directory.Exists(real) ? Directory.GetFiles(real, "*", SearchOption.AllDirectories) : [real];
        var files = paths.Select(file => new FileInfo(RealPath.Of(file))).ToList();
        var lastWrite = files.Select(file => file.LastWriteTimeUtc).DefaultIfEmpty().Max();
        return new FileStamp(real, files.Sum(file => file.Length), lastWrite);
    }
}
