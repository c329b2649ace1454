using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Networks.Controls;

namespace ControlNetSharp.Models;

/// <summary>
/// Finds the image encoder of an IP-Adapter: beside it, where h94/IP-Adapter has it, then by its published names, then
/// any in a folder for them (<c>clip_vision</c>, <c>image_encoder</c>). Of all only those count that say what the
/// adapter takes.
/// </summary>
internal static class ImageEncoderFinder
{
    private const string Folder = "image_encoder";
    private static readonly string[] Folders = [Folder, "clip_vision"];

    /// <summary>Finds it; headers are read, no weights.</summary>
    /// <param name="finder">Where to look.</param>
    /// <param name="projection">What the adapter takes.</param>
    /// <param name="adapter">The adapter's file.</param>
    /// <param name="model">The model's file or folder, beside which is looked, too.</param>
    /// <exception cref="ModelNotFoundException">There is none.</exception>
    public static string Find(ModelFinder finder, ImageProjectionParams projection, string adapter, string model)
    {
        var names = PublishedEncoder.For(projection)?.Files ?? [];
        var own = Path.GetDirectoryName(Path.GetFullPath(adapter))!;
        // The repository of the adapters has folders for each family, each with the encoder of some of them.
        string[] beside = [adapter, Path.Combine(own, "..", Path.GetFileName(adapter)), model];
        var candidates = beside
            // A1111 and Forge keep them among the files of annotators.
            .SelectMany(place =>
                finder.List(ModelRole.ImageEncoder, place).Concat(finder.List(ModelRole.Annotator, place))
            )
            .Select(entry => entry.Path)
            .DistinctBy(RealPath.Of, StringComparer.Ordinal)
            .Select(path => (Path: path, Place: PlaceOf(path, own, names)))
            .Where(candidate => candidate.Place is not null)
            .OrderBy(candidate => candidate.Place)
            .ThenBy(candidate => Rank(candidate.Path));
        return candidates.Select(candidate => candidate.Path).FirstOrDefault(path => Suits(path, projection))
            ?? throw new ModelNotFoundException(
                adapter,
                $"{adapter} needs {PublishedEncoder.NeedOf(projection)}, which was not found. Searched for "
                    + $"{Folder}/model.safetensors beside it"
                    + string.Concat(names.Select(name => $", {name}{ModelLayout.Extensions[0]}"))
                    + $", and for any that fits in folders named {string.Join(" or ", Folders)}."
            )
            {
                Searched = names,
            };
    }

    /// <summary>How well its place and name say that a file is the encoder; null for not at all.</summary>
    private static int? PlaceOf(string path, string own, IReadOnlyList<string> names)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var name = ModelLayout.WithoutExtension(Path.GetFileName(path));
        return folder == Path.Combine(own, Folder) ? 0
            : names.Contains(name, StringComparer.OrdinalIgnoreCase) ? 1
            : names.Contains(Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase) ? 1
            : Folders.Contains(Path.GetFileName(folder), StringComparer.OrdinalIgnoreCase) ? 2
            : null;
    }

    private static int Rank(string path) =>
        ModelLayout
            .Extensions.Index()
            .FirstOrDefault(extension => path.EndsWith(extension.Item, StringComparison.OrdinalIgnoreCase))
            .Index;

    private static bool Suits(string path, ImageProjectionParams projection)
    {
        try
        {
            return ImageEncoderFile.Suits(ImageEncoderFile.Read(path), projection);
        }
        catch (CheckpointException)
        {
            return false;
        }
    }
}
