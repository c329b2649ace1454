namespace ControlNetSharp.Annotators;

/// <summary>
/// The folders in which annotators look for their weights; those that come with the embedded model are looked for
/// beside the program, too.
/// </summary>
/// <param name="Folders">
/// Searched in this order, themselves and not the folders in them; those that do not exist are passed over.
/// </param>
public sealed record AnnotatorFiles(IReadOnlyList<string> Folders)
{
    private static readonly string[] Inner =
    [
        "annotators",
        "Annotators",
        "ControlNet/annotators",
        "models/ControlNetPreprocessor",
        "extensions/sd-webui-controlnet/annotator/downloads",
    ];

    /// <summary>Where the package ControlNetSharp.Pocket puts its files.</summary>
    private static string EmbeddedFolder => Path.Combine(AppContext.BaseDirectory, "pocket");

    /// <summary>No folders: enough for annotators that work with nothing downloaded.</summary>
    public static AnnotatorFiles None { get; } = new([]);

    /// <summary>Some folders, and those in them where A1111 and ComfyUI keep weights of annotators.</summary>
    public static AnnotatorFiles Below(IEnumerable<string> folders) =>
        new([.. folders.SelectMany(folder => Inner.Select(inner => Path.Combine(folder, inner)).Prepend(folder))]);

    /// <summary>Finds the weights of an annotator.</summary>
    /// <param name="info">An annotator that has <see cref="AnnotatorInfo.Weights"/>.</param>
    /// <returns>The full path.</returns>
    /// <exception cref="FileNotFoundException">
    /// It is in none of the folders: the message names the files, the folders, and what works without weights.
    /// </exception>
    public string Find(AnnotatorInfo info) =>
        Find(
            info,
            info.Weights ?? throw new ArgumentException($"The annotator {info.Name} needs no weights.", nameof(info))
        );

    /// <summary>Finds all files of an annotator; none where it needs none.</summary>
    /// <inheritdoc cref="Find(AnnotatorInfo)"/>
    internal IReadOnlyList<string> FindAll(AnnotatorInfo info) =>
        [
            .. info
                .FurtherWeights.Prepend(info.Weights)
                .OfType<AnnotatorWeights>()
                .Select(weights => Find(info, weights)),
        ];

    /// <summary>Finds one of the files of an annotator that needs several.</summary>
    /// <param name="info">The annotator.</param>
    /// <param name="weights">
    /// Its <see cref="AnnotatorInfo.Weights"/>, or one of its <see cref="AnnotatorInfo.FurtherWeights"/>.
    /// </param>
    /// <inheritdoc cref="Find(AnnotatorInfo)"/>
    public string Find(AnnotatorInfo info, AnnotatorWeights weights)
    {
        IReadOnlyList<string> folders = weights.IsEmbedded ? [.. Folders, EmbeddedFolder] : Folders;
        foreach (var folder in folders)
        {
            if (weights.FileNames.Select(name => FileIn(folder, name)).OfType<string>().FirstOrDefault() is { } path)
            {
                return path;
            }
        }

        var builtIn = AnnotatorCatalogue.All.FirstOrDefault(other =>
            other.Kind == info.Kind && !other.NeedsDownload && other.Weights != weights
        );
        throw new FileNotFoundException(
            $"The annotator {info.Name} needs {string.Join(" or ", weights.FileNames)} (from {weights.Origin}); "
                + $"searched in {(folders.Count == 0 ? "no folder" : string.Join(", ", folders))}. "
                + (
                    builtIn is null
                        ? "Give a finished hint instead (annotator=none)."
                        : $"With nothing downloaded there is {builtIn.Name}."
                ),
            weights.FileNames[0]
        );
    }

    /// <summary>A file of a folder; null where it is not there.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The name, in which a star stands for anything: the first in order of names counts.</param>
    private static string? FileIn(string folder, string name)
    {
        if (!name.Contains('*', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(Path.Combine(folder, name));
            return File.Exists(path) ? path : null;
        }

        return Directory.Exists(folder)
            ? Directory
                .EnumerateFiles(folder, name)
                .Order(StringComparer.Ordinal)
                .Select(Path.GetFullPath)
                .FirstOrDefault()
            : null;
    }
}
