namespace ControlNetSharp.Training.Datasets;

/// <summary>Turns the lines of a list file into examples: finds the fields, and the files in the dataset's folder.</summary>
/// <param name="folder">Full path of the folder that no path may leave.</param>
/// <param name="file">The list file, for messages.</param>
/// <param name="columns">The names of the fields.</param>
internal sealed class ExampleFields(string folder, string file, ExampleColumns columns)
{
    private (int Line, bool HasHint)? _first;

    public IEnumerable<DatasetEntry> Read(IEnumerable<DatasetRow> rows) => rows.Select(row => row.Problem ?? Example(row));

    private DatasetEntry Example(DatasetRow row)
    {
        try
        {
            var (picture, hint, caption) = (Only(row, columns.Picture), Only(row, columns.Hint), Only(row, columns.Caption));
            var example = new TrainingExample(
                FileOf(row, picture ?? throw Missing(row, columns.Picture)),
                hint is null && !columns.HintIsNeeded ? null : FileOf(row, hint ?? throw Missing(row, columns.Hint)),
                (row.Fields[caption ?? throw Missing(row, columns.Caption)] ?? "").Trim());
            CheckHint(row, hint is not null);
            return example;
        }
        catch (DatasetException e)
        {
            return e;
        }
    }

    /// <summary>The one name of several under which a line has a field; null where it has none.</summary>
    private string? Only(DatasetRow row, string[] names)
    {
        var found = names.Where(row.Fields.ContainsKey).ToList();
        return found.Count <= 1 ? found.FirstOrDefault()
            : throw new DatasetException(file, row.Line, string.Join(" and ", found), null, "mean the same; only one of them may be there.");
    }

    private DatasetException Missing(DatasetRow row, string[] names) =>
        new(file, row.Line, names[0], null, $"is missing{(names.Length == 1 ? "" : $" (also allowed: {string.Join(", ", names[1..])})")}; there is {(row.Fields.Count == 0 ? "no field" : string.Join(", ", row.Fields.Keys))}.");

    private string FileOf(DatasetRow row, string field)
    {
        DatasetException Wrong(string reason) => new(file, row.Line, field, row.Fields[field], reason);
        // Sets made on Windows have backslashes.
        var path = row.Fields[field]?.Replace('\\', '/');
        if (string.IsNullOrWhiteSpace(path))
        {
            throw Wrong("is empty; it must be the path of a picture in the folder.");
        }

        if (path.StartsWith('/') || path is [_, ':', ..] || path.Split('/').Contains("..") || path.Contains('\0'))
        {
            throw Wrong($"leaves the folder; it must be a path relative to {folder}, without \"..\".");
        }

        var full = Path.GetFullPath(Path.Combine(folder, path));
        return File.Exists(full) ? full : throw Wrong($"there is no such file in {folder}.");
    }

    /// <summary>Half a set of hints would train on half of it what nobody asked for.</summary>
    private void CheckHint(DatasetRow row, bool hasHint)
    {
        var first = _first ??= (row.Line, hasHint);
        if (first.HasHint != hasHint)
        {
            throw new DatasetException(file, row.Line, columns.Hint[0], null, hasHint ? $"is there, but line {first.Line} has none; all lines must have one, or none." : $"is missing, but line {first.Line} has one; all lines must have one, or none.");
        }
    }
}
