using System.Collections.Concurrent;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.V1;

/// <summary>
/// Which models and ControlNets can be asked for: those that workers say they have, with what the files say where these
/// are on this machine, too.
/// </summary>
internal sealed class ModelCatalogue(ServerSettings settings, JobStore store, IServiceProvider services)
{
    private const string ModelPrefix = "model:";
    private const string ControlNetPrefix = "controlnet:";
    private const string UpscalerPrefix = "upscaler:";

    private readonly ConcurrentDictionary<FileStamp, Facts?> _known = new();
    private readonly AnnotatorFiles _annotators = AnnotatorFiles.Below(settings.Models);

    /// <summary>Finds files in the folders of this machine.</summary>
    public ModelFinder Finder { get; } =
        services.GetService<ControlNetEngine>()?.Models
        ?? new ModelFinder(new ModelFinderOptions { Folders = settings.Models, AllowPaths = false });

    /// <summary>Whether all files of an annotator are on this machine.</summary>
    public bool Has(AnnotatorInfo annotator)
    {
        try
        {
            _annotators.FindAll(annotator);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    /// <summary>All models that can be asked for now, the embedded one first.</summary>
    public async Task<IReadOnlyList<ModelView>> ModelsAsync(CancellationToken cancellationToken)
    {
        var offered = await OfferedAsync(cancellationToken).ConfigureAwait(false);
        // Before the first worker has come nobody knows better than the folders.
        var here = Here()
            .Where(model => offered.Count == 0 || offered.Contains(ModelPrefix + PlainName(model.View.Name)));
        var elsewhere = Elsewhere(offered, ModelPrefix, ModelRole.Model)
            .Select(name => new ModelView
            {
                Name = name,
                Title = name,
                IsEmbedded = name == ModelFinder.Embedded,
            });
        return [.. here.Select(model => model.View).Concat(elsewhere).OrderByDescending(model => model.IsEmbedded)];
    }

    /// <summary>The ControlNet that is taken for a kind where none is named, for each model on this machine.</summary>
    public IReadOnlyList<ControlModelView> ControlNetsFor(ConditionKind kind) =>
        [
            .. Here()
                .Select(model => (model.View.Name, File: LookForControlNet(kind, model)))
                .Where(found => found.File is not null)
                .Select(found => new ControlModelView(found.Name, Path.GetFileName(found.File!))),
        ];

    /// <summary>ControlNets by name, with the kind that their names say; null where they say none.</summary>
    public async Task<IReadOnlyList<(string Name, string? Kind)>> ControlNetsAsync(CancellationToken cancellationToken)
    {
        var offered = await OfferedAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. Finder
                .List(ModelRole.ControlNet)
                .Select(entry => (entry.Name, Describe(entry.Path)?.Kind))
                .Where(network => IsControl(network.Kind))
                .Select(network => (network.Name, PublishedNames.Find(network.Name)?.Kind ?? TakenBy(network.Kind)))
                .Concat(
                    Elsewhere(offered, ControlNetPrefix, ModelRole.ControlNet)
                        .Select(name => (name, PublishedNames.Find(name)?.Kind))
                ),
        ];
    }

    /// <summary>Files that enlarge pictures, by name.</summary>
    public async Task<IReadOnlyList<string>> UpscalersAsync(CancellationToken cancellationToken)
    {
        var offered = await OfferedAsync(cancellationToken).ConfigureAwait(false);
        var here = Finder
            .List(ModelRole.Upscaler)
            .Where(entry => Describe(entry.Path)?.Kind == UpscalerFile.Kind)
            .Select(entry => entry.Name)
            .ToList();
        // Workers tell all names of a file.
        var known = here.Select(PublishedUpscalers.LabelOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var elsewhere = Elsewhere(offered, UpscalerPrefix, ModelRole.Upscaler)
            .DistinctBy(PublishedUpscalers.LabelOf, StringComparer.OrdinalIgnoreCase)
            .Where(name => !known.Contains(PublishedUpscalers.LabelOf(name)));
        return [.. here, .. elsewhere];
    }

    /// <summary>The condition kind that all files of a kind take; null where their names must say it.</summary>
    private static string? TakenBy(string? kind) => kind == "ip-adapter" ? IpAdapterFile.Kind : null;

    private static bool IsControl(string? kind) => kind == PublishedNetwork.ControlNet || ControlFile.IsKnown(kind);

    private async Task<HashSet<string>> OfferedAsync(CancellationToken cancellationToken)
    {
        var workers = await store.Queue.WorkersAsync(cancellationToken).ConfigureAwait(false);
        return workers.Values.SelectMany(names => names).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>What workers have of a role that is not on this machine.</summary>
    private IEnumerable<string> Elsewhere(HashSet<string> offered, string prefix, ModelRole role) =>
        offered
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => name[prefix.Length..])
            .Except(Finder.List(role).Select(entry => PlainName(entry.Name)), StringComparer.Ordinal)
            .Where(name => name != ModelFinder.Embedded || !Directory.Exists(Finder.EmbeddedModel))
            .Order(StringComparer.Ordinal);

    /// <summary>A name as workers tell it.</summary>
    private static string PlainName(string model) =>
        WorkerNames.Of(new GenerationRequest { Prompt = "", Model = model }) is [var name]
            ? name[ModelPrefix.Length..]
            : model;

    private string? LookForControlNet(ConditionKind kind, Model model)
    {
        try
        {
            return Finder.LookForControlNet(kind.Name, model.Family, model.Path);
        }
        catch (ModelNotFoundException)
        {
            // Two files have its name: a unit must say which.
            return null;
        }
    }

    private IEnumerable<Model> Here()
    {
        if (Directory.Exists(Finder.EmbeddedModel))
        {
            yield return Of(ModelFinder.Embedded, Finder.EmbeddedModel, Describe(Finder.EmbeddedModel), true);
        }

        foreach (var entry in Finder.List(ModelRole.Model))
        {
            if (
                RealPath.Of(entry.Path) != RealPath.Of(Finder.EmbeddedModel)
                && Describe(entry.Path) is { Kind: "model" } facts
            )
            {
                yield return Of(entry.Name, entry.Path, facts, false);
            }
        }
    }

    private static Model Of(string name, string path, Facts? facts, bool isEmbedded) =>
        new(
            path,
            facts?.Family,
            new ModelView
            {
                Name = name,
                Title = ModelLayout.WithoutExtension(name),
                Family = facts?.Family?.FullName,
                NativeSize = facts?.NativeSize,
                GuidanceScale = facts?.GuidanceScale,
                Prediction = facts?.Prediction,
                Created = facts?.Created ?? 0,
                IsEmbedded = isEmbedded,
            }
        );

    /// <summary>What the header of a file says; null for one that cannot be used.</summary>
    private Facts? Describe(string path)
    {
        try
        {
            return _known.GetOrAdd(FileStamp.Of(path), stamp => Read(path, stamp));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static Facts? Read(string path, FileStamp stamp)
    {
        try
        {
            using var files = CheckpointFiles.Open(path);
            var family = CheckpointKind.FamilyOf(files.Shapes);
            var metadata = CheckpointMetadata.Read(files);
            return new Facts(
                CheckpointKind.Of(files.Shapes).Kind,
                family,
                metadata.NativeSize ?? family?.NativeSize,
                metadata.GuidanceScale ?? DiffusionModel.UsualGuidanceScale,
                metadata.Prediction is { } prediction ? RequestValues.WordOf(prediction) : null,
                new DateTimeOffset(stamp.LastWriteUtc).ToUnixTimeSeconds()
            );
        }
        catch (CheckpointException)
        {
            return null;
        }
    }

    private sealed record Facts(
        string Kind,
        ModelFamily? Family,
        int? NativeSize,
        double GuidanceScale,
        string? Prediction,
        long Created
    );

    private sealed record Model(string Path, ModelFamily? Family, ModelView View);
}
