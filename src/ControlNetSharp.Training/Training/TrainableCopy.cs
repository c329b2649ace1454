using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Makes a new ControlNet for a UNet: a copy of its encoder half, zero convolutions, and a fresh hint encoder. Source:
/// ControlNet tool_add_control.py.
/// </summary>
public static class TrainableCopy
{
    // ReLU-like activations halve the variance; this gain keeps the hint's signal through the encoder's eight
    // convolutions.
    private const double HintEncoderGain = 1.4;

    /// <summary>Creates the ControlNet; with it attached the UNet's output is unchanged bit for bit.</summary>
    /// <param name="unet">The locked UNet. Borrowed.</param>
    /// <param name="seed">Seed of the hint encoder's starting weights.</param>
    /// <param name="placement">Where the ControlNet lives; float32 for training.</param>
    /// <returns>The ControlNet, and the names that have no source in the UNet and so start fresh.</returns>
    public static (ControlNet ControlNet, IReadOnlyList<string> Fresh) Of(UNet unet, long seed, Placement placement)
    {
        ArgumentNullException.ThrowIfNull(unet);
        var controlNet = new ControlNet(new ControlNetParams { UNet = unet.Params }, placement);
        WeightInitialisation.Initialise(controlNet, seed, _ => HintEncoderGain);
        using var _ = no_grad();
        var sources = unet.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var fresh = new List<string>();
        foreach (var (name, parameter) in controlNet.named_parameters())
        {
            if (sources.TryGetValue(name, out var source))
            {
                parameter.copy_(source);
            }
            else
            {
                fresh.Add(name);
            }
        }

        return (controlNet, fresh);
    }

    /// <summary>
    /// Reads the copied weights again from the file of the UNet, which may have more digits than the UNet in memory.
    /// </summary>
    /// <param name="controlNet">The copy.</param>
    /// <param name="fresh">The names that have no source in the UNet.</param>
    /// <param name="modelPath">The model's file or folder.</param>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public static void ReadFrom(ControlNet controlNet, IReadOnlyList<string> fresh, string modelPath)
    {
        ArgumentNullException.ThrowIfNull(controlNet);
        using var files = CheckpointFiles.OpenAsLdm(modelPath);
        foreach (var (name, parameter) in controlNet.named_parameters().Where(p => !fresh.Contains(p.name)))
        {
            files.ReadInto(LdmLayout.UNet + name, parameter);
        }
    }
}
