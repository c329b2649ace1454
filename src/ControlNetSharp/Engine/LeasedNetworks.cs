using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Engine;

/// <summary>The networks of a generation, on loan from the shelf until it is disposed.</summary>
internal sealed class LeasedNetworks : IDisposable
{
    private readonly NetworkLease<DiffusionModel> _model;
    private readonly Dictionary<string, NetworkLease<ControlNet>> _controlNets = new(StringComparer.Ordinal);

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
        CheckpointLoader.CheckControlNets(
            files.Model,
            files.ControlNets.OfType<string>().Distinct(),
            files.Others,
            files.Vae
        );
        CheckpointLoader.CheckPromptFiles(
            files.Model,
            files.Prompt.Loras.Values,
            files.Prompt.Embeddings.Values,
            files.Vae
        );
        DiffusionModel Load() => CheckpointLoader.LoadModel(files.Model, placement, files.Vae);
        var key = NetworkKey.Of(files.Model, placement, files.Vae);
        _model = changesModel
            ? shelf.RentExclusive(key, Load, SizeOf, cancellationToken)
            : shelf.Rent(key, Load, SizeOf, cancellationToken);
        try
        {
            foreach (var path in files.ControlNets.OfType<string>().Distinct())
            {
                cancellationToken.ThrowIfCancellationRequested();
                // A file of differences makes another network beside each model.
                var own = NetworkKey.Of(path, placement, CheckpointLoader.HoldsDifferences(path) ? files.Model : null);
                _controlNets.Add(
                    path,
                    changesModel
                        ? shelf.RentExclusive(
                            own,
                            () => CheckpointLoader.LoadControlNet(path, placement, Model),
                            NetworkShelf.BytesOf,
                            cancellationToken
                        )
                        : shelf.Rent(
                            own,
                            () => CheckpointLoader.LoadControlNet(path, placement, Model),
                            NetworkShelf.BytesOf,
                            cancellationToken
                        )
                );
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
    public ControlNet ControlNetOf(string path) => _controlNets[path].Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lease in _controlNets.Values)
        {
            lease.Dispose();
        }

        _model.Dispose();
    }

    private static long SizeOf(DiffusionModel model) => model.Modules.Sum(NetworkShelf.BytesOf);
}
