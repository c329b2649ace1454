namespace ControlNetSharp.Models;

/// <summary>A folder in which a name is looked for, with what is in it for one role.</summary>
/// <param name="Folder">The full path.</param>
/// <param name="Listed">Its files, listed when they are come to.</param>
internal sealed record SearchedRoot(string Folder, Lazy<IReadOnlyList<PlacedModel>> Listed)
{
    /// <summary>What is in it.</summary>
    public IReadOnlyList<PlacedModel> Files => Listed.Value;

    /// <summary>Among files of one name the lowest counts: the place of its ending in the order of endings.</summary>
    public static int Rank(PlacedModel file) =>
        ModelLayout
            .Extensions.Index()
            .FirstOrDefault(extension => file.Path.EndsWith(extension.Item, StringComparison.OrdinalIgnoreCase))
            .Index;

    /// <summary>
    /// The files that a name can mean, for each way in which it may stand for a file's, the nearest way first; links to
    /// one file are that file.
    /// </summary>
    public IEnumerable<IReadOnlyList<string>> Meant(string name)
    {
        foreach (var fits in Ways(name))
        {
            var all = Files
                .Select(file => (File: file, Name: file.Names.FirstOrDefault(fits)))
                .Where(found => found.Name is not null && RealPath.IsThere(found.File.Path))
                .ToList();
            // Folders of one role, as A1111's and its extension's, are searched one after the other.
            yield return
            [
                .. all.Where(found => found.File.Place == all[0].File.Place)
                    .GroupBy(found => found.Name, StringComparer.Ordinal)
                    .Select(editions =>
                        editions.Select(found => found.File).OrderBy(Rank).ThenBy(file => file.Name.Length)
                    )
                    .Select(editions => editions.First().Path)
                    .DistinctBy(RealPath.Of, StringComparer.Ordinal),
            ];
        }
    }

    private static IEnumerable<Func<string, bool>> Ways(string name)
    {
        StringComparison[] spellings = [StringComparison.Ordinal, StringComparison.OrdinalIgnoreCase];
        return
        [
            .. spellings.Select(spelling => (Func<string, bool>)(other => other.Equals(name, spelling))),
            .. spellings.Select(spelling => (Func<string, bool>)(other => other.EndsWith("/" + name, spelling))),
        ];
    }
}
