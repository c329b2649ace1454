using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Where annotators get their networks: found in folders, put on a device, and shared by all annotators that read one
/// file.
/// </summary>
/// <param name="Files">Where weights are looked for.</param>
/// <param name="Shelf">Where loaded networks stand. Borrowed.</param>
/// <param name="Device">
/// cpu or cuda:N. They compute in float32 on each: a hint of half precision would be another one, and the time is short
/// beside that of a picture.
/// </param>
internal sealed record AnnotatorNetworks(AnnotatorFiles Files, NetworkShelf Shelf, string Device)
{
    /// <summary>Rents the network of a file, which is loaded if nobody did before.</summary>
    /// <param name="path">The file, as <see cref="Files"/> finds it.</param>
    /// <param name="kind">What the file should be, for the message.</param>
    /// <param name="create">Makes the network in the size that these shapes, by tensor name, give.</param>
    /// <param name="rename">Gives the tensors the network's names, where a file may have others.</param>
    /// <exception cref="CheckpointException">The file is not what its name says.</exception>
    /// <exception cref="RuntimeUnavailableException">The device is not there.</exception>
    public NetworkLease<T> Rent<T>(
        string path,
        string kind,
        Func<IReadOnlyDictionary<string, IReadOnlyList<long>>, Placement, T> create,
        Func<IReadOnlyDictionary<string, StoredTensor>, Dictionary<string, StoredTensor>>? rename = null
    )
        where T : nn.Module
    {
        var placement = PlacementPolicy.Choose(Device, "fp32");
        return Shelf.Rent(
            NetworkKey.Of(path, placement),
            () => CheckpointLoader.LoadNetwork(path, kind, create, placement, rename),
            NetworkShelf.BytesOf
        );
    }

    /// <summary>Rents an ONNX model, which computes on the CPU whatever the device is.</summary>
    /// <param name="path">The file, as <see cref="Files"/> finds it.</param>
    /// <exception cref="CheckpointException">The file is no ONNX model, or one that cannot be run.</exception>
    /// <exception cref="RuntimeUnavailableException">This program has no ONNX runtime.</exception>
    public NetworkLease<IOnnxModel> RentOnnx(string path)
    {
        var key = NetworkKey.Of(path, Placement.Cpu32);
        return Shelf.Rent(key, () => OnnxRuntimes.Load(path), _ => key.Bytes);
    }
}
