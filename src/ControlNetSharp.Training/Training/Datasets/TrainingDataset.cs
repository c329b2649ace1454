namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// A folder of training examples whose every line is usable. Pictures are not read here: that they exist is all that is
/// known of them.
/// </summary>
public sealed class TrainingDataset
{
    private TrainingDataset(
        string folder,
        DatasetLayout layout,
        IReadOnlyList<TrainingExample> examples,
        IReadOnlyList<string> notes
    ) => (Folder, Layout, Examples, Notes) = (folder, layout, examples, notes);

    /// <summary>Full path of the folder.</summary>
    public string Folder { get; }

    /// <summary>How its files are arranged.</summary>
    public DatasetLayout Layout { get; }

    /// <summary>
    /// The examples in the order of the file that lists them; for <see cref="DatasetLayout.CaptionFiles"/> in the
    /// ordinal order of their paths. At least one.
    /// </summary>
    public IReadOnlyList<TrainingExample> Examples { get; }

    /// <summary>
    /// What a person should know of it before training, a line each: files that are left out, captions that several
    /// pictures share.
    /// </summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Reads which examples a folder has. Its files say which layout it is.</summary>
    /// <param name="folder">The folder; no path in its files may lead out of it.</param>
    /// <exception cref="DatasetException">
    /// No layout or several fit; a line is damaged, lacks a field, or names a file that is not there or lies outside
    /// (the first such line is reported); or there is no example.
    /// </exception>
    public static TrainingDataset Open(string folder)
    {
        var source = DatasetSource.Find(folder);
        List<TrainingExample> examples = [.. source.Read().Select(entry => entry.Example ?? throw entry.Problem!)];
        return examples.Count > 0
            ? new TrainingDataset(source.Folder, source.Layout, examples, [.. NotesOn(source, examples)])
            : throw new DatasetException(source.ListFile, "it has no example; at least one is needed.");
    }

    private static IEnumerable<string> NotesOn(DatasetSource source, List<TrainingExample> examples)
    {
        if (source.Layout != DatasetLayout.CaptionFiles)
        {
            yield break;
        }

        var leftOut = CaptionFiles.LeftOut(source.Folder);
        if (leftOut.Count > 0)
        {
            var endings = leftOut
                .CountBy(file => Path.GetExtension(file).ToLowerInvariant())
                .Select(ending => $"{(ending.Key.Length == 0 ? "without an ending" : ending.Key)} ({ending.Value})");
            yield return $"left out of {source.Folder}: {string.Join(", ", endings)}; {CaptionFiles.WhatIsRead}.";
        }

        var shared = CaptionFiles.SharingACaption(examples.Select(example => example.Picture)).ToList();
        if (shared.Count > 0)
        {
            yield return $"{shared.Count} pictures share their caption with another one of the same name; the first is "
                + $"{shared[0]}.";
        }
    }
}
