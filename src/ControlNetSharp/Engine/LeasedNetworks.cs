using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Engine;

/// <summary>The networks of a generation, on loan from the shelf until it is disposed.</summary>
internal sealed class LeasedNetworks : IDisposable
{
    private readonly NetworkLease<DiffusionModel> _model;
    private readonly Dictionary<string, NetworkLease<ControlNetwork>> _controlNets = new(StringComparer.Ordinal);

    /// <summary>Rents them, loading what is not there.</summary>
    /// <param name="shelf">Where they stand.</param>
    /// <param name="files">Which they are.</param>
    /// <param name="placement">Where they live.</param>
    /// <param name="changesModel">
    /// Whether the generation changes the model for its time (LoRAs, seamless tiling), so that no other may use it.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting for others.</param>
    /// <exception cref="CheckpointException">
    /// A file cannot be used; all headers are compared before any weight is read.
    /// </exception>
    public LeasedNetworks(
        NetworkShelf shelf,
        RequestFiles files,
        Placement placement,
        bool changesModel,
        CancellationToken cancellationToken
    )
    {
        NetworkLease<T> Rent<T>(NetworkKey key, Func<T> load, Func<T, long> size)
            where T : class, IDisposable =>
            changesModel
                ? shelf.RentExclusive(key, load, size, cancellationToken)
                : shelf.Rent(key, load, size, cancellationToken);
        CheckHeaders(files);
        _model = Rent(
            NetworkKey.Of(files.Model, placement, files.Vae),
            () => CheckpointLoader.LoadModel(files.Model, placement, files.Vae),
            model => model.Modules.Sum(NetworkShelf.BytesOf)
        );
        try
        {
            foreach (var path in files.ControlNets.OfType<string>().Distinct())
            {
                cancellationToken.ThrowIfCancellationRequested();
                // A file of differences or a Control-LoRA makes another network beside each model.
                var needsModel = CheckpointLoader.ReadControl(path).NeedsModel;
                var key = NetworkKey.Of(path, placement, needsModel ? files.Model : null);
                ControlNetwork Load() => CheckpointLoader.LoadControl(path, placement, Model);
                _controlNets.Add(path, Rent(key, Load, NetworkShelf.BytesOf));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The model.</summary>
    public DiffusionModel Model => _model.Value;

    /// <summary>The ControlNet of a file.</summary>
    public ControlNetwork ControlNetOf(string path) => _controlNets[path].Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lease in _controlNets.Values)
        {
            lease.Dispose();
        }

        _model.Dispose();
    }

    /// <summary>Compares all headers before any weight is read.</summary>
    private static void CheckHeaders(RequestFiles files)
    {
        var (model, vae, prompt) = (files.Model, files.Vae, files.Prompt);
        CheckpointLoader.CheckControlNets(model, files.ControlNets.OfType<string>().Distinct(), files.Others, vae);
        RequireKinds(files);
        CheckpointLoader.CheckPromptFiles(model, prompt.Loras.Values, prompt.Embeddings.Values, vae);
    }

    /// <summary>A network for several kinds of hints must know which kind a hint is of.</summary>
    private static void RequireKinds(RequestFiles files)
    {
        foreach (var ((path, kind), index) in files.ControlNets.Zip(files.Kinds).Select((unit, index) => (unit, index)))
        {
            if (path is not null && CheckpointLoader.ReadControl(path).HintKinds is { Count: > 0 } kinds)
            {
                RequestRules.Require(
                    kinds.Contains(kind, StringComparer.Ordinal),
                    $"units[{index}].kind",
                    kind,
                    $"{path} takes hints of the kinds {string.Join(", ", kinds)}; a finished hint goes with its kind "
                        + $"and annotator={ControlUnit.NoAnnotator}."
                );
            }
        }
    }
}
