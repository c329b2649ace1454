namespace ControlNetSharp.Training.Datasets;

/// <summary>Folders of pictures with captions in files of their own.</summary>
internal static class CaptionFiles
{
    /// <summary>No caption is longer; a file that is, is something else.</summary>
    private const int MaxBytes = 1 << 16;

    public static readonly string[] PictureEndings = [".png", ".jpg", ".jpeg", ".webp", ".bmp"];

    // Folders and files that begin with a dot belong to other programs; a loop of links ends at some depth.
    private static readonly EnumerationOptions Everywhere = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 16,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false,
    };

    /// <summary>Whether a picture has its caption beside it.</summary>
    public static bool AnyIn(string folder) => Pictures(folder).Any(picture => File.Exists(CaptionOf(picture)));

    /// <summary>Every picture; without a caption file its caption is empty.</summary>
    public static IEnumerable<DatasetEntry> Read(string folder) =>
        Pictures(folder)
            .OrderBy(file => Path.GetRelativePath(folder, file).Replace('\\', '/'), StringComparer.Ordinal)
            .Select(Example);

    private static IEnumerable<string> Pictures(string folder) =>
        Directory
            .EnumerateFiles(folder, "*", Everywhere)
            .Where(file => PictureEndings.Contains(Path.GetExtension(file).ToLowerInvariant()));

    /// <summary>What of a folder is read, in words.</summary>
    public static string WhatIsRead =>
        $"a picture ends in {string.Join(", ", PictureEndings)}, its caption has the same name and ends in .txt";

    /// <summary>Files that are neither pictures nor captions of one, in ordinal order.</summary>
    public static IReadOnlyList<string> LeftOut(string folder)
    {
        var read = Pictures(folder)
            .SelectMany(picture => new[] { picture, CaptionOf(picture) })
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. Directory
                .EnumerateFiles(folder, "*", Everywhere)
                .Where(file => !read.Contains(file))
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Pictures whose caption is that of another one, too, such as a.png and a.jpg.</summary>
    public static IEnumerable<string> SharingACaption(IEnumerable<string> pictures) =>
        pictures
            .GroupBy(CaptionOf)
            .Where(group => group.Count() > 1 && File.Exists(group.Key))
            .SelectMany(group => group);

    /// <summary>Where the caption of a picture is, if it has one.</summary>
    public static string CaptionOf(string picture) => Path.ChangeExtension(picture, ".txt");

    private static DatasetEntry Example(string picture)
    {
        var caption = CaptionOf(picture);
        return !File.Exists(caption) ? new TrainingExample(picture, null, "")
            : new FileInfo(caption).Length > MaxBytes
                ? new DatasetException(
                    caption,
                    $"has {new FileInfo(caption).Length} bytes; a caption has at most {MaxBytes}."
                )
            : new TrainingExample(picture, null, File.ReadAllText(caption).Trim());
    }
}
