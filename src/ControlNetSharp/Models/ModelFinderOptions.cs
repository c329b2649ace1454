using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Models;

/// <summary>Where a <see cref="ModelFinder"/> looks.</summary>
public sealed record ModelFinderOptions
{
    /// <summary>
    /// The user's folders, searched in this order before all others; those that do not exist are passed over.
    /// </summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Where the package ControlNetSharp.Pocket puts the embedded model.</summary>
    public string EmbeddedFolder { get; init; } = Path.Combine(AppContext.BaseDirectory, ModelFinder.Embedded);

    /// <summary>
    /// The cache of the Hugging Face hub, searched last; null for none. HF_HUB_CACHE and HF_HOME say where it is.
    /// </summary>
    public string? HubCache { get; init; } = ModelFolders.HubCache;

    /// <summary>
    /// Asked in this order for what was named and is in none of the folders; what they bring may be read wherever it
    /// lies.
    /// </summary>
    public IReadOnlyList<IModelSource> Sources { get; init; } = [];

    /// <summary>
    /// Whether a name may be a path to anywhere. Where strangers give the names it must not: then only what lies in the
    /// folders is found, and a symbolic link that leads out of them is refused.
    /// </summary>
    public bool AllowPaths { get; init; } = true;
}
