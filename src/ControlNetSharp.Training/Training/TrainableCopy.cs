using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Makes a new ControlNet for a UNet: a copy of its encoder half, zero convolutions, and a fresh hint encoder. Source:
/// ControlNet tool_add_control.py. Or a new Control-LoRA: the same, but matrices and convolutions of the encoder half
/// are the UNet's own, and changes of low rank to them are trained. Or the whole UNet with such changes: with a LoRA.
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

        var fresh = Start(LowRankLayers.Trained(controlNet), unet, seed);
        return (controlNet, fresh);
    }

    /// <summary>
    /// Creates a UNet that is another one plus a LoRA of its own, which changes nothing to begin with.
    /// </summary>
    /// <param name="unet">The other UNet, which stays as it is. Borrowed; most of its weights are shared.</param>
    /// <param name="seed">Seed of the starting weights of the LoRA.</param>
    /// <param name="rank">The rank of the LoRA, 1 or more.</param>
    /// <returns>The UNet in the type of the other one; its LoRA is float32.</returns>
    public static UNet WithLora(UNet unet, long seed, int rank)
    {
        ArgumentNullException.ThrowIfNull(unet);
        var sample = unet.parameters().First();
        var student = new UNet(unet.Params, new Placement(sample.device, sample.dtype));
        LowRankLayers.Share(student, unet, rank, new Placement(sample.device, ScalarType.Float32));
        Start(LowRankLayers.Trained(student), unet, seed);
        return student;
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

    /// <summary>Copies what the UNet has, and initialises the rest, whose names are returned.</summary>
    private static List<string> Start(IEnumerable<(string Name, Parameter Parameter)> own, UNet unet, long seed)
    {
        var parameters = own.ToList();
        WeightInitialisation.Initialise(
            parameters,
            seed,
            name => name.EndsWith($".{LowRankChange.DownName}", StringComparison.Ordinal) ? DownGain : HintEncoderGain
        );
        using var _ = no_grad();
        var sources = unet.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var fresh = new List<string>();
        foreach (var (name, parameter) in parameters)
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

        return fresh;
    }
}
