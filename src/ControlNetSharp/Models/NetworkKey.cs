using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Models;

/// <summary>
/// Which loaded network it is: two keys are equal where loading would give the same weights in the same place.
/// </summary>
/// <param name="File">The file or folder, as it is on the disk now.</param>
/// <param name="Device">Where it is loaded, as <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Dtype">In which type.</param>
/// <param name="Autoencoder">The checkpoint whose Autoencoder replaces the model's own; null for none.</param>
/// <param name="Merged">The LoRAs that are merged into it, and how much they count; empty for none.</param>
internal sealed record NetworkKey(
    FileStamp File,
    string Device,
    string Dtype,
    FileStamp? Autoencoder = null,
    string Merged = ""
)
{
    /// <summary>Bytes on the disk: what is taken for the size until the network is loaded.</summary>
    public long Bytes => File.Bytes + (Autoencoder?.Bytes ?? 0);

    /// <summary>The key of a file as it is now.</summary>
    /// <exception cref="IOException">A file is not there.</exception>
    public static NetworkKey Of(
        string path,
        Placement placement,
        string? autoencoder = null,
        IReadOnlyList<LoraRequest>? loras = null
    )
    {
        ArgumentNullException.ThrowIfNull(placement);
        var other = autoencoder is null ? null : FileStamp.Of(autoencoder);
        var merged = (loras ?? []).Select(lora => $"{FileStamp.Of(lora.File)} {lora}");
        return new NetworkKey(
            FileStamp.Of(path),
            placement.Device.ToString(),
            PlacementPolicy.NameOf(placement),
            other,
            string.Join(", ", merged)
        );
    }
}
