using System.Globalization;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// What a checkpoint says of itself because names and shapes cannot show it. Files of Stable Diffusion say nothing, and
/// its values hold;
/// models of one's own, at other widths, say it in the metadata of their safetensors files, and diffusers' folders in
/// their configurations.
/// </summary>
public sealed record CheckpointMetadata
{
    private const string HeadWidthKey = "num_head_channels";
    private const string HeadsKey = "num_heads";
    private const string NormGroupsKey = "norm_groups";
    private const string AutoencoderNormGroupsKey = "autoencoder_norm_groups";
    private const string LatentScaleKey = "latent_scale";
    private const string TextHeadsKey = "text_heads";
    private const string SecondTextHeadsKey = "text_heads_2";
    private const string TextLayersKey = "text_layers";
    private const string TextActivationKey = "text_activation";
    private const string NativeSizeKey = "native_size";
    private const string GuidanceKey = "guidance_scale";
    private const string VelocityKey = "prediction_type";
    private const string ModelSpecPredictionKey = "modelspec.prediction_type";
    private const string BetaStartKey = "beta_start";
    private const string BetaEndKey = "beta_end";
    private const string TimestepsKey = "num_train_timesteps";
    private const string ZeroSnrKey = "rescale_betas_zero_snr";
    private const string SpacingKey = "timestep_spacing";

    /// <summary>The activations of text encoders by their names in transformers' configurations.</summary>
    private static readonly Dictionary<string, TextActivation> Activations = new(StringComparer.Ordinal)
    {
        ["quick_gelu"] = Text.TextActivation.QuickGelu,
        ["gelu"] = Text.TextActivation.Gelu,
    };

    /// <summary>The allowed activations of the text encoder.</summary>
    internal static IReadOnlyCollection<string> TextActivations => Activations.Keys;

    /// <summary>The keys that tell of the Autoencoder.</summary>
    internal static IReadOnlyList<string> AutoencoderKeys { get; } = [AutoencoderNormGroupsKey, LatentScaleKey];

    /// <summary>Channels of one attention head of UNet and ControlNet, where that is fixed.</summary>
    public int? HeadWidth { get; init; }

    /// <summary>Attention heads of UNet and ControlNet, where their number is fixed.</summary>
    public int? Heads { get; init; }

    /// <summary>Groups of the UNet's and the ControlNet's norms.</summary>
    public int? NormGroups { get; init; }

    /// <summary>Groups of the Autoencoder's norms.</summary>
    public int? AutoencoderNormGroups { get; init; }

    /// <summary>latents = this · z.</summary>
    public double? LatentScale { get; init; }

    /// <summary>Attention heads of the text encoder.</summary>
    public int? TextHeads { get; init; }

    /// <summary>Attention heads of the second text encoder (SDXL).</summary>
    public int? SecondTextHeads { get; init; }

    /// <summary>Blocks of the text encoder that are used; the file can have more.</summary>
    public int? TextLayers { get; init; }

    /// <summary>quick_gelu or gelu.</summary>
    public string? TextActivation { get; init; }

    /// <summary>Width and height of the pictures that the model was trained with.</summary>
    public int? NativeSize { get; init; }

    /// <summary>The guidance scale that the model is at its best with, 1 to 30.</summary>
    public double? GuidanceScale { get; init; }

    /// <summary>
    /// What the UNet predicts: <c>prediction_type</c> is epsilon or v; null where the file does not say it.
    /// </summary>
    public PredictionType? Prediction { get; init; }

    /// <summary>The noise that the model was trained with.</summary>
    public NoiseSchedule Noise { get; init; } = NoiseSchedule.StableDiffusion;

    /// <summary>Reads the known keys; others are left alone.</summary>
    /// <exception cref="CheckpointException">A value is not what its key allows.</exception>
    public static CheckpointMetadata Read(CheckpointFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return new CheckpointMetadata
        {
            HeadWidth = Number(files, HeadWidthKey),
            Heads = Number(files, HeadsKey),
            NormGroups = Number(files, NormGroupsKey),
            AutoencoderNormGroups = Number(files, AutoencoderNormGroupsKey),
            LatentScale = Fraction(files, LatentScaleKey),
            TextHeads = Number(files, TextHeadsKey),
            SecondTextHeads = Number(files, SecondTextHeadsKey),
            TextLayers = Number(files, TextLayersKey),
            TextActivation = Choice(files, TextActivationKey, [.. Activations.Keys]),
            NativeSize = Number(files, NativeSizeKey),
            GuidanceScale = Guidance(files),
            Prediction = PredictionOf(Choice(files, VelocityKey, "epsilon", "v")) ?? MarkedPrediction(files),
            Noise = Runnable(
                files.Name,
                new NoiseSchedule
                {
                    Start = Fraction(files, BetaStartKey) ?? NoiseSchedule.StableDiffusion.Start,
                    End = Fraction(files, BetaEndKey) ?? NoiseSchedule.StableDiffusion.End,
                    Count = Number(files, TimestepsKey) ?? NoiseSchedule.StableDiffusion.Count,
                    ZeroTerminalSnr = Choice(files, ZeroSnrKey, "true", "false") is { } zero
                        ? zero == "true"
                        : files.Shapes.ContainsKey(LdmLayout.ZeroSnr),
                    TrailingSpacing = Choice(files, SpacingKey, NoiseSchedule.Spacings) == NoiseSchedule.Trailing,
                }
            ),
        };
    }

    /// <summary>The noise that a checkpoint was trained with, if it can be run.</summary>
    /// <exception cref="CheckpointException">It cannot.</exception>
    internal static NoiseSchedule Runnable(string file, NoiseSchedule noise, string? schedule = null) =>
        noise.Problem(schedule) is { } problem ? throw new CheckpointException(file, problem) : noise;

    /// <summary>The same as texts for a safetensors file.</summary>
    public Dictionary<string, string> Write() =>
        new (string Key, object? Value)[]
        {
            (HeadWidthKey, HeadWidth),
            (HeadsKey, Heads),
            (NormGroupsKey, NormGroups),
            (AutoencoderNormGroupsKey, AutoencoderNormGroups),
            (LatentScaleKey, LatentScale),
            (TextHeadsKey, TextHeads),
            (SecondTextHeadsKey, SecondTextHeads),
            (TextLayersKey, TextLayers),
            (TextActivationKey, TextActivation),
            (NativeSizeKey, NativeSize),
            (GuidanceKey, GuidanceScale),
            (
                VelocityKey,
                Prediction is { } prediction
                    ? prediction == PredictionType.Velocity
                        ? "v"
                        : "epsilon"
                    : null
            ),
            (BetaStartKey, Noise.Start != NoiseSchedule.StableDiffusion.Start ? Noise.Start : null),
            (BetaEndKey, Noise.End != NoiseSchedule.StableDiffusion.End ? Noise.End : null),
            (TimestepsKey, Noise.Count != NoiseSchedule.StableDiffusion.Count ? Noise.Count : null),
            (ZeroSnrKey, Noise.ZeroTerminalSnr ? "true" : null),
            (SpacingKey, Noise.TrailingSpacing ? NoiseSchedule.Trailing : null),
        }
            .Where(entry => entry.Value is not null)
            .ToDictionary(
                entry => entry.Key,
                entry => Convert.ToString(entry.Value, CultureInfo.InvariantCulture)!,
                StringComparer.Ordinal
            );

    /// <summary>Attention heads of a text encoder, counted from 0; null where nothing is said.</summary>
    internal int? HeadsOf(int text) => new[] { TextHeads, SecondTextHeads }.ElementAtOrDefault(text);

    /// <summary>
    /// The first text encoder's shape with what is said here in the place of what its names and shapes suggest.
    /// </summary>
    internal TextEncoderParams Applied(TextEncoderParams text)
    {
        var activation = TextActivation is { } name ? Activations[name] : text.Activation;
        return text with
        {
            Activation = activation,
            // SD 2.x, whose weights were trained with the exact GELU, pads with 0.
            PadToken = activation == Text.TextActivation.Gelu ? 0 : text.VocabularySize - 1,
            DefaultClipSkip =
                TextLayers is { } used && used <= text.Layers ? text.Layers - used + 1 : text.DefaultClipSkip,
        };
    }

    /// <summary>
    /// What other programs' files say: an entry among the weights (SDXL models that predict velocity), or Stability
    /// AI's metadata.
    /// Source: ComfyUI supported_models.py (behaviour); Stability-AI/ModelSpec, prediction_type.
    /// </summary>
    private static PredictionType? MarkedPrediction(CheckpointFiles files) =>
        files.Shapes.ContainsKey(LdmLayout.Velocity)
            ? PredictionType.Velocity
            : PredictionOf(files.Metadata.GetValueOrDefault(ModelSpecPredictionKey));

    private static PredictionType? PredictionOf(string? word) =>
        word switch
        {
            "v" => PredictionType.Velocity,
            "epsilon" => PredictionType.Epsilon,
            _ => null,
        };

    private static string? Choice(CheckpointFiles files, string key, params string[] allowed) =>
        !files.Metadata.TryGetValue(key, out var text) ? null
        : allowed.Contains(text, StringComparer.Ordinal) ? text
        : throw new CheckpointException(
            files.Name,
            $"the metadata '{key}' must be {string.Join(" or ", allowed)}, not '{text}'."
        );

    private static int? Number(CheckpointFiles files, string key) =>
        !files.Metadata.TryGetValue(key, out var text) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
        : throw new CheckpointException(
            files.Name,
            $"the metadata '{key}' must be a whole number above 0, not '{text}'."
        );

    private static double? Guidance(CheckpointFiles files) =>
        Fraction(files, GuidanceKey) is not { } scale || scale is >= 1 and <= 30
            ? Fraction(files, GuidanceKey)
            : throw new CheckpointException(
                files.Name,
                $"the metadata '{GuidanceKey}' must be a number from 1 to 30, not '{files.Metadata[GuidanceKey]}'."
            );

    private static double? Fraction(CheckpointFiles files, string key) =>
        !files.Metadata.TryGetValue(key, out var text) ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && number > 0
        && double.IsFinite(number)
            ? number
        : throw new CheckpointException(files.Name, $"the metadata '{key}' must be a number above 0, not '{text}'.");
}
