using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Networks.Upscalers;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Engine;

/// <summary>The networks of a generation, on loan from the shelf until it is disposed.</summary>
internal sealed class LeasedNetworks : IDisposable
{
    private readonly NetworkLease<DiffusionModel> _model;
    private readonly Dictionary<string, NetworkLease<ControlNetwork>> _controlNets = new(StringComparer.Ordinal);
    private readonly NetworkLease<UpscalerNetwork>? _upscaler;

    /// <summary>Rents them, loading what is not there.</summary>
    /// <param name="shelf">Where they stand.</param>
    /// <param name="files">Which they are.</param>
    /// <param name="placement">Where they live.</param>
    /// <param name="loras">LoRAs that are merged into the model for good.</param>
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
        IReadOnlyList<LoraRequest> loras,
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
            NetworkKey.Of(files.Model, placement, files.Vae, loras),
            () => CheckpointLoader.LoadModelWithLoras(files.Model, placement, files.Vae, loras),
            model => model.Modules.Sum(NetworkShelf.BytesOf)
        );
        try
        {
            foreach (var path in AllControls(files))
            {
                cancellationToken.ThrowIfCancellationRequested();
                // A file of differences or a Control-LoRA makes another network beside each model.
                var needsModel = CheckpointLoader.ReadControl(path).NeedsModel;
                var key = NetworkKey.Of(path, placement, needsModel ? files.Model : null);
                ControlNetwork Load() => CheckpointLoader.LoadControl(path, placement, Model);
                _controlNets.Add(path, Rent(key, Load, NetworkShelf.BytesOf));
            }

            _upscaler = files.Upscaler is { } file
                ? UpscalerFiles.Rent(shelf, file, placement, cancellationToken)
                : null;
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

    /// <summary>The upscaler; null where the request needs none.</summary>
    public UpscalerNetwork? Upscaler => _upscaler?.Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        _upscaler?.Dispose();
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
        CheckpointLoader.CheckControlNets(model, AllControls(files), files.Others, vae);
        RequireKinds(files);
        if (files.Upscaler is { } upscaler)
        {
            UpscalerFile.ScaleOf(upscaler);
        }

        CheckpointLoader.CheckPromptFiles(model, prompt.Loras.Values, prompt.Embeddings.Values, vae);
    }

    private static IEnumerable<string> AllControls(RequestFiles files) =>
        files.ControlNets.Append(files.TileControl).OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>A network for several kinds of hints must know which kind a hint is of.</summary>
    private static void RequireKinds(RequestFiles files)
    {
        var units = files.ControlNets.Zip(files.Kinds, (path, kind) => (Path: path, Kind: (string?)kind));
        foreach (
            var ((path, kind), member) in units
                .Select((unit, index) => (unit, Member: $"units[{index}].kind"))
                .Append(((files.TileControl, files.TileKind), "upscale.control"))
        )
        {
            if (path is not null && CheckpointLoader.ReadControl(path).HintKinds is { Count: > 0 } kinds)
            {
                RequestRules.Require(
                    kinds.Contains(kind, StringComparer.Ordinal),
                    member,
                    kind,
                    kinds is [IpAdapterFile.Kind]
                        ? $"{path} is an IP-Adapter; its unit is {IpAdapterFile.Kind}=PICTURE."
                        : $"{path} takes hints of the kinds {string.Join(", ", kinds)}; a finished hint goes with its "
                            + $"kind and annotator={ControlUnit.NoAnnotator}."
                );
            }
        }
    }
}
