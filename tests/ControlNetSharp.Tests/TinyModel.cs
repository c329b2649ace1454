using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests;

/// <summary>A whole model at very small widths, with formula weights: its networks in memory, and checkpoint files of them in LDM layout. A picture has 64 x 64 pixels.</summary>
internal static class TinyModel
{
    /// <summary>Whether a model predicts velocity; null where nothing says what it predicts.</summary>
    public static bool? PredictsVelocity(this DiffusionModel model) => model.Prediction is { } prediction ? prediction == PredictionType.Velocity : null;

    public const string UNetPrefix = "model.diffusion_model.";
    public const string AutoencoderPrefix = "first_stage_model.";
    public const string TextPrefix = "cond_stage_model.transformer.";
    public const string ControlPrefix = "control_model.";
    public const int NativeSize = 64;
    public const int Width = 16;
    public const string SdxlTextPrefix = "conditioner.embedders.0.transformer.";
    public const string SdxlSecondTextPrefix = "conditioner.embedders.1.model.";
    private const int SecondWidth = 24;
    private const uint Seed = 77;

    public static UNetParams UNetParams { get; } = UNetParams.StableDiffusion(32, [1, 2], 1, Width, HeadRule.OfWidth(8), linearProjections: false) with { NormGroups = 8 };

    /// <summary>SD 2.x by the width of its text conditioning and its linear projections.</summary>
    public static UNetParams Sd21Shaped { get; } = UNetParams with { ContextChannels = 1024, LinearProjections = true };

    /// <summary>The same as an inpainting model: mask and masked picture behind the noisy latents.</summary>
    public static UNetParams Inpainting { get; } = UNetParams with { InChannels = 9 };

    /// <summary>SDXL by its two text encoders and its vector beside the text.</summary>
    public static UNetParams Sdxl { get; } = UNetParams.StableDiffusionXl(32, [(1, 0), (2, 1), (2, 2)], Width + SecondWidth, 8, SecondWidth + 6 * 8) with { NormGroups = 8 };

    public static AutoencoderParams AutoencoderParams { get; } = new() { Channels = 16, Multipliers = [1, 1, 1, 1], ResidualBlocks = 1, NormGroups = 8 };

    public static TextEncoderParams TextParams { get; } = new() { Width = Width, Layers = 1, Heads = 2 };

    /// <summary>The text encoders of SDXL.</summary>
    public static TextEncoderParams SdxlTextParams { get; } = TextParams with { Layers = 2, DefaultClipSkip = 2, NormsConditioning = false };

    /// <inheritdoc cref="SdxlTextParams"/>
    public static TextEncoderParams SdxlSecondTextParams { get; } = new TextEncoderParams
    {
        Width = SecondWidth, Layers = 2, Heads = 3, Activation = TextActivation.Gelu, ProjectionWidth = SecondWidth, HasLogitScale = true, PadToken = 0, DefaultClipSkip = 2, NormsConditioning = false,
    };

    /// <summary>What the shapes of these networks do not show.</summary>
    public static CheckpointMetadata Metadata { get; } = new()
    {
        HeadWidth = 8, NormGroups = 8, AutoencoderNormGroups = 8, TextHeads = 2, SecondTextHeads = 3, NativeSize = NativeSize, Prediction = PredictionType.Velocity,
    };

    public static UNet UNet(UNetParams? p = null) => FormulaWeights.Fill(new UNet(p ?? UNetParams, Placement.Cpu32), UNetPrefix, Seed);

    public static Autoencoder Autoencoder() => FormulaWeights.Fill(new Autoencoder(AutoencoderParams, Placement.Cpu32), AutoencoderPrefix, Seed);

    public static ClipTextEncoder Text(TextEncoderParams? p = null) => FormulaWeights.Fill(new ClipTextEncoder(p ?? TextParams, Placement.Cpu32), TextPrefix, Seed);

    /// <summary>The text encoders of SDXL.</summary>
    public static (ClipTextEncoder First, OpenClipTextEncoder Second) SdxlTexts() => (
        FormulaWeights.Fill(new ClipTextEncoder(SdxlTextParams, Placement.Cpu32), SdxlTextPrefix, Seed),
        FormulaWeights.Fill(new OpenClipTextEncoder(SdxlSecondTextParams, Placement.Cpu32), SdxlSecondTextPrefix, Seed));

    /// <summary>SDXL in memory. The caller owns it.</summary>
    public static DiffusionModel SdxlModel()
    {
        var (first, second) = SdxlTexts();
        return new DiffusionModel
        {
            File = "sdxl", Family = ModelFamily.Of(Sdxl), UNet = UNet(Sdxl), Autoencoder = Autoencoder(), Text = first, SecondText = second,
            Prediction = PredictionType.Velocity, NativeSize = NativeSize, Placement = Placement.Cpu32,
        };
    }

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
        return Write(path, Collected((UNetPrefix, UNet(unet)), (AutoencoderPrefix, Autoencoder()), (TextPrefix, Text())), change, metadata);
    }

    /// <summary>Writes SDXL to one file.</summary>
    /// <inheritdoc cref="WriteModel"/>
    public static string WriteSdxl(string path, Action<Dictionary<string, Tensor>>? change = null, Dictionary<string, string>? metadata = null, UNetParams? unet = null)
    {
        using var scope = NewDisposeScope();
        var (first, second) = SdxlTexts();
        return Write(path, Collected((UNetPrefix, UNet(unet ?? Sdxl)), (AutoencoderPrefix, Autoencoder()), (SdxlTextPrefix, first), (SdxlSecondTextPrefix, second)), change, metadata);
    }

    /// <summary>Writes a ControlNet to a file, as public files have it (prefix <see cref="ControlPrefix"/>) or under another prefix.</summary>
    public static string WriteControlNet(string path, UNetParams? p = null, string prefix = ControlPrefix, Action<Dictionary<string, Tensor>>? change = null)
    {
        using var scope = NewDisposeScope();
        return Write(path, Collected((prefix, ControlNet(p))), change, null);
    }

    private static Dictionary<string, Tensor> Collected(params (string Prefix, nn.Module Network)[] networks)
    {
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (prefix, network) in networks)
        {
            using var owned = network;
            foreach (var (name, parameter) in network.named_parameters())
            {
                tensors.Add(prefix + name, parameter.clone());
            }
        }

        return tensors;
    }

    private static string Write(string path, Dictionary<string, Tensor> tensors, Action<Dictionary<string, Tensor>>? change, Dictionary<string, string>? metadata)
    {
        change?.Invoke(tensors);
        SafetensorsWriter.Write(path, tensors, metadata ?? Metadata.Write());
        return path;
    }
}
