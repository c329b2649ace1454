namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// Turns the lines of a list file into examples: finds the fields, and the files in the dataset's folder.
/// </summary>
/// <param name="folder">Full path of the folder that no path may leave.</param>
/// <param name="file">The list file, for messages.</param>
/// <param name="columns">The names of the fields.</param>
internal sealed class ExampleFields(string folder, string file, ExampleColumns columns)
{
    private (int Line, bool HasHint)? _first;

    public IEnumerable<DatasetEntry> Read(IEnumerable<DatasetRow> rows) =>
        rows.Select(row => row.Problem ?? Example(row));

    private DatasetEntry Example(DatasetRow row)
    {
        try
        {
            var (picture, hint, caption) = (
                Find(row, columns.Picture),
                Find(row, columns.Hint),
                Find(row, columns.Caption)
            );
            CheckHint(row, hint is not null);
            return new TrainingExample(
                PathIn(row, picture ?? throw Missing(row, columns.Picture)),
                hint is null && !columns.HintIsNeeded ? null : PathIn(row, hint ?? throw Missing(row, columns.Hint)),
                Text(row, caption ?? throw Missing(row, columns.Caption)).Trim()
            )
            {
                Condition =
                    row.Fields.TryGetValue(ExampleColumns.Condition, out var condition) && condition.IsText
                        ? condition.Text.Trim()
                        : null,
            };
        }
        catch (DatasetException e)
        {
            return e;
        }
    }

    /// <summary>The one name of several under which a line has a field; null where it has none.</summary>
    private string? Find(DatasetRow row, string[] names)
    {
        var found = names.Where(row.Fields.ContainsKey).ToList();
        return found.Count <= 1
            ? found.FirstOrDefault()
            : throw new DatasetException(
                file,
                row.Line,
                string.Join(" and ", found),
                null,
                "mean the same; only one of them may be there."
            );
    }

    private DatasetException Missing(DatasetRow row, string[] names) =>
        new(
            file,
            row.Line,
            names[0],
            null,
            $"is missing{(names.Length == 1 ? "" : $" ({string.Join(" or ", names[1..])} is allowed, too)")}; the line "
                + $"has {(row.Fields.Count == 0 ? "no field" : string.Join(", ", row.Fields.Keys))}."
        );

    private string Text(DatasetRow row, string name) =>
        row.Fields[name] is { IsText: true, Text: var text }
            ? text
            : throw Wrong(row, name, "is no text; it must be one, in quotes.");

    /// <summary>Full path of the file that a field names.</summary>
    private string PathIn(DatasetRow row, string name)
    {
        // Sets made on Windows have backslashes.
        var path = Text(row, name).Replace('\\', '/');
        if (string.IsNullOrWhiteSpace(path))
        {
            throw Wrong(row, name, "is empty; it must be the path of a picture in the folder.");
        }

        var isAbsolute = path.StartsWith('/') || path is [_, ':', ..];
        if (isAbsolute || path.Split('/').Contains("..") || path.Contains('\0'))
        {
            throw Wrong(
                row,
                name,
                $"{(isAbsolute ? "is an absolute path, which " : "")}may lead out of the folder; it must be a path "
                    + $"relative to {folder}, without \"..\"."
            );
        }

        var full = Path.GetFullPath(Path.Combine(folder, path));
        return File.Exists(full) ? full : throw Wrong(row, name, $"is not there; it must be a file in {folder}.");
    }

    /// <summary>
    /// Hints for a part of the lines alone are an oversight: the others would silently be trained on something else.
    /// </summary>
    private void CheckHint(DatasetRow row, bool hasHint)
    {
        var first = _first ??= (row.Line, hasHint);
        if (first.HasHint != hasHint && !columns.HintIsNeeded)
        {
            throw new DatasetException(
                file,
                row.Line,
                columns.Hint[0],
                null,
                $"is {(hasHint ? "there" : "missing")}, but line {first.Line} has {(hasHint ? "none" : "one")}; all "
                    + "lines must have one, or none."
            );
        }
    }

    private DatasetException Wrong(DatasetRow row, string name, string reason) =>
        new(file, row.Line, name, row.Fields[name].Text, reason);
}
