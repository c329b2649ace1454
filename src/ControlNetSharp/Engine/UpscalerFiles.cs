using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Upscalers;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Engine;

/// <summary>From the name of an upscaler to what enlarges pictures.</summary>
internal static class UpscalerFiles
{
    /// <summary>The file of an upscaler; null where the name is that of one that needs none.</summary>
    /// <param name="member">The member that names it.</param>
    /// <param name="name">What it says.</param>
    /// <param name="finder">Looks for it.</param>
    /// <param name="model">The model, beside which is looked, too; null for none.</param>
    /// <param name="cancellationToken">Stops between two files.</param>
    /// <exception cref="RequestException">There is no such upscaler; the message says what there is.</exception>
    public static string? Find(
        string member,
        string name,
        ModelFinder finder,
        string? model,
        CancellationToken cancellationToken
    )
    {
        if (UpscalerCatalogue.LookFor(name) is not null)
        {
            return null;
        }

        try
        {
            return finder.Find(ModelRole.Upscaler, name, model, cancellationToken);
        }
        catch (ModelNotFoundException e)
        {
            throw new RequestException(
                member,
                name,
                "there is no such upscaler; must be one of "
                    + $"{string.Join(", ", UpscalerCatalogue.All.Select(row => row.Name))}, or a file. {e.Message}",
                e
            );
        }
    }

    /// <summary>Rents the network of a file. It computes in float32: eight bits of bf16 would show as steps.</summary>
    /// <exception cref="CheckpointException">The file cannot be used.</exception>
    public static NetworkLease<UpscalerNetwork> Rent(
        NetworkShelf shelf,
        string path,
        Placement placement,
        CancellationToken cancellationToken
    )
    {
        var exact = placement with { Dtype = TorchSharp.torch.ScalarType.Float32 };
        return shelf.Rent(
            NetworkKey.Of(path, exact),
            () => UpscalerFile.Load(path, exact),
            NetworkShelf.BytesOf,
            cancellationToken
        );
    }
}
