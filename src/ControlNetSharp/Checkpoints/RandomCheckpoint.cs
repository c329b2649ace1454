using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>A checkpoint of a family's exact names and shapes with random weights, for measuring how it loads. One tensor at a time is in memory while it is written.</summary>
public static class RandomCheckpoint
{
    private const double Largest = 0.02;

    /// <summary>Writes it in LDM layout, with the Autoencoder of Stable Diffusion.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="unet">The shape of the UNet, whose context tells the text encoder.</param>
    /// <param name="dtype">Element type of all tensors.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, UNetParams unet, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(unet);
        var (text, prefix) = unet.ContextChannels == TextEncoderParams.ClipL.Width
            ? ((nn.Module)new ClipTextEncoder(TextEncoderParams.ClipL, Placement.Meta), LdmLayout.Clip) : (new OpenClipTextEncoder(TextEncoderParams.OpenClipH, Placement.Meta), LdmLayout.OpenClip);
        var networks = new[] { (LdmLayout.UNet, new UNet(unet, Placement.Meta)), (LdmLayout.Autoencoder, new Autoencoder(AutoencoderParams.StableDiffusion, Placement.Meta)), (prefix, text) };
        try
        {
            // The velocity of SD 2.x is not asked of random weights.
            var metadata = new CheckpointMetadata { PredictsVelocity = false }.Write();
            SafetensorsWriter.Write(
                path,
                networks.SelectMany(network => network.Item2.named_parameters().Select(parameter => new WrittenTensor(
                    network.Item1 + parameter.name, SafetensorsFormat.NameOf(dtype), parameter.parameter.shape, () => nn.init.uniform_(empty(parameter.parameter.shape, dtype: dtype), -Largest, Largest)))),
                metadata);
        }
        finally
        {
            foreach (var (_, network) in networks)
            {
                network.Dispose();
            }
        }
    }
}
