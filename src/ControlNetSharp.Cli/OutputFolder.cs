namespace ControlNetSharp.Cli;

/// <summary>The folder of a result, checked before the work begins and not when it is done.</summary>
internal static class OutputFolder
{
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
            new FileStream(Path.Combine(folder, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw UsageException.Of(option, value, $"nothing can be written in the folder {folder}: {e.Message}");
        }
    }
}
