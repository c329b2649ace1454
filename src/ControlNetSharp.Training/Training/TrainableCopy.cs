using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Makes a new ControlNet for a UNet: a copy of its encoder half, zero convolutions, and a fresh hint encoder. Source:
/// ControlNet tool_add_control.py. Or a new Control-LoRA: the same, but matrices and convolutions of the encoder half
/// are the UNet's own, and changes of low rank to them are trained.
/// </summary>
public static class TrainableCopy
{
    // ReLU-like activations halve the variance; this gain keeps the hint's signal through the encoder's eight
    // convolutions.
    private const double HintEncoderGain = 1.4;

    // The variance of what LoRAs usually start with: uniform between plus and minus the root of 1 / inputs.
    private static readonly double DownGain = Math.Sqrt(1 / 3.0);

    /// <summary>Creates the ControlNet; with it attached the UNet's output is unchanged bit for bit.</summary>
    /// <param name="unet">The locked UNet. Borrowed; a Control-LoRA shares its weights.</param>
    /// <param name="seed">Seed of the starting weights that are not copies.</param>
    /// <param name="placement">Where the ControlNet lives; float32 for training.</param>
    /// <param name="rank">The rank of a Control-LoRA, 1 or more; null for a whole ControlNet.</param>
    /// <returns>The ControlNet, and the names that have no source in the UNet and so start fresh.</returns>
    public static (ControlNet ControlNet, IReadOnlyList<string> Fresh) Of(
        UNet unet,
        long seed,
        Placement placement,
        int? rank = null
    )
    {
        ArgumentNullException.ThrowIfNull(unet);
        var controlNet = new ControlNet(new ControlNetParams { UNet = unet.Params }, placement);
        if (rank is { } changes)
        {
            LowRankLayers.Share(controlNet, unet, changes, placement);
        }

        var own = LowRankLayers.Trained(controlNet).ToList();
        WeightInitialisation.Initialise(
            own,
            seed,
            name => name.EndsWith($".{LowRankChange.DownName}", StringComparison.Ordinal) ? DownGain : HintEncoderGain
        );
        using var _ = no_grad();
        var sources = unet.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var fresh = new List<string>();
        foreach (var (name, parameter) in own)
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
        foreach (var (name, parameter) in LowRankLayers.Trained(controlNet).Where(p => !fresh.Contains(p.Name)))
        {
            files.ReadInto(LdmLayout.UNet + name, parameter);
        }
    }
}
