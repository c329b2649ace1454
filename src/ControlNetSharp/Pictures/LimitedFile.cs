namespace ControlNetSharp.Pictures;

/// <summary>Whole files from outside.</summary>
internal static class LimitedFile
{
    /// <summary>All bytes of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it should be, with its article: "a depth map".</param>
    /// <param name="limits">What it may cost.</param>
    /// <exception cref="PictureException">The file is missing, too large, a folder, or cannot be read.</exception>
    public static byte[] ReadAll(string path, string what, PictureLimits limits)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists && file.Length > limits.MaxFileBytes
                ? throw new PictureException(
                    path,
                    $"the file has {file.Length} bytes; at most {limits.MaxFileBytes} are allowed."
                )
                : File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PictureException(path, "the file does not exist.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = Directory.Exists(path) ? $"is a folder, not {what}." : $"cannot be read: {e.Message}";
            throw new PictureException(path, reason, e);
        }
    }
}
