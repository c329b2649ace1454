using System.CommandLine;

namespace ControlNetSharp.Cli;

/// <summary>The place of a result, checked before the work begins and not when it is done.</summary>
internal static class OutputFolder
{
    /// <summary>The option of every command that writes files of the user's choice.</summary>
    public static readonly Option<bool> Overwrite = new("--overwrite")
    {
        Description = "Replaces files that are there; without it nothing is ever replaced.",
    };

    /// <summary>Looks whether files are there.</summary>
    /// <exception cref="UsageException">One is, and may not be replaced.</exception>
    public static void CheckFree(string option, string value, IEnumerable<string> files, bool overwrites)
    {
        var taken = overwrites ? [] : files.Where(File.Exists).ToList();
        if (taken.Count > 0)
        {
            throw UsageException.Of(
                option,
                value,
                taken is [var only]
                    ? $"{only} is there already; {Overwrite.Name} replaces it."
                    : $"{taken[0]} and {Counts.Of(taken.Count - 1, "more file")} are there already; {Overwrite.Name} "
                        + "replaces them."
            );
        }
    }

    /// <summary>Keeps a folder, which is made if need be, for this run alone until the result is disposed.</summary>
    /// <exception cref="UsageException">Another run has it.</exception>
    public static IDisposable Claim(string option, string folder)
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
        catch (IOException) when (File.Exists(file))
        {
            throw UsageException.Of(
                option,
                folder,
                "another run is writing into this folder now; wait until it ends, or name another folder."
            );
        }
    }

    /// <summary>Writes an empty file and deletes it.</summary>
    /// <exception cref="UsageException">There is no such folder, or nothing can be written there.</exception>
    public static void Check(string option, string value, string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw UsageException.Of(option, value, $"the folder {folder} does not exist.");
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
            throw UsageException.Of(option, value, $"nothing can be written in the folder {folder}: {e.Message}");
        }
    }

    /// <summary>A full disk is nothing that the user wrote: ENOSPC, ERROR_DISK_FULL.</summary>
    private static bool IsFull(Exception e) => e.HResult is 28 or unchecked((int)0x80070070);
}
