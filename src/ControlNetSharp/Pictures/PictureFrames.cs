namespace ControlNetSharp.Pictures;

/// <summary>Pictures one after another: a folder of them, or the frames of an animation.</summary>
internal static class PictureFrames
{
    /// <summary>
    /// The pictures of a folder or a file, in their order. A file that is no animation is one picture.
    /// </summary>
    /// <exception cref="PictureException">
    /// A folder without files; what is no picture is found when it is read.
    /// </exception>
    public static IReadOnlyList<PictureSource> Of(string path)
    {
        if (Directory.Exists(path))
        {
            return FilesOf(path);
        }

        var source = PictureSource.FromFile(path);
        return IsAnimation(source) && PictureReader.FramesOf(source.ReadBytes(), path) is > 1 and var frames
            ? [.. Enumerable.Range(0, frames).Select(frame => source.WithFrame(frame))]
            : [source];
    }

    /// <summary>Files whose names begin with a full stop are what systems leave in folders.</summary>
    private static List<PictureSource> FilesOf(string folder)
    {
        try
        {
            List<PictureSource> files =
            [
                .. Directory
                    .EnumerateFiles(folder)
                    .Where(file => !Path.GetFileName(file).StartsWith('.'))
                    .OrderBy(Path.GetFileName, NaturalOrder.Instance)
                    .Select(file => PictureSource.FromFile(file)),
            ];
            return files.Count > 0 ? files : throw new PictureException(folder, "there is no picture in this folder.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PictureException(folder, $"the folder cannot be read: {e.Message}", e);
        }
    }

    private static bool IsAnimation(PictureSource source) =>
        File.Exists(source.Path) && PictureSignature.FormatOf(source.ReadBytes()) is "GIF" or "WebP";
}
