namespace ControlNetSharp.Checkpoints;

/// <summary>A checkpoint on the disk.</summary>
/// <param name="Name">What people call it: its file name, or organisation and name of a repository.</param>
/// <param name="Path">File or folder, as <see cref="CheckpointFiles.Open"/> takes it.</param>
public sealed record ModelEntry(string Name, string Path);

/// <summary>
/// Finds checkpoints where other programs put them: in the folders of A1111 and ComfyUI, in the cache of the Hugging
/// Face hub, and in plain folders. Files are told by their extension here;
/// nothing is opened. Source: A1111 modules/paths.py and sd-webui-controlnet, ComfyUI folder_paths.py, huggingface_hub
/// constants.py (names of folders).
/// </summary>
internal static class ModelFolders
{
    private const int DeepestSubfolder = 4;
    private const string HubPrefix = "models--";
    private static readonly string[] Extensions = [".safetensors", ".ckpt", ".pt", ".pth", ".bin"];

    /// <summary>
    /// Folders below the root of A1111 or ComfyUI; the first part is left out where the root is that folder.
    /// </summary>
    private static readonly string[] Known =
    [
        "models/Stable-diffusion",
        "models/ControlNet",
        "models/VAE",
        "models/Lora",
        "models/LyCORIS",
        "models/checkpoints",
        "models/controlnet",
        "models/vae",
        "models/loras",
        "models/diffusers",
        "models/unet",
        "models/diffusion_models",
        "models/clip",
        "models/text_encoders",
        "models/embeddings",
        "extensions/sd-webui-controlnet/models",
        "embeddings",
    ];

    /// <summary>
    /// The cache of the Hugging Face hub on this machine, as its own tools find it; it need not exist.
    /// </summary>
    public static string HubCache => Variable("HF_HUB_CACHE") ?? Path.Combine(HubHome, "hub");

    /// <summary>The folder in which the hub's tools keep cache and token.</summary>
    internal static string HubHome =>
        Variable("HF_HOME")
        ?? Path.Combine(
            Variable("XDG_CACHE_HOME")
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "huggingface"
        );

    /// <summary>
    /// The checkpoints below a folder, in the order of their paths; a folder in diffusers' layout is one. What cannot
    /// be looked into is left out.
    /// </summary>
    /// <param name="root">
    /// The root of A1111 or ComfyUI, its <c>models</c> folder, a hub cache, or a folder with checkpoints in it.
    /// </param>
    public static IReadOnlyList<ModelEntry> List(string root)
    {
        ArgumentNullException.ThrowIfNull(root);
        if (!Directory.Exists(root))
        {
            return [];
        }

        var folders = Known
            .SelectMany(folder =>
                new[]
                {
                    Path.Combine(root, folder),
                    Path.Combine(root, folder[(folder.IndexOf('/', StringComparison.Ordinal) + 1)..]),
                }
            )
            .Where(Directory.Exists);
        return
        [
            .. Directory
                .GetDirectories(root, HubPrefix + "*")
                .SelectMany(Repository)
                .Concat(Below(root, 0))
                .Concat(folders.SelectMany(folder => Below(folder, DeepestSubfolder)))
                .DistinctBy(entry => Path.GetFullPath(entry.Path), StringComparer.Ordinal)
                .OrderBy(entry => entry.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>A variable of the environment; null where it is not set or empty.</summary>
    internal static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>
    /// A repository of the hub: the snapshot that its main branch points at, or every one where it has none.
    /// </summary>
    private static IEnumerable<ModelEntry> Repository(string folder)
    {
        var name = Path.GetFileName(folder)[HubPrefix.Length..].Replace("--", "/", StringComparison.Ordinal);
        var (main, snapshots) = (Path.Combine(folder, "refs", "main"), Path.Combine(folder, "snapshots"));
        var current = File.Exists(main)
            ? Path.Combine(snapshots, Path.GetFileName(File.ReadAllText(main).Trim()))
            : null;
        var found =
            current is not null && Directory.Exists(current) ? [current]
            : Directory.Exists(snapshots) ? Directory.GetDirectories(snapshots)
            : [];
        return found.SelectMany(snapshot =>
            IsFolderOfWeights(snapshot)
                ? [new ModelEntry(name, snapshot)]
                : Below(snapshot, 1).Select(entry => entry with { Name = $"{name}/{entry.Name}" })
        );
    }

    private static IEnumerable<ModelEntry> Below(string folder, int depth)
    {
        foreach (
            var file in Directory
                .GetFiles(folder)
                .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
        )
        {
            yield return new ModelEntry(Path.GetFileName(file), file);
        }

        foreach (
            var inner in Directory
                .GetDirectories(folder)
                .Where(inner =>
                    !Path.GetFileName(inner).StartsWith('.')
                    && !Path.GetFileName(inner).StartsWith(HubPrefix, StringComparison.Ordinal)
                )
        )
        {
            var isOne = IsFolderOfWeights(inner);
            foreach (
                var entry in isOne ? [new ModelEntry(Path.GetFileName(inner), inner)]
                : depth > 0 ? Below(inner, depth - 1)
                : []
            )
            {
                yield return entry;
            }
        }
    }

    /// <summary>
    /// Whether a folder is one checkpoint: a whole model of diffusers, or one network with its configuration.
    /// </summary>
    private static bool IsFolderOfWeights(string folder) =>
        File.Exists(Path.Combine(folder, DiffusersFolder.Index))
        || (
            File.Exists(Path.Combine(folder, DiffusersFolder.Config))
            && Directory.GetFiles(folder, "diffusion_pytorch_model*").Length > 0
        );
}
