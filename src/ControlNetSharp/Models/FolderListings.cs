using System.Collections.Concurrent;
using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Models;

/// <summary>What is in a folder itself, as far as it can matter for models.</summary>
/// <param name="Files">Names of files that can hold weights, in ordinal order.</param>
/// <param name="Folders">Names of folders that are not hidden, in ordinal order.</param>
/// <param name="IsOneNetwork">
/// Whether it is one checkpoint: a model of diffusers, or one network with its configuration.
/// </param>
internal sealed record FolderListing(IReadOnlyList<string> Files, IReadOnlyList<string> Folders, bool IsOneNetwork)
{
    public static FolderListing Nothing { get; } = new([], [], false);
}

/// <summary>
/// Lists folders when they are asked for, and again only when they have changed since: a server sees new files.
/// </summary>
internal sealed class FolderListings
{
    /// <summary>
    /// File systems write times as coarse as this; until it has passed a further change may show no later time.
    /// </summary>
    private static readonly TimeSpan CoarsestTime = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, (DateTime Written, FolderListing Listing)> _known = new(
        StringComparer.Ordinal
    );

    /// <summary>What is in a folder; nothing where there is none or it cannot be looked into.</summary>
    public FolderListing Of(string folder)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return FolderListing.Nothing;
            }

            // The time of a link is its own.
            var written = Directory.GetLastWriteTimeUtc(RealPath.Of(folder));
            if (_known.TryGetValue(folder, out var known) && known.Written == written)
            {
                return known.Listing;
            }

            var isSettled = DateTime.UtcNow - written > CoarsestTime;
            var listing = Read(folder);
            if (isSettled)
            {
                _known[folder] = (written, listing);
            }

            return listing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return FolderListing.Nothing;
        }
    }

    private static FolderListing Read(string folder)
    {
        static IEnumerable<string> Names(string[] paths) =>
            paths.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
        var files = Names(Directory.GetFiles(folder)).ToList();
        var hasWeights = files.Exists(name => name.StartsWith(ModelLayout.DiffusersStem));
        var isOneNetwork =
            files.Contains(DiffusersFolder.Index) || (hasWeights && files.Contains(DiffusersFolder.Config));
        var folders = Names(Directory.GetDirectories(folder)).Where(name => !name.StartsWith('.'));
        return new FolderListing([.. files.Where(ModelLayout.IsWeights)], [.. folders], isOneNetwork);
    }
}
