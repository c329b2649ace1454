using ControlNetSharp.Checkpoints.KeyMaps;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Gives the tensors of a checkpoint in LDM's layout the names and shapes that diffusers and transformers have for
/// them: the reverse of <see cref="LdmLayout"/>.
/// </summary>
internal static class DiffusersLayout
{
    /// <summary>The tensors of UNet or ControlNet.</summary>
    /// <param name="tensors">Under LDM's names, without the network's prefix.</param>
    public static Dictionary<string, StoredTensor> UNet(IReadOnlyDictionary<string, StoredTensor> tensors) =>
        Renamed(tensors, UNetKeys.OfLdm([.. tensors.Keys]));

    /// <summary>The tensors of the Autoencoder.</summary>
    /// <param name="tensors">Under LDM's names, without the network's prefix.</param>
    public static Dictionary<string, StoredTensor> Autoencoder(IReadOnlyDictionary<string, StoredTensor> tensors) =>
        Renamed(
            tensors.ToDictionary(
                tensor => tensor.Key,
                tensor => AutoencoderKeys.IsConvolutionOfOne(tensor.Key) ? tensor.Value.AsMatrix() : tensor.Value,
                StringComparer.Ordinal
            ),
            AutoencoderKeys.OfLdm([.. tensors.Keys])
        );

    private static Dictionary<string, StoredTensor> Renamed(
        IReadOnlyDictionary<string, StoredTensor> tensors,
        KeyMap map
    ) =>
        tensors.ToDictionary(
            tensor =>
                map.ToDiffusers(tensor.Key)
                ?? throw new CheckpointException(
                    tensor.Value.File,
                    $"'{tensor.Value.Name}' has no place in diffusers' layout.",
                    [tensor.Value.Name]
                ),
            tensor => tensor.Value,
            StringComparer.Ordinal
        );
}
