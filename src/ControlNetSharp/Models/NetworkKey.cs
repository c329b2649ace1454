using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Models;

/// <summary>
/// Which loaded network it is: two keys are equal where loading would give the same weights in the same place.
/// </summary>
/// <param name="File">The file or folder, as it is on the disk now.</param>
/// <param name="Device">Where it is loaded, as <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Dtype">In which type.</param>
/// <param name="Autoencoder">The checkpoint whose Autoencoder replaces the model's own; null for none.</param>
internal sealed record NetworkKey(FileStamp File, string Device, ScalarType Dtype, FileStamp? Autoencoder = null)
{
    /// <summary>Bytes on the disk: what is taken for the size until the network is loaded.</summary>
    public long Bytes => File.Bytes + (Autoencoder?.Bytes ?? 0);

    /// <summary>The key of a file as it is now.</summary>
    /// <exception cref="IOException">A file is not there.</exception>
    public static NetworkKey Of(string path, Placement placement, string? autoencoder = null)
    {
        ArgumentNullException.ThrowIfNull(placement);
        var other = autoencoder is null ? null : FileStamp.Of(autoencoder);
        return new NetworkKey(FileStamp.Of(path), placement.Device.ToString(), placement.Dtype, other);
    }
}
