namespace ControlNetSharp.Requests;

/// <summary>
/// The place of a result, checked before the work begins and not when it is done. Problems name other members in
/// backquotes.
/// </summary>
internal static class OutputFolder
{
    /// <summary>Looks whether files are there.</summary>
    /// <param name="member">The member that names the place.</param>
    /// <param name="value">Its value.</param>
    /// <param name="files">What will be written.</param>
    /// <param name="overwrites">Whether files that are there may be replaced.</param>
    /// <exception cref="RequestException">One is, and may not be replaced.</exception>
    public static void CheckFree(string member, string value, IEnumerable<string> files, bool overwrites)
    {
        var taken = overwrites ? [] : files.Where(File.Exists).ToList();
        if (taken.Count > 0)
        {
            var others = taken.Count == 2 ? "1 more file" : $"{taken.Count - 1} more files";
            throw new RequestException(
                member,
                value,
                taken is [var only]
                    ? $"{only} is there already; `overwrite` replaces it."
                    : $"{taken[0]} and {others} are there already; `overwrite` replaces them."
            );
        }
    }

    /// <summary>Keeps a folder, which is made if need be, for this run alone until the result is disposed.</summary>
    /// <inheritdoc cref="Check"/>
    /// <exception cref="RequestException">Another run has it.</exception>
    public static IDisposable Claim(string member, string folder)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, ".lock");
        try
        {
            return new FileStream(
                file,
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                1,
                FileOptions.DeleteOnClose
            );
        }
        catch (IOException e) when (File.Exists(file))
        {
            throw new RequestException(
                member,
                folder,
                "another run is writing into this folder now; wait until it ends, or name another folder.",
                e
            );
        }
    }

    /// <summary>Writes an empty file and deletes it.</summary>
    /// <param name="member">The member that names the place.</param>
    /// <param name="value">Its value.</param>
    /// <param name="folder">Where files will be written.</param>
    /// <exception cref="RequestException">There is no such folder, or nothing can be written there.</exception>
    public static void Check(string member, string value, string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new RequestException(member, value, $"the folder {folder} does not exist.");
        }

        try
        {
            new FileStream(
                Path.Combine(folder, Path.GetRandomFileName()),
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                1,
                FileOptions.DeleteOnClose
            ).Dispose();
        }
        catch (Exception e) when ((e is IOException && !IsFull(e)) || e is UnauthorizedAccessException)
        {
            throw new RequestException(member, value, $"nothing can be written in the folder {folder}: {e.Message}", e);
        }
    }

    /// <summary>A full disk is nothing that the user wrote: ENOSPC, ERROR_DISK_FULL.</summary>
    private static bool IsFull(Exception e) => e.HResult is 28 or unchecked((int)0x80070070);
}
