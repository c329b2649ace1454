using System.Collections.Concurrent;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.WebUi;

/// <summary>A file of weights as lists have it.</summary>
/// <param name="Name">Its name without extension.</param>
/// <param name="File">Its name relative to its folder.</param>
/// <param name="Hash">
/// What stands in brackets behind the name: ten digits of a model's SHA-256, eight of a ControlNet's old hash; null
/// where it was not computed.
/// </param>
/// <param name="Sha256">The whole digest of a model; null where it was not computed.</param>
internal sealed record ListedModel(string Name, string File, string? Hash, string? Sha256)
{
    /// <summary>The name that clients show and send back.</summary>
    public string Title => new HashedName(Name, Hash).ToString();

    /// <summary>Whether a text means it.</summary>
    public bool IsCalled(string text)
    {
        var plain = ModelLayout.WithoutExtension(ModelName.Parse(text).Plain);
        return plain.Equals(ModelLayout.WithoutExtension(Name), StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>
/// The files that clients can choose from: those of this program, or of its workers where it has none.
/// </summary>
internal sealed class WebUiModels
{
    private const int ModelDigits = 10;

    private readonly ConcurrentDictionary<(string Path, FileStamp Stamp), string> _kinds = new();
    private readonly JobStore _store;
    private readonly bool _hasEngine;

    public WebUiModels(IServiceProvider services, ServerSettings settings, JobStore store)
    {
        var engine = services.GetService<ControlNetEngine>();
        (_store, _hasEngine) = (store, engine is not null);
        Finder =
            engine?.Models ?? new ModelFinder(new ModelFinderOptions { Folders = settings.Models, AllowPaths = false });
    }

    /// <summary>Finds files by name.</summary>
    public ModelFinder Finder { get; }

    /// <summary>The model where none is chosen; null where there is none at all.</summary>
    public ListedModel? Default => Checkpoints() is [var first, ..] ? first : null;

    /// <summary>Models, the embedded one first.</summary>
    public IReadOnlyList<ListedModel> Checkpoints()
    {
        var embedded = Directory.Exists(Finder.EmbeddedModel)
            ? [Described(ModelFinder.Embedded, ModelFinder.Embedded, Finder.Hashes.Sha256Of(Finder.EmbeddedModel))]
            : Array.Empty<ListedModel>();
        var files = Of(ModelRole.Model, "model")
            .Where(entry => entry.Path != Finder.EmbeddedModel)
            .Select(entry =>
                Described(ModelLayout.WithoutExtension(entry.Name), entry.Name, Finder.Hashes.KnownSha256Of(entry.Path))
            );
        return [.. embedded, .. files, .. OfWorkers("model:", embedded)];

        static ListedModel Described(string name, string file, string? sha256) =>
            new(name, file, sha256?[..ModelDigits], sha256);
    }

    /// <summary>ControlNets, by file name.</summary>
    public IReadOnlyList<ListedModel> ControlNets()
    {
        var files = Of(ModelRole.ControlNet, "controlnet")
            .Select(entry => new ListedModel(
                ModelLayout.WithoutExtension(entry.Name),
                entry.Name,
                File.Exists(entry.Path) ? Finder.Hashes.OldOf(entry.Path) : null,
                null
            ))
            .OrderBy(model => model.Name, StringComparer.Ordinal)
            .ToList();
        return [.. files, .. OfWorkers("controlnet:", files)];
    }

    /// <summary>Files of a kind as <see cref="CheckpointKind"/> tells it.</summary>
    public IEnumerable<ModelEntry> Of(ModelRole role, string kind) =>
        Finder.List(role).Where(entry => KindOf(entry.Path) == kind);

    /// <summary>The name by which a request asks for a file; null where nobody has it.</summary>
    /// <exception cref="WebUiException">It can mean more than one file.</exception>
    public string? Find(ModelRole role, string text)
    {
        if (role == ModelRole.Model && ModelName.Parse(text).Plain == ModelFinder.Embedded)
        {
            return ModelFinder.Embedded;
        }

        try
        {
            return string.IsNullOrWhiteSpace(text) ? null
                : Finder.LookFor(role, text) is not null ? text
                : HasWorker(role, text) ? text
                : null;
        }
        catch (Exception e) when (e is ModelNotFoundException or CheckpointException)
        {
            throw WebUiException.Http(422, e.Message);
        }
    }

    /// <summary>The Autoencoder that an option names; null for the model's own.</summary>
    public static string? OwnVae(string? text) =>
        text is null || InfotextVocabulary.OwnVae.Contains(text) ? null : text;

    private string KindOf(string path)
    {
        try
        {
            return _kinds.GetOrAdd(
                (path, FileStamp.Of(path)),
                key =>
                {
                    using var files = CheckpointFiles.Open(key.Path);
                    return CheckpointKind.Of(files.Shapes).Kind;
                }
            );
        }
        catch (Exception e) when (e is CheckpointException or IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private bool HasWorker(ModelRole role, string text) =>
        !_hasEngine && WorkerNames.Of(role, text) is { } name && NamesOfWorkers().Contains(name);

    /// <summary>What only workers have, where this program has no engine.</summary>
    /// <param name="prefix">What stands before the names.</param>
    /// <param name="known">What is on this machine.</param>
    public IEnumerable<ListedModel> OfWorkers(string prefix, IReadOnlyList<ListedModel> known) =>
        _hasEngine
            ? []
            : NamesOfWorkers()
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                .Select(name => name[prefix.Length..])
                .Where(name => !known.Any(model => model.IsCalled(name)))
                .Order(StringComparer.Ordinal)
                .Select(name => new ListedModel(name, name, null, null));

    private HashSet<string> NamesOfWorkers() =>
        [.. _store.Queue.WorkersAsync().GetAwaiter().GetResult().Values.SelectMany(names => names)];
}
