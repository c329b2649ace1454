namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// A folder whose layout is known, ready to be read line by line; damaged lines do not end the reading.
/// </summary>
internal sealed class DatasetSource
{
    private static readonly (DatasetLayout Layout, string File)[] Lists =
    [
        (DatasetLayout.PromptJson, "prompt.json"),
        (DatasetLayout.MetadataJsonl, "metadata.jsonl"),
        (DatasetLayout.MetadataCsv, "metadata.csv"),
    ];

    private DatasetSource(string folder, DatasetLayout layout, string listFile) =>
        (Folder, Layout, ListFile) = (folder, layout, listFile);

    /// <summary>Full path.</summary>
    public string Folder { get; }

    public DatasetLayout Layout { get; }

    /// <summary>The file that lists the examples; the folder where captions lie beside the pictures.</summary>
    public string ListFile { get; }

    /// <summary>Finds out which layout a folder has.</summary>
    /// <exception cref="DatasetException">There is no such folder, or no layout or several fit.</exception>
    public static DatasetSource Find(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(folder))
        {
            throw new DatasetException(
                folder,
                File.Exists(folder) ? "is a file; a dataset is a folder." : "there is no such folder."
            );
        }

        var found = Lists
            .Select(list => (list.Layout, File: Path.Combine(folder, list.File)))
            .Where(list => File.Exists(list.File))
            .ToList();
        if (Reading(folder, () => CaptionFiles.AnyIn(folder)))
        {
            found.Add((DatasetLayout.CaptionFiles, folder));
        }

        return found switch
        {
            [var (layout, file)] => new DatasetSource(folder, layout, file),
            [] => throw new DatasetException(
                folder,
                $"is no dataset; looked for {string.Join(", ", Lists.Select(list => list.File))}, and for pictures "
                    + $"({string.Join(", ", CaptionFiles.PictureEndings)}) with a .txt of the same name beside them, "
                    + "also in sub-folders."
            ),
            _ => throw new DatasetException(
                folder,
                $"can be read in several ways: {string.Join(", ", found.Select(Described))}. Only one of them may be "
                    + "there."
            ),
        };
    }

    private static string Described((DatasetLayout Layout, string File) found) =>
        found.Layout == DatasetLayout.CaptionFiles
            ? "pictures with .txt captions beside them"
            : Path.GetFileName(found.File);

    /// <summary>All examples and problems in order, one for each line.</summary>
    /// <exception cref="DatasetException">The file cannot be read at all.</exception>
    public IReadOnlyList<DatasetEntry> Read() => Reading(ListFile, () => Entries().ToList());

    private IEnumerable<DatasetEntry> Entries() =>
        Layout switch
        {
            DatasetLayout.CaptionFiles => CaptionFiles.Read(Folder),
            DatasetLayout.MetadataCsv => new ExampleFields(Folder, ListFile, ExampleColumns.Metadata).Read(
                CsvRows.Read(ListFile)
            ),
            DatasetLayout.MetadataJsonl => new ExampleFields(Folder, ListFile, ExampleColumns.Metadata).Read(
                JsonRows.Read(ListFile)
            ),
            _ => new ExampleFields(Folder, ListFile, ExampleColumns.Tutorial).Read(JsonRows.Read(ListFile)),
        };

    private static T Reading<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(file, $"cannot be read: {e.Message}", e);
        }
    }
}
