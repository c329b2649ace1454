using ControlNetSharp.Models;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Server.Work;

/// <summary>
/// What jobs need and workers have, as names that can be compared without the files: <c>model:dreamshaper_8</c>,
/// <c>kind:training</c>.
/// </summary>
internal static class WorkerNames
{
    /// <summary>
    /// What a request needs of the files that it names. A hash is no name: any worker may have its file.
    /// </summary>
    public static IReadOnlyList<string> Of(GenerationRequest request) =>
        [
            .. Named(ModelRole.Model, request.Model),
            .. Named(ModelRole.Autoencoder, request.Vae),
            .. request.Units.SelectMany(unit => Named(ModelRole.ControlNet, unit.Model)),
            .. Named(ModelRole.ControlNet, request.Upscale?.ControlModel),
            .. OfUpscaler(request.Upscale?.Upscaler ?? request.Hires?.Upscaler),
        ];

    /// <inheritdoc cref="Of(GenerationRequest)"/>
    public static IReadOnlyList<string> Of(UpscaleRequest request) => [.. OfUpscaler(request.Upscaler)];

    private static IEnumerable<string> OfUpscaler(string? name) =>
        name is null || UpscalerCatalogue.LookFor(name) is not null ? [] : Named(ModelRole.Upscaler, name);

    /// <summary>What a worker has: its kinds of jobs, and its files by all their names.</summary>
    public static IReadOnlyList<string> Of(ModelFinder finder, IEnumerable<string> kinds)
    {
        ModelRole[] roles = [ModelRole.Model, ModelRole.Autoencoder, ModelRole.ControlNet, ModelRole.Upscaler];
        var files = roles.SelectMany(role =>
            finder
                .List(role)
                .SelectMany(entry =>
                    (
                        role == ModelRole.Upscaler
                            ? PublishedUpscalers.OthersOf(Path.GetFileName(entry.Name))
                            : PublishedNames.OthersOf(entry.Name)
                    ).Prepend(entry.Name)
                )
                .SelectMany(name => Named(role, name))
        );
        return
        [
            .. kinds.Select(OfKind),
            .. Directory.Exists(finder.EmbeddedModel) ? Named(ModelRole.Model, ModelFinder.Embedded) : [],
            .. files,
        ];
    }

    /// <summary>Whether a worker with these files has what is needed. Folders are listed where a file is.</summary>
    public static bool Has(ModelFinder finder, IReadOnlyList<string> needs)
    {
        var files = new Lazy<HashSet<string>>(() => [.. Of(finder, [])]);
        var embedded = Of(ModelRole.Model, ModelFinder.Embedded);
        return needs.All(need =>
            (need == embedded && Directory.Exists(finder.EmbeddedModel)) || files.Value.Contains(need)
        );
    }

    /// <summary>The name of a kind of jobs.</summary>
    public static string OfKind(string kind) => "kind:" + kind;

    /// <summary>What a worker must have for a name; null where it is a hash.</summary>
    public static string? Of(ModelRole role, string name) => Named(role, name).FirstOrDefault();

    private static IEnumerable<string> Named(ModelRole role, string? name)
    {
        if (name is null || IsHash(name))
        {
            yield break;
        }

        var plain = ModelName.Parse(name).Plain;
        var file = plain[(plain.LastIndexOf('/') + 1)..].ToLowerInvariant();
        var extension = ModelLayout.Extensions.FirstOrDefault(end => file.EndsWith(end, StringComparison.Ordinal));
        yield return $"{WordOf(role)}:{(extension is null ? file : file[..^extension.Length])}";
    }

    private static bool IsHash(string name) =>
        ModelName.Parse(name) is { Hash: { } hash } parsed
        && hash.Equals(parsed.Plain, StringComparison.OrdinalIgnoreCase);

    private static string WordOf(ModelRole role) =>
        role switch
        {
            ModelRole.Model => "model",
            ModelRole.Autoencoder => "vae",
            ModelRole.Upscaler => "upscaler",
            _ => "controlnet",
        };
}
