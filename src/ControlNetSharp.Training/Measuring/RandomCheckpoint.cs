using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Measuring;

/// <summary>
/// A checkpoint of a family's exact names and shapes with random weights, for measuring how it loads. One tensor at a
/// time is in memory while it is written.
/// </summary>
public static class RandomCheckpoint
{
    private const double Largest = 0.02;

    /// <summary>Writes it in LDM layout, with the Autoencoder of Stable Diffusion.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="unet">The shape of the UNet, which tells the text encoders.</param>
    /// <param name="dtype">Element type of all tensors.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, UNetParams unet, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(unet);
        (string Prefix, nn.Module Network)[] networks =
        [
            (LdmLayout.UNet, new UNet(unet, Placement.Meta)),
            (LdmLayout.Autoencoder, new Autoencoder(AutoencoderParams.StableDiffusion, Placement.Meta)),
            .. Texts(unet),
        ];
        try
        {
            // The velocity of SD 2.x is not asked of random weights.
            var metadata = new CheckpointMetadata { Prediction = PredictionType.Epsilon }.Write();
            SafetensorsWriter.Write(
                path,
                networks.SelectMany(network =>
                    network
                        .Network.named_parameters()
                        .Select(parameter => new WrittenTensor(
                            network.Prefix + parameter.name,
                            SafetensorsFormat.NameOf(dtype),
                            parameter.parameter.shape,
                            () => nn.init.uniform_(empty(parameter.parameter.shape, dtype: dtype), -Largest, Largest)
                        ))
                ),
                metadata
            );
        }
        finally
        {
            foreach (var (_, network) in networks)
            {
                network.Dispose();
            }
        }
    }

    private static IEnumerable<(string Prefix, nn.Module Network)> Texts(UNetParams unet) =>
        ModelFamily
            .Of(unet)
            .Texts.Select(text => (text.Places[0].Prefix, text.Places[0].Create(text.Published, Placement.Meta)));
}
