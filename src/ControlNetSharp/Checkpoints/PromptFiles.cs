using ControlNetSharp.Runtime;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Finds the files that prompts name by their file names without the extension, in the folders where A1111 and ComfyUI
/// keep them: LoRAs (<c>models/Lora</c>, <c>models/loras</c>) and textual inversions (<c>embeddings</c>,
/// <c>models/embeddings</c>).
/// Source: A1111 extensions-builtin/Lora/networks.py and modules/textual_inversion, ComfyUI folder_paths.py (names of
/// folders).
/// </summary>
public sealed class PromptFiles
{
    private const int DeepestSubfolder = 4;
    private static readonly string[] LoraFolders = ["Lora", "loras", "LyCORIS"];
    private static readonly string[] EmbeddingFolders = ["embeddings"];

    /// <summary>In the order in which they count where two files have one name.</summary>
    private static readonly string[] Extensions = [".safetensors", ".ckpt", ".pt", ".bin"];

    /// <summary>Folders in which models lie; those of LoRAs are beside them.</summary>
    private static readonly string[] ModelFolderNames =
    [
        "Stable-diffusion",
        "checkpoints",
        "diffusers",
        "unet",
        "diffusion_models",
    ];

    private readonly IReadOnlyList<string> _roots;
    private readonly IReadOnlyDictionary<string, string>? _loras;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _embeddings;

    /// <summary>
    /// Files below some folders: the roots of A1111 or ComfyUI, their <c>models</c> folders, or any others with a
    /// folder for LoRAs in them.
    /// </summary>
    public PromptFiles(IEnumerable<string> roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        _roots = [.. roots.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal)];
        // Where two files have one name, the first root counts, then the one in fewer folders, then the first ending.
        _embeddings = new(() =>
            Folders(EmbeddingFolders)
                .SelectMany(folder =>
                    Below(folder)
                        .OrderBy(file => Depth(file.Name))
                        .ThenBy(file => Rank(file.Path))
                        .ThenBy(file => file.Name, StringComparer.Ordinal)
                )
                .DistinctBy(file => Path.GetFileName(file.Name), StringComparer.OrdinalIgnoreCase)
                .ToDictionary(file => Path.GetFileName(file.Name), file => file.Path, StringComparer.OrdinalIgnoreCase)
        );
    }

    private PromptFiles(IReadOnlyDictionary<string, string> loras, IReadOnlyDictionary<string, string> embeddings) =>
        (_roots, _loras, _embeddings) = ([], loras, new(embeddings));

    /// <summary>These files and no others.</summary>
    /// <param name="loras">LoRAs by the names that the prompt has for them.</param>
    /// <param name="embeddings">Textual inversions, likewise.</param>
    public static PromptFiles Of(
        IReadOnlyDictionary<string, string> loras,
        IReadOnlyDictionary<string, string> embeddings
    ) => new(loras, embeddings);

    /// <summary>No folder at all: prompts that name files are refused.</summary>
    public static PromptFiles None { get; } = new([]);

    /// <summary>
    /// Files beside a model: below a folder of one's own, below the model's folder, and where that is a folder of
    /// another program's, below its root.
    /// </summary>
    /// <param name="model">File or folder of the model.</param>
    /// <param name="folder">The folder of one's own, which counts first; null for none.</param>
    public static PromptFiles Beside(string model, string? folder)
    {
        var own = Path.GetDirectoryName(Path.GetFullPath(model))!;
        var roots = new List<string>([.. folder is null ? [] : new[] { folder }, own]);
        // Models may lie in folders below that of all models.
        var all = Ancestors(own)
            .Take(DeepestSubfolder)
            .FirstOrDefault(above =>
                ModelFolderNames.Contains(Path.GetFileName(above), StringComparer.OrdinalIgnoreCase)
            );
        if (all is not null)
        {
            roots.AddRange(
                Ancestors(all).Skip(1).Take(Path.GetFileName(Path.GetDirectoryName(all)) == "models" ? 2 : 1)
            );
        }

        return new PromptFiles(roots);
    }

    /// <summary>The files of textual inversions by the names that prompts have for them.</summary>
    public IReadOnlyDictionary<string, string> Embeddings => _embeddings.Value;

    /// <summary>The files of LoRAs by the names that a prompt has for them, where these were said; else none.</summary>
    internal IReadOnlyDictionary<string, string> Loras => _loras ?? new Dictionary<string, string>();

    /// <summary>The names of textual inversions that a prompt has, each once, in their order.</summary>
    /// <param name="pieces">The prompt.</param>
    internal IReadOnlyList<string> NamedIn(IEnumerable<WeightedText> pieces)
    {
        using var inversions = new TextualInversions(Embeddings.Keys, _ => []);
        return inversions.NamesIn(pieces);
    }

    /// <summary>The same for the text encoders of a model; a file is read when a prompt has its name.</summary>
    /// <param name="texts">The text encoders. Borrowed.</param>
    /// <param name="family">The model's family.</param>
    /// <param name="placement">Where they are.</param>
    internal TextualInversions Inversions(
        IReadOnlyList<ITextEncoder> texts,
        ModelFamily family,
        Placement placement
    ) => new(Embeddings.Keys, name => TextualInversionFile.Read(Embeddings[name], texts, family, placement));

    /// <summary>The file of a LoRA.</summary>
    /// <param name="name">Its name without the extension; a folder may stand before it, as in <c>style/ink</c>.</param>
    /// <exception cref="ArgumentException">
    /// There is none or more than one; the message names what was searched and found.
    /// </exception>
    public string FindLora(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_loras is not null)
        {
            return _loras.TryGetValue(name, out var file)
                ? file
                : throw new ArgumentException(
                    $"The prompt asks for the LoRA \"{name}\", which is none of the files that belong to it: "
                        + $"{string.Join(", ", _loras.Keys)}.",
                    nameof(name)
                );
        }

        var folders = Folders(LoraFolders).ToList();
        var known = folders.SelectMany(Below).ToList();
        // The same spelling counts first, then the first folder, then the whole name before the file's alone.
        foreach (var comparison in new[] { StringComparison.Ordinal, StringComparison.OrdinalIgnoreCase })
        {
            var namesakes =
                known
                    .Where(file =>
                        file.Name.Equals(name, comparison) || Path.GetFileName(file.Name).Equals(name, comparison)
                    )
                    .GroupBy(file => file.Folder, StringComparer.Ordinal)
                    .FirstOrDefault()
                    ?.ToList()
                ?? [];
            var whole = namesakes.FindAll(file => file.Name.Equals(name, comparison));
            var found = (whole.Count > 0 ? whole : namesakes)
                .GroupBy(file => file.Name, StringComparer.Ordinal)
                .Select(group => group.MinBy(file => Rank(file.Path)))
                .OrderBy(file => Depth(file.Name))
                .ThenBy(file => file.Name, StringComparer.Ordinal)
                .DistinctBy(file => RealPath(file.Path), StringComparer.Ordinal)
                .ToList();
            if (found.Count == 1)
            {
                return found[0].Path;
            }

            if (found.Count > 1)
            {
                var names = string.Join(", ", found.Select(file => file.Name).Order(StringComparer.Ordinal));
                throw new ArgumentException(
                    $"The prompt asks for the LoRA \"{name}\", of which there are several: {names}; write the folder, "
                        + "too.",
                    nameof(name)
                );
            }
        }

        var others = known
            .Select(file => Path.GetFileName(file.Name))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToList();
        var below = _roots.Count > 0 ? $" below {string.Join(", ", _roots)}" : "";
        var places =
            folders.Count > 0 ? string.Join(", ", folders) : $"a folder {string.Join(" or ", LoraFolders)}{below}";
        throw new ArgumentException(
            $"The prompt asks for the LoRA \"{name}\"; there is no file {name}{string.Join(" or ", Extensions)} in "
                + $"{places}."
                + (
                    others.Count == 0
                        ? ""
                        : $" There are {string.Join(", ", others.Take(10))}{(others.Count > 10 ? ", …" : "")}."
                ),
            nameof(name)
        );
    }

    /// <summary>A folder and those that it lies in, up to the root.</summary>
    private static IEnumerable<string> Ancestors(string folder)
    {
        for (var own = folder; own is not null; own = Path.GetDirectoryName(own))
        {
            yield return own;
        }
    }

    private IEnumerable<string> Folders(IReadOnlyList<string> names) =>
        _roots
            .SelectMany(root =>
                new[] { root, Path.Combine(root, "models") }
                    .SelectMany(parent => names.Select(name => Path.Combine(parent, name)))
                    .Prepend(names.Contains(Path.GetFileName(root), StringComparer.OrdinalIgnoreCase) ? root : "")
            )
            .Where(Directory.Exists)
            .DistinctBy(
                folder => new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder,
                StringComparer.Ordinal
            );

    private static int Depth(string name) => name.Count(c => c == '/');

    private static int Rank(string file) => Array.IndexOf(Extensions, Path.GetExtension(file).ToLowerInvariant());

    /// <summary>Where a file lies when the links on the way to it are followed.</summary>
    private static string RealPath(string file)
    {
        var real = Path.GetPathRoot(file)!;
        foreach (var part in file[real.Length..].Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar))
        {
            var own = Path.Combine(real, part);
            try
            {
                real = new DirectoryInfo(own).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? own;
            }
            catch (IOException)
            {
                // Links in a circle lead nowhere: such a file is no other's namesake.
                return file;
            }
        }

        return real;
    }

    /// <summary>
    /// The files of a folder: their names without extension, relative to it and with forward slashes.
    /// </summary>
    private static IEnumerable<(string Folder, string Name, string Path)> Below(string folder) =>
        Directory
            .EnumerateFiles(
                folder,
                "*",
                new EnumerationOptions
                {
                    RecurseSubdirectories = true,
                    MaxRecursionDepth = DeepestSubfolder,
                    IgnoreInaccessible = true,
                }
            )
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Select(file =>
                (folder, Path.ChangeExtension(Path.GetRelativePath(folder, file), null).Replace('\\', '/'), file)
            );
}
