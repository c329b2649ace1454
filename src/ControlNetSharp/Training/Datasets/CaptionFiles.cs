namespace ControlNetSharp.Training.Datasets;

/// <summary>Folders of pictures with captions in files of their own.</summary>
internal static class CaptionFiles
{
    /// <summary>No caption is longer; a file that is, is something else.</summary>
    private const int MaxBytes = 1 << 16;

    public static readonly string[] PictureEndings = [".png", ".jpg", ".jpeg", ".webp", ".bmp"];

    // Folders and files that begin with a dot belong to other programs; a loop of links ends at some depth.
    private static readonly EnumerationOptions Everywhere = new() { RecurseSubdirectories = true, MaxRecursionDepth = 16, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System, IgnoreInaccessible = false };

    /// <summary>Whether a picture has its caption beside it.</summary>
    public static bool AnyIn(string folder) => Pictures(folder).Any(picture => File.Exists(CaptionOf(picture)));

    /// <summary>Every picture; without a caption file its caption is empty.</summary>
    public static IEnumerable<DatasetEntry> Read(string folder) =>
        Pictures(folder).OrderBy(file => Path.GetRelativePath(folder, file).Replace('\\', '/'), StringComparer.Ordinal).Select(Example);

    private static IEnumerable<string> Pictures(string folder) =>
        Directory.EnumerateFiles(folder, "*", Everywhere).Where(file => PictureEndings.Contains(Path.GetExtension(file).ToLowerInvariant()));

    private static string CaptionOf(string picture) => Path.ChangeExtension(picture, ".txt");

    private static DatasetEntry Example(string picture)
    {
        var caption = CaptionOf(picture);
        return !File.Exists(caption) ? new TrainingExample(picture, null, "")
            : new FileInfo(caption).Length > MaxBytes ? new DatasetException(caption, $"has {new FileInfo(caption).Length} bytes; a caption has at most {MaxBytes}.")
            : new TrainingExample(picture, null, File.ReadAllText(caption).Trim());
    }
}
