using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// The shapes of the embedded model: Stable Diffusion 1.x at small width, 256 x 256 pictures, 32 x 32 latents.
/// </summary>
internal static class PocketModel
{
    public const int PictureSize = 256;

    /// <summary>The guidance scale; with more of it colours burn and hints are lost.</summary>
    public const double GuidanceScale = 3;

    /// <summary>Training threads, each with one libtorch thread; batch sizes are a worker's.</summary>
    public const int Workers = 2;

    /// <summary>What training on the CPU computes in: bf16 where the processor has it, float32 elsewhere.</summary>
    public static ScalarType Compute { get; } = PlacementPolicy.Choose("cpu", "auto").Dtype;

    /// <summary>Where and in what the diffusion networks are trained: as above, or in bf16 on a GPU.</summary>
    /// <param name="device">cpu or cuda:N.</param>
    public static Placement PlacementOn(string device) =>
        PlacementPolicy.Choose(device, device == "cpu" ? "auto" : "bf16");

    /// <summary>Muon for the matrices inside the networks: not for embeddings, first and last layers.</summary>
    public static MuonOptions Muon { get; } =
        MuonOptions.Inside(
            "conv_in.",
            "conv_out.",
            "quant_conv.",
            "embedding",
            "input_blocks.0.0.",
            "diffusion_model.out.",
            "stem.",
            "dense_out.",
            "pose_out.",
            "heads."
        );

    /// <summary>
    /// The loss of the diffusion networks. They predict velocities: where noise rules, a prediction of the noise would
    /// have to be exact beyond bf16, since its error is multiplied by
    /// fifteen on the way to the picture.
    /// </summary>
    public static DiffusionLoss Loss { get; } = new() { Prediction = PredictionType.Velocity, SnrGamma = 5 };

    public static AutoencoderParams Autoencoder { get; } =
        new()
        {
            Channels = 16,
            Multipliers = [1, 2, 6, 8],
            ResidualBlocks = 1,
            NormGroups = 8,
        };

    public static TextEncoderParams Text { get; } =
        new()
        {
            Width = 128,
            Layers = 3,
            Heads = 4,
        };

    /// <summary>
    /// Channels are multiples of 32, which the convolution gradients on a CPU need; attention is on the three smaller
    /// levels, where it is cheap.
    /// </summary>
    public static UNetParams UNet { get; } =
        new()
        {
            InChannels = 4,
            OutChannels = 4,
            ModelChannels = 32,
            Levels = [new(32, 1, 0), new(64, 1, 1), new(128, 1, 1), new(192, 1, 1)],
            MiddleDepth = 1,
            ContextChannels = Text.Width,
            Heads = HeadRule.OfWidth(32),
            LinearProjections = false,
            NormGroups = 8,
        };
}
