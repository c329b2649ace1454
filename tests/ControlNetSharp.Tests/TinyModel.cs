using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests;

/// <summary>A whole model at very small widths, with formula weights: its networks in memory, and checkpoint files of them in LDM layout. A picture has 64 x 64 pixels.</summary>
internal static class TinyModel
{
    public const string UNetPrefix = "model.diffusion_model.";
    public const string AutoencoderPrefix = "first_stage_model.";
    public const string TextPrefix = "cond_stage_model.transformer.";
    public const string ControlPrefix = "control_model.";
    public const int NativeSize = 64;
    public const int Width = 16;
    private const uint Seed = 77;

    public static UNetParams UNetParams { get; } = UNetParams.StableDiffusion(32, [1, 2], 1, Width, HeadRule.OfWidth(8), linearProjections: false) with { NormGroups = 8 };

    /// <summary>SD 2.x by the width of its text conditioning and its linear projections.</summary>
    public static UNetParams Sd21Shaped { get; } = UNetParams with { ContextChannels = 1024, LinearProjections = true };

    public static AutoencoderParams AutoencoderParams { get; } = new() { Channels = 16, Multipliers = [1, 1, 1, 1], ResidualBlocks = 1, NormGroups = 8 };

    public static TextEncoderParams TextParams { get; } = new() { Width = Width, Layers = 1, Heads = 2 };

    /// <summary>What the shapes of these networks do not show.</summary>
    public static CheckpointMetadata Metadata { get; } = new()
    {
        HeadWidth = 8, NormGroups = 8, AutoencoderNormGroups = 8, TextHeads = 2, NativeSize = NativeSize, PredictsVelocity = true,
    };

    public static UNet UNet(UNetParams? p = null) => FormulaWeights.Fill(new UNet(p ?? UNetParams, Placement.Cpu32), UNetPrefix, Seed);

    public static Autoencoder Autoencoder() => FormulaWeights.Fill(new Autoencoder(AutoencoderParams, Placement.Cpu32), AutoencoderPrefix, Seed);

    public static ClipTextEncoder Text(TextEncoderParams? p = null) => FormulaWeights.Fill(new ClipTextEncoder(p ?? TextParams, Placement.Cpu32), TextPrefix, Seed);

    /// <summary>A ControlNet; another seed gives another one.</summary>
    public static ControlNet ControlNet(UNetParams? p = null, uint seed = Seed) =>
        FormulaWeights.Fill(new ControlNet(new ControlNetParams { UNet = p ?? UNetParams }, Placement.Cpu32), ControlPrefix, seed);

    /// <summary>Writes UNet, Autoencoder and text encoder to one file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="change">Changes the tensors before they are written.</param>
    /// <param name="metadata">What the file says of itself; null for <see cref="Metadata"/>.</param>
    /// <param name="unet">The shape of the UNet; null for <see cref="UNetParams"/>.</param>
    public static string WriteModel(string path, Action<Dictionary<string, Tensor>>? change = null, Dictionary<string, string>? metadata = null, UNetParams? unet = null)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (prefix, network) in new (string, nn.Module)[] { (UNetPrefix, UNet(unet)), (AutoencoderPrefix, Autoencoder()), (TextPrefix, Text()) })
        {
            Collect(tensors, prefix, network);
        }

        return Write(path, tensors, change, metadata);
    }

    /// <summary>Writes a ControlNet to a file, as public files have it (prefix <see cref="ControlPrefix"/>) or under another prefix.</summary>
    public static string WriteControlNet(string path, UNetParams? p = null, string prefix = ControlPrefix, Action<Dictionary<string, Tensor>>? change = null)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        Collect(tensors, prefix, ControlNet(p));
        return Write(path, tensors, change, null);
    }

    private static void Collect(Dictionary<string, Tensor> tensors, string prefix, nn.Module network)
    {
        using var owned = network;
        foreach (var (name, parameter) in network.named_parameters())
        {
            tensors.Add(prefix + name, parameter.clone());
        }
    }

    private static string Write(string path, Dictionary<string, Tensor> tensors, Action<Dictionary<string, Tensor>>? change, Dictionary<string, string>? metadata)
    {
        change?.Invoke(tensors);
        SafetensorsWriter.Write(path, tensors, metadata ?? Metadata.Write());
        return path;
    }
}
