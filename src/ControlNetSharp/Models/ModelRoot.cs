using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Models;

/// <summary>A file, or a folder that is one network, below a root.</summary>
/// <param name="Roles">What the folders that it lies in say it is; none where they do not say.</param>
/// <param name="Place">
/// The folder that names are relative to: the root, or the folder of another program's that says the role.
/// </param>
/// <param name="Name">Relative to the place, with forward slashes and the extension.</param>
/// <param name="Path">Where it is.</param>
internal sealed record PlacedModel(ModelRole Roles, string Place, string Name, string Path)
{
    /// <summary>Whether it can be asked for as this.</summary>
    public bool Serves(ModelRole role) => Roles == ModelRole.None || Roles.HasFlag(role);

    /// <summary>Whether a folder that it lies in, or the root itself, has a name that says it is this.</summary>
    public bool IsNamedFor(ModelRole role) =>
        (Roles | ModelLayout.RoleOf(System.IO.Path.GetFileName(Place))).HasFlag(role);

    /// <summary>
    /// What people may call it: the name with and without extension; a file of diffusers by its folder, too.
    /// </summary>
    public IEnumerable<string> Names
    {
        get
        {
            var stem = ModelLayout.WithoutExtension(Name);
            yield return Name;
            yield return stem;
            if (stem.LastIndexOf('/') is var slash and > 0 && stem[(slash + 1)..].StartsWith(ModelLayout.DiffusersStem))
            {
                yield return stem[..slash];
            }
        }
    }
}

/// <summary>
/// A folder in which models are looked for: the root of A1111, Forge or ComfyUI, the hub's cache, or any folder of
/// one's own.
/// </summary>
/// <param name="Folder">The full path; it need not exist.</param>
/// <param name="IsForeign">
/// Whether nobody named it as a folder of models, as the one that a model happens to lie in: then only its own files
/// count and those folders in it whose names say that models are there.
/// </param>
internal sealed record ModelRoot(string Folder, bool IsForeign)
{
    private const int DeepestSubfolder = 4;
    private const string HubPrefix = "models--";

    /// <summary>
    /// How deep below the folder of all models a model may lie for what is beside that folder to be found.
    /// </summary>
    private const int DeepestModel = 4;

    /// <summary>
    /// The folder of a model, and where that is in another program's folder of models, what is beside this.
    /// </summary>
    public static IEnumerable<string> Beside(string model)
    {
        var own = Path.GetDirectoryName(Path.GetFullPath(model)) ?? Path.GetFullPath(model);
        yield return own;
        var above = Ancestors(own)
            .Take(DeepestModel)
            .FirstOrDefault(folder => ModelLayout.RoleOf(Path.GetFileName(folder)).HasFlag(ModelRole.Model));
        if (above is not null && Path.GetDirectoryName(above) is { } parent)
        {
            var isModels = Path.GetFileName(parent) == ModelLayout.Models;
            yield return isModels && Path.GetDirectoryName(parent) is { } root ? root : parent;
        }
    }

    private static IEnumerable<string> Ancestors(string folder)
    {
        for (var own = folder; own is not null; own = Path.GetDirectoryName(own))
        {
            yield return own;
        }
    }

    /// <summary>Everything in it, its own files first.</summary>
    public IEnumerable<PlacedModel> List(FolderListings listings)
    {
        var own = listings.Of(Folder);
        var models = own.Folders.FirstOrDefault(name => name == ModelLayout.Models);
        // A program's folder has much beside its models (pictures, Python); only what says that it has models counts.
        var onlyNamed = IsForeign || models is not null;
        var walk = new Walk(listings, Folder, onlyNamed);
        var found = walk.Below(Folder, "", ModelRole.None, DeepestSubfolder);
        if (models is not null)
        {
            var folder = Path.Combine(Folder, models);
            var inside = new Walk(listings, folder, onlyNamed);
            found = found.Concat(inside.Below(folder, "", ModelRole.None, DeepestSubfolder));
        }

        if (onlyNamed)
        {
            found = found.Concat(
                ModelLayout.Elsewhere.SelectMany(known =>
                {
                    var folder = Path.Combine([Folder, .. known.Folder.Split('/')]);
                    return new Walk(listings, folder, OnlyNamed: false).Below(folder, "", known.Role, DeepestSubfolder);
                })
            );
        }

        return own.Folders.Any(name => name.StartsWith(HubPrefix)) ? found.Concat(Repositories()) : found;
    }

    /// <summary>The repositories of a hub cache, by organisation and name.</summary>
    private IEnumerable<PlacedModel> Repositories()
    {
        try
        {
            return ModelFolders
                .List(Folder)
                .Where(entry => Path.GetRelativePath(Folder, entry.Path).StartsWith(HubPrefix))
                .Select(entry => new PlacedModel(ModelRole.None, Folder, entry.Name, entry.Path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private sealed record Walk(FolderListings Listings, string Place, bool OnlyNamed)
    {
        public IEnumerable<PlacedModel> Below(string folder, string prefix, ModelRole roles, int depth)
        {
            var listing = Listings.Of(folder);
            foreach (var file in listing.Files)
            {
                yield return new PlacedModel(roles, Place, prefix + file, Path.Combine(folder, file));
            }

            foreach (var name in listing.Folders.Where(name => !name.StartsWith(HubPrefix)))
            {
                var inner = Path.Combine(folder, name);
                foreach (var model in Inside(inner, name, prefix, roles, depth))
                {
                    yield return model;
                }
            }
        }

        private IEnumerable<PlacedModel> Inside(string inner, string name, string prefix, ModelRole roles, int depth)
        {
            var role = ModelLayout.RoleOf(name);
            return Listings.Of(inner).IsOneNetwork ? [new PlacedModel(roles, Place, prefix + name, inner)]
                // The outermost folder with a role is what names are relative to; one inside it adds its role.
                : role != ModelRole.None && roles == ModelRole.None
                    ? new Walk(Listings, inner, OnlyNamed: false).Below(inner, "", role, DeepestSubfolder)
                : OnlyNamed || depth == 0 ? []
                : Below(inner, $"{prefix}{name}/", roles | role, depth - 1);
        }
    }
}
