namespace ControlNetSharp.Runtime;

/// <summary>
/// Writes files under a temporary name in the same folder, flushed to the disk, then moved to their own: a kill at any
/// moment leaves the old file or the new one.
/// </summary>
internal static class WholeFile
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">The file; the folder that it lies in exists.</param>
    /// <param name="write">Writes its bytes.</param>
    /// <param name="replaces">
    /// Whether a file that is there is replaced. Where not, the name is taken in one step with the look whether it is
    /// free, so that of several programs only one gets it.
    /// </param>
    /// <exception cref="FileTakenException">There is such a file; it is as it was.</exception>
    /// <exception cref="IOException">
    /// It cannot be written, for example since the disk is full; an older one is as it was.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">Nothing may be written there.</exception>
    public static void Write(string path, Action<Stream> write, bool replaces = true)
    {
        // Random, since two machines that share a folder can have the same process numbers.
        var temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            using (
                var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16)
            )
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            Move(temporary, path, replaces);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void Move(string temporary, string path, bool replaces)
    {
        if (!replaces)
        {
            Take(path);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>
    /// Makes an empty file, which only one of several programs can: a move that does not replace looks first and moves
    /// then where the
    /// file system has no hard links.
    /// </summary>
    private static void Take(string path)
    {
        try
        {
            new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, 1).Dispose();
        }
        catch (IOException e) when (Path.Exists(path))
        {
            throw new FileTakenException(path, e);
        }
    }
}
