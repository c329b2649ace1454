using System.Collections.Concurrent;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;

namespace ControlNetSharp.Server.WebUi;

/// <summary>An upscaler as lists have it.</summary>
/// <param name="Name">What stable-diffusion-webui calls it.</param>
/// <param name="File">By what requests name its file; null where it needs none.</param>
/// <param name="Path">Where the file is on this machine; null where it is not.</param>
/// <param name="Scale">Sides of its pictures in those of what it gets.</param>
internal sealed record ListedUpscaler(string Name, string? File, string? Path, double Scale);

/// <summary>The upscalers of pictures: interpolations, then the files that are there.</summary>
internal sealed class WebUiUpscalers(WebUiModels models)
{
    /// <summary>What stands in lists where nothing says how much larger it makes.</summary>
    private const double UsualScale = 4;

    private readonly ConcurrentDictionary<FileStamp, double?> _scales = new();

    /// <summary>All of them, in the order of lists.</summary>
    public IReadOnlyList<ListedUpscaler> All() =>
        [
            .. PictureUpscalers.Names.Select(name => new ListedUpscaler(name, null, null, UsualScale)),
            .. Files(),
        ];

    /// <summary>Those that are networks, and can be run.</summary>
    public IReadOnlyList<ListedUpscaler> Files()
    {
        var files = models
            .Of(ModelRole.Upscaler, UpscalerFile.Kind)
            .Select(entry => (Entry: entry, Scale: ScaleOf(entry.Path)))
            .Where(file => file.Scale is not null)
            .Select(file => new ListedUpscaler(
                PublishedUpscalers.LabelOf(file.Entry.Name),
                file.Entry.Name,
                file.Entry.Path,
                file.Scale!.Value
            ))
            .DistinctBy(file => file.Name, StringComparer.OrdinalIgnoreCase)
            .OrderBy(file => file.Name, StringComparer.OrdinalIgnoreCase)
            .ToList();
        var elsewhere = models
            .OfWorkers("upscaler:", [.. files.Select(file => new ListedModel(file.File!, file.File!, null, null))])
            .Select(model => new ListedUpscaler(
                PublishedUpscalers.LabelOf(model.Name),
                model.Name,
                null,
                UsualScale
            ));
        // Workers tell all names of a file.
        return [.. files.Concat(elsewhere).DistinctBy(file => file.Name, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>The upscaler of a name, as lists or its file have it; null where there is none.</summary>
    public ListedUpscaler? Find(string name)
    {
        var all = All();
        return all.FirstOrDefault(known => known.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? all.FirstOrDefault(known =>
                known.File is { } file
                && (
                    file.Equals(name, StringComparison.OrdinalIgnoreCase)
                    || Path.GetFileName(ModelLayout.WithoutExtension(file))
                        .Equals(ModelLayout.WithoutExtension(name), StringComparison.OrdinalIgnoreCase)
                )
            );
    }

    /// <summary>Null for a file that cannot be run.</summary>
    private double? ScaleOf(string path)
    {
        try
        {
            return _scales.GetOrAdd(FileStamp.Of(path), _ => Read(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        static double? Read(string path)
        {
            try
            {
                return UpscalerFile.ScaleOf(path);
            }
            catch (CheckpointException)
            {
                return null;
            }
        }
    }
}
