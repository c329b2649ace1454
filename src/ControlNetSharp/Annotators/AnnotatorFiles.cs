namespace ControlNetSharp.Annotators;

/// <summary>
/// The folders in which annotators look for their weights; those that come with the embedded model are looked for
/// beside the program, too.
/// </summary>
/// <param name="Folders">
/// Searched in this order; those that do not exist are passed over. The folders in them are not searched, but for those
/// of other programs, whose annotators each have one.
/// </param>
public sealed record AnnotatorFiles(IReadOnlyList<string> Folders)
{
    /// <summary>
    /// Where A1111, Forge and ComfyUI keep weights of annotators below a root: in a folder for each annotator
    /// (<c>openpose</c>, <c>normal_bae</c>), or for each organisation and repository (<c>lllyasviel/Annotators</c>), or
    /// as the hub's cache has them.
    /// </summary>
    private static readonly string[] Inner =
    [
        "annotators",
        "Annotators",
        "ControlNet/annotators",
        "ControlNetPreprocessor",
        "models/annotators",
        "models/ControlNetPreprocessor",
        "extensions/sd-webui-controlnet/annotator/downloads",
        "custom_nodes/comfyui_controlnet_aux/ckpts",
    ];

    /// <summary>As deep as the hub's cache: repository, snapshots, revision.</summary>
    private static readonly EnumerationOptions InnerFolders = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 2,
        IgnoreInaccessible = true,
    };

    /// <summary>Where the package ControlNetSharp.Pocket puts its files.</summary>
    private static string EmbeddedFolder => Path.Combine(AppContext.BaseDirectory, "pocket");

    /// <summary>No folders: enough for annotators that work with nothing downloaded.</summary>
    public static AnnotatorFiles None { get; } = new([]);

    /// <summary>
    /// Some folders, and those in them where A1111, Forge and ComfyUI keep weights of annotators, with their own
    /// folders.
    /// </summary>
    public static AnnotatorFiles Below(IEnumerable<string> folders)
    {
        var all = folders.ToList();
        string[] Nested(string folder) => [.. Inner.Select(inner => Path.Combine([folder, .. inner.Split('/')]))];
        return new([.. all.SelectMany(folder => Nested(folder).Prepend(folder))])
        {
            Nests = all.SelectMany(Nested).ToHashSet(StringComparer.Ordinal),
        };
    }

    /// <summary>Those of <see cref="Folders"/> whose own folders are searched, too.</summary>
    private HashSet<string> Nests { get; init; } = [];

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
    /// <inheritdoc cref="Find(AnnotatorInfo)" path="/returns|/exception"/>
    public string Find(AnnotatorInfo info, AnnotatorWeights weights)
    {
        IReadOnlyList<string> folders = weights.IsEmbedded ? [.. Folders, EmbeddedFolder] : Folders;
        foreach (var folder in folders.SelectMany(WithInner))
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

    /// <summary>A folder, and where it is a nest those in it, in the order of their names.</summary>
    private IEnumerable<string> WithInner(string folder) =>
        Nests.Contains(folder) && Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder, "*", InnerFolders).Order(StringComparer.Ordinal).Prepend(folder)
            : [folder];

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
