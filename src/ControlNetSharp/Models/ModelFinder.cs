using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Models;

/// <summary>
/// Finds the files of models, ControlNets, Autoencoders, LoRAs, textual inversions, annotators and upscalers in the
/// folders of A1111, Forge, ComfyUI and diffusers: by path, by name (in any case, with or without extension,
/// subfolder, and hash in brackets), by another published name of the same network, or by hash. Usable by several
/// callers at once; files that come later are found.
/// </summary>
/// <remarks>
/// The first folder that has the name counts. In it, a file whose whole name is the one asked for comes before those in
/// subfolders, one in a folder for what is asked (<c>Lora</c>) before one that could be anything, the same spelling
/// before another case, and .safetensors before other containers; links to one file are that file. What then is still
/// more than one file is refused. A hash in brackets decides among files of one name and is not compared otherwise:
/// that would read gigabytes.
/// </remarks>
public sealed class ModelFinder
{
    /// <summary>The name of the embedded model, and of its folder beside the program.</summary>
    public const string Embedded = "pocket";

    private const int MostNearest = 5;

    /// <summary>
    /// Files and folders can be these; what prompts name, and weights of annotators, are files alone.
    /// </summary>
    private const ModelRole CanBeFolder = ModelRole.Model | ModelRole.ControlNet | ModelRole.Autoencoder;

    private readonly ModelFinderOptions _options;
    private readonly FolderListings _listings = new();

    /// <summary>Nothing is looked at before it is asked for.</summary>
    /// <param name="options">Where to look; null for the embedded model and the hub's cache alone.</param>
    public ModelFinder(ModelFinderOptions? options = null) => _options = options ?? new ModelFinderOptions();

    /// <summary>The hashes of files, computed when they are asked for.</summary>
    internal FileHashes Hashes { get; } = new();

    /// <summary>The folder of the embedded model; it need not exist.</summary>
    public string EmbeddedModel => Path.Combine(_options.EmbeddedFolder, "model");

    /// <summary>Finds a file, or a folder that is one network.</summary>
    /// <param name="role">What it is asked for as.</param>
    /// <param name="name">A path, name or hash; <see cref="Embedded"/> is the embedded model.</param>
    /// <param name="model">
    /// The model in whose folder is looked, too, and in the folders of another program that it lies in; or null.
    /// </param>
    /// <param name="cancellationToken">Stops between two files; matters where hashes are computed.</param>
    /// <exception cref="ModelNotFoundException">
    /// There is none or more than one, or it lies where it must not.
    /// </exception>
    /// <exception cref="CheckpointException">A file whose hash was needed cannot be read.</exception>
    public string Find(
        ModelRole role,
        string name,
        string? model = null,
        CancellationToken cancellationToken = default
    ) =>
        LookFor(role, name, model, cancellationToken) ?? throw NotFound(role, name, Missing(role, name), [name], model);

    /// <summary>The same; null where there is none.</summary>
    /// <inheritdoc cref="Find"/>
    public string? LookFor(
        ModelRole role,
        string name,
        string? model = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (role == ModelRole.Model && name == Embedded)
        {
            return Directory.Exists(EmbeddedModel)
                ? EmbeddedModel
                : throw new ModelNotFoundException(
                    name,
                    $"The embedded model is not beside the program (looked in {EmbeddedModel}); name a checkpoint."
                )
                {
                    Searched = [name],
                    Folders = [_options.EmbeddedFolder],
                };
        }

        var wanted = ModelName.Parse(name);
        var roots = Roots(role, model);
        return PathOf(role, name, roots)
            ?? FirstOf(wanted.Spellings, roots, role, wanted.Hash)
            ?? FirstOf(OtherNames(role, wanted.Plain), roots, role, wanted.Hash)
            ?? (wanted.Hash is { } hash ? OfHash(hash, role, roots, cancellationToken) : null)
            ?? FromSources(role, name, cancellationToken);
    }

    /// <summary>
    /// The file of a hash, whatever its name; null where there is none. Reads every file until it is found.
    /// </summary>
    /// <param name="role">What it is asked for as.</param>
    /// <param name="hash">
    /// SHA-256 or its first ten digits or more, A1111's old eight, or for LoRAs twelve of the tensors alone.
    /// </param>
    /// <param name="model">As for <see cref="Find"/>.</param>
    /// <param name="cancellationToken">Stops between two files.</param>
    /// <exception cref="ModelNotFoundException">Different files share the old hash.</exception>
    /// <exception cref="CheckpointException">A file cannot be read.</exception>
    public string? LookForHash(
        ModelRole role,
        string hash,
        string? model = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(hash);
        return OfHash(hash.ToLowerInvariant(), role, Roots(role, model), cancellationToken);
    }

    /// <summary>The ControlNet of a condition kind where none is named.</summary>
    /// <param name="kind">
    /// The kind's name, such as <c>canny</c>, or that of a variant, such as <c>lineart_anime</c>.
    /// </param>
    /// <param name="family">The model's family; one of a person's own is looked for under the names of SD 1.x.</param>
    /// <param name="model">
    /// The model's file or folder. The embedded model has ControlNets of its own and no others.
    /// </param>
    /// <exception cref="ModelNotFoundException">There is none, or two files have its name.</exception>
    public string ControlNetFor(string kind, ModelFamily? family, string model) =>
        ControlNetFor(kind, [], family, model);

    /// <summary>The same, with names that a kind of one's own gives its ControlNets.</summary>
    internal string ControlNetFor(string kind, IReadOnlyList<string> ownNames, ModelFamily? family, string model)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return LookForControlNet(kind, family, model)
            ?? FirstOf(ownNames, Roots(ModelRole.ControlNet, model), ModelRole.ControlNet, hash: null)
            ?? throw (
                IsEmbedded(model) && ownNames.Count == 0
                    ? new ModelNotFoundException(kind, $"The embedded model has no ControlNet for {kind}; name a file.")
                    {
                        Searched = [EmbeddedControlNet(kind)],
                        Folders = [_options.EmbeddedFolder],
                    }
                    : NotFound(
                        ModelRole.ControlNet,
                        kind,
                        $"No ControlNet was found for {kind} and the model's "
                            + $"family{(family is null ? "" : $" ({family.FullName})")}.",
                        [.. NamesFor(kind, family).Concat(ownNames).Select(name => name + ModelLayout.Extensions[0])],
                        model
                    )
            );
    }

    /// <summary>The same; null where there is none.</summary>
    /// <inheritdoc cref="ControlNetFor(string, ModelFamily?, string)"/>
    public string? LookForControlNet(string kind, ModelFamily? family, string model)
    {
        ArgumentNullException.ThrowIfNull(kind);
        if (IsEmbedded(model))
        {
            var file = Path.Combine(_options.EmbeddedFolder, EmbeddedControlNet(kind));
            return File.Exists(file) ? file : null;
        }

        var names = NamesFor(kind, family).ToList();
        return FirstOf(names, Roots(ModelRole.ControlNet, model), ModelRole.ControlNet, hash: null);
    }

    /// <summary>All that can be asked for as this, for people to choose from; links to one file count once.</summary>
    /// <param name="role">What it is asked for as.</param>
    /// <param name="model">As for <see cref="Find"/>.</param>
    /// <returns>Names relative to their folders, with extension, and paths.</returns>
    public IReadOnlyList<ModelEntry> List(ModelRole role, string? model = null)
    {
        var roots = Roots(role, model);
        return
        [
            .. roots
                .SelectMany(root => root.Files)
                .Where(file => RealPath.IsThere(file.Path) && MayRead(file.Path, roots))
                .DistinctBy(file => RealPath.Of(file.Path), StringComparer.Ordinal)
                .Select(file => new ModelEntry(file.Name, file.Path)),
        ];
    }

    /// <summary>
    /// The textual inversions by their files' names without folder and extension, which a prompt has among its words:
    /// so only those in folders whose names say that they are for them. Where two have one name, the first root counts,
    /// then the one in fewer folders, then the first ending.
    /// </summary>
    /// <param name="model">As for <see cref="Find"/>.</param>
    internal IReadOnlyDictionary<string, string> Embeddings(string? model)
    {
        var roots = Roots(ModelRole.Embedding, model);
        return roots
            .SelectMany(root =>
                root.Files.Where(file => file.IsNamedFor(ModelRole.Embedding))
                    .OrderBy(file => file.Name.Count(c => c == '/'))
                    .ThenBy(SearchedRoot.Rank)
            )
            .Where(file => RealPath.IsThere(file.Path) && MayRead(file.Path, roots))
            .DistinctBy(file => Path.GetFileNameWithoutExtension(file.Name), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(
                file => Path.GetFileNameWithoutExtension(file.Name),
                file => file.Path,
                StringComparer.OrdinalIgnoreCase
            );
    }

    private static IReadOnlyList<string> OtherNames(ModelRole role, string name) =>
        role == ModelRole.Upscaler ? PublishedUpscalers.OthersOf(name) : PublishedNames.OthersOf(name);

    private static string EmbeddedControlNet(string kind) => $"controlnet_{kind}.safetensors";

    private static IEnumerable<string> NamesFor(string kind, ModelFamily? family) =>
        PublishedNames.RunnableFor(kind, family).SelectMany(network => network.Names);

    private bool IsEmbedded(string model) => RealPath.Of(model) == RealPath.Of(EmbeddedModel);

    /// <summary>The folders with what is in them, each listed when it is come to.</summary>
    private IReadOnlyList<SearchedRoot> Roots(ModelRole role, string? model)
    {
        var named = _options.Folders.Select(folder => new ModelRoot(Path.GetFullPath(folder), IsForeign: false));
        var beside = model is null || IsEmbedded(model) ? [] : ModelRoot.Beside(model);
        var others = beside
            .Append(_options.EmbeddedFolder)
            .Append(_options.HubCache)
            .OfType<string>()
            .Select(folder => new ModelRoot(Path.GetFullPath(folder), IsForeign: true));
        SearchedRoot Listed(ModelRoot root) =>
            new(
                root.Folder,
                // What lies in a folder for it comes before what could be anything.
                new(() =>
                    [
                        .. root.List(_listings)
                            .Where(file => file.Serves(role))
                            .OrderByDescending(file => file.IsNamedFor(role)),
                    ]
                )
            );
        return [.. named.Concat(others).DistinctBy(root => root.Folder, StringComparer.Ordinal).Select(Listed)];
    }

    /// <summary>The name as a path, where it is one and may be.</summary>
    private string? PathOf(ModelRole role, string name, IReadOnlyList<SearchedRoot> roots)
    {
        var isThere = CanBeFolder.HasFlag(role)
            ? RealPath.IsThere(name)
            : ModelLayout.IsWeights(name) && File.Exists(name);
        return isThere && (_options.AllowPaths || (Path.IsPathRooted(name) && MayRead(name, roots))) ? name : null;
    }

    /// <summary>The first of some names in the first root that has one of them.</summary>
    private string? FirstOf(
        IReadOnlyList<string> names,
        IReadOnlyList<SearchedRoot> roots,
        ModelRole role,
        string? hash
    ) =>
        roots
            .SelectMany(root => names.Select(name => Match(name, root, roots, role, hash)))
            .FirstOrDefault(found => found is not null);

    /// <summary>The file of a name in one root.</summary>
    private string? Match(
        string name,
        SearchedRoot root,
        IReadOnlyList<SearchedRoot> roots,
        ModelRole role,
        string? hash
    )
    {
        foreach (var meant in root.Meant(name))
        {
            var files = meant;
            if (files.Count > 1 && hash is not null)
            {
                files = files.Where(file => Has(file, hash, role)) is var same && same.Any() ? [.. same] : files;
            }

            switch (files)
            {
                case [var one]:
                    return MayRead(one, roots)
                        ? one
                        : throw new ModelNotFoundException(
                            name,
                            $"\"{name}\" is a link that leads out of what may be read: {FoldersOf(roots)}."
                        )
                        {
                            Searched = [name],
                            Folders = [.. roots.Select(r => r.Folder)],
                        };
                case [_, ..]:
                    throw new ModelNotFoundException(
                        name,
                        $"\"{name}\" can mean {string.Join(", ", files)}; write the folder, too."
                    )
                    {
                        Searched = [name],
                        Folders = [root.Folder],
                        Candidates = files,
                    };
            }
        }

        return null;
    }

    private string? OfHash(
        string hash,
        ModelRole role,
        IReadOnlyList<SearchedRoot> roots,
        CancellationToken cancellationToken
    )
    {
        var found = new List<string>();
        var files = roots.SelectMany(root => root.Files).Select(file => file.Path).Where(RealPath.IsThere);
        foreach (var file in files.DistinctBy(RealPath.Of, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (MayRead(file, roots) && Has(file, hash, role))
            {
                found.Add(file);
                if (hash.Length > CheckpointHash.OldDigits)
                {
                    return file;
                }
            }
        }

        // Different files can share an old hash; copies of one file are the same.
        return found.Count < 2 || found.DistinctBy(Hashes.Sha256Of, StringComparer.Ordinal).Count() < 2
            ? found.FirstOrDefault()
            : throw new ModelNotFoundException(hash, $"The hash {hash} can mean {string.Join(", ", found)}; name one.")
            {
                Searched = [hash],
                Folders = [.. roots.Select(root => root.Folder)],
                Candidates = found,
            };
    }

    private string? FromSources(ModelRole role, string name, CancellationToken cancellationToken) =>
        _options
            .Sources.Select(source => source.Find(role, name, cancellationToken))
            .FirstOrDefault(path => path is not null);

    private bool Has(string file, string hash, ModelRole role) =>
        hash.Length == CheckpointHash.OldDigits
            ? File.Exists(file) && Hashes.OldOf(file) == hash
            : Hashes.Sha256Of(file).StartsWith(hash)
                || (
                    role == ModelRole.Lora
                    && hash.Length >= CheckpointHash.NetworkDigits
                    && Hashes.LoraOf(file).StartsWith(hash)
                );

    private bool MayRead(string path, IReadOnlyList<SearchedRoot> roots)
    {
        if (_options.AllowPaths)
        {
            return true;
        }

        var real = RealPath.Of(path);
        return roots.Any(root => RealPath.IsWithin(real, RealPath.Of(root.Folder)));
    }

    /// <summary>A name that looks like a path is one.</summary>
    private static string Missing(ModelRole role, string name) =>
        !ModelLayout.IsWeights(name) && !name.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? $"No {WordOf(role)} was found for \"{name}\"."
            : $"there is no such file, and no {WordOf(role)} of this "
                + $"name.{(role == ModelRole.Model ? $" '{Embedded}' is the embedded model." : "")}";

    private ModelNotFoundException NotFound(
        ModelRole role,
        string name,
        string missing,
        IReadOnlyList<string> searched,
        string? model
    )
    {
        var roots = Roots(role, model);
        var known = List(role, model).Select(entry => entry.Name);
        var nearest = NearNames.Of(ModelName.Parse(name).Plain, known, MostNearest);
        var names =
            searched.Count == 0 ? " None is published for it; name a file."
            : searched is [var only] && only == name ? ""
            : $" Searched for {string.Join(", ", searched)}.";
        var near = nearest.Count == 0 ? "" : $" There are {string.Join(", ", nearest)}.";
        var asked = string.Join(", ", _options.Sources.Select(source => source.GetType().Name));
        var sources = asked.Length == 0 ? "" : $", and asked {asked}";
        var text = $"{missing}{names} Searched in {FoldersOf(roots)}{sources}.{near}";
        return new ModelNotFoundException(name, text)
        {
            Searched = searched,
            Folders = [.. roots.Select(root => root.Folder)],
            Nearest = nearest,
        };
    }

    private static string FoldersOf(IReadOnlyList<SearchedRoot> roots) =>
        string.Join(", ", roots.Select(root => root.Folder));

    private static string WordOf(ModelRole role) =>
        role switch
        {
            ModelRole.Model => "model",
            ModelRole.Lora => "LoRA",
            ModelRole.Embedding => "textual inversion",
            ModelRole.Annotator => "file with an annotator's weights",
            ModelRole.Upscaler => "upscaler",
            ModelRole.ImageEncoder => "image encoder",
            _ => role.ToString(),
        };
}
