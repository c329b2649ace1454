namespace ControlNetSharp.Models;

/// <summary>
/// Where a path leads when every symbolic link on it is followed, in the folders as well as at its end.
/// </summary>
internal static class RealPath
{
    /// <summary>As many links as Linux follows.</summary>
    private const int MostLinks = 40;

    /// <summary>The full path without links; parts that do not exist stay as they are.</summary>
    public static string Of(string path) => Of(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), MostLinks);

    /// <summary>Whether there is a file or folder; .NET says so of a link that leads nowhere, too.</summary>
    public static bool IsThere(string path) => Of(path) is var real && (File.Exists(real) || Directory.Exists(real));

    /// <summary>Whether a real path is a folder or lies in it.</summary>
    /// <param name="path">As <see cref="Of(string)"/> gives it.</param>
    /// <param name="folder">As <see cref="Of(string)"/> gives it.</param>
    public static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar);

    private static string Of(string path, int links)
    {
        if (Path.GetDirectoryName(path) is not { } folder)
        {
            return path;
        }

        var parent = Of(folder, links);
        var own = Path.Combine(parent, Path.GetFileName(path));
        FileSystemInfo info = Directory.Exists(own) ? new DirectoryInfo(own) : new FileInfo(own);
        return info.LinkTarget is { } target && links > 0
            ? Of(Path.TrimEndingDirectorySeparator(Path.GetFullPath(target, parent)), links - 1)
            : own;
    }
}
