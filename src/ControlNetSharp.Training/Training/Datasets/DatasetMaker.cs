using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// Writes datasets of scenes in the layout of the original's tutorial: <c>source/</c>, <c>target/</c>,
/// <c>prompt.json</c>.
/// </summary>
public static class DatasetMaker
{
    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>The conditions for which datasets can be made.</summary>
    public static IReadOnlyList<string> Conditions => [.. SceneHints.All.Select(hints => hints.Condition)];

    /// <summary>The condition of a name or alias, in any case; null where no dataset can be made for it.</summary>
    /// <param name="name">Such as <c>seg</c>.</param>
    public static string? Find(string name) => SceneHints.Find(name)?.Condition;

    /// <summary>
    /// Makes a dataset on all cores. It is written to a folder beside the final one and renamed at the end, so that
    /// nothing but a whole dataset ever has the final name.
    /// </summary>
    /// <param name="folder">Does not exist yet or is empty; the folder that it lies in exists.</param>
    /// <param name="options">What to make.</param>
    /// <param name="onExample">Told after each example how many are done; by one thread at a time.</param>
    /// <param name="cancellationToken">Looked at before each example.</param>
    /// <exception cref="ArgumentException">
    /// An option out of its range, or a condition for which nothing can be made.
    /// </exception>
    /// <exception cref="DatasetException">The folder has something in it, or cannot be made.</exception>
    /// <exception cref="IOException">A file cannot be written, for example since the disk is full.</exception>
    public static void Make(
        string folder,
        DatasetMakeOptions options,
        Action<int>? onExample = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        options = options.Checked();
        var conditions = options
            .Conditions.Select(name =>
                SceneHints.Find(name)
                ?? throw new ArgumentException(
                    $"No dataset can be made for \"{name}\"; must be {string.Join(", ", Conditions)}.",
                    nameof(options)
                )
            )
            .ToList();
        folder = CheckFree(folder);
        var temporary = Path.Combine(
            Path.GetDirectoryName(folder)!,
            $".{Path.GetFileName(folder)}.{Path.GetRandomFileName()}.tmp"
        );
        try
        {
            Directory.CreateDirectory(Path.Combine(temporary, "source"));
            Directory.CreateDirectory(Path.Combine(temporary, "target"));
            WriteExamples(temporary, options, conditions, onExample, cancellationToken);
            // Only an empty folder can be deleted so, and a folder is not renamed onto another one.
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder);
            }

            Directory.Move(temporary, folder);
        }
        catch (Exception e)
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }

            if (e is UnauthorizedAccessException)
            {
                throw new DatasetException(folder, $"cannot be written: {e.Message}", e);
            }

            throw;
        }
    }

    private static string CheckFree(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new DatasetException(folder, "exists already; a dataset is made in a new or an empty folder.");
        }

        var parent = Path.GetDirectoryName(folder);
        return Directory.Exists(parent)
            ? folder
            : throw new DatasetException(folder, $"cannot be made: the folder {parent} does not exist.");
    }

    private static void WriteExamples(
        string folder,
        DatasetMakeOptions options,
        List<SceneHints> conditions,
        Action<int>? onExample,
        CancellationToken cancellationToken
    )
    {
        var lines = new string[options.Scenes];
        var done = 0;
        var counting = new Lock();
        using var varied = new VariedHints();
        SideBySide.Compute(
            Enumerable.Range(0, options.Scenes),
            Environment.ProcessorCount,
            (i, _) =>
            {
                var (condition, seed) = (conditions[i % conditions.Count], options.FirstSeed + i);
                var example = options.Varies
                    ? varied.Make(condition, seed, options.Size)
                    : condition.Make(seed, options.Size);
                var (source, target) = ($"source/{i}.png", $"target/{i}.png");
                PictureWriter.WritePng(Path.Combine(folder, source), example.Hint);
                PictureWriter.WritePng(Path.Combine(folder, target), example.Picture);
                lines[i] = JsonSerializer.Serialize(
                    new
                    {
                        source,
                        target,
                        prompt = example.Caption,
                        condition = conditions.Count > 1 ? condition.Condition : null,
                    },
                    Json
                );
                lock (counting)
                {
                    onExample?.Invoke(++done);
                }
            },
            cancellationToken
        );

        using var list = new FileStream(Path.Combine(folder, "prompt.json"), FileMode.CreateNew);
        list.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines) + '\n'));
        list.Flush(flushToDisk: true);
    }
}
