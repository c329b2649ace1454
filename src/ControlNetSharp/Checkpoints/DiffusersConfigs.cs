using System.Text.Json;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// The configurations that diffusers and transformers keep beside weights, as JSON. Source: the published folders of SD
/// 1.5, SD 2.1, SDXL base and their ControlNets.
/// </summary>
internal static class DiffusersConfigs
{
    private const string Version = "0.30.0";

    /// <summary>Width of an embedded size in SDXL.</summary>
    private const int UsualSizeWidth = 256;

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };

    /// <param name="p">The shape.</param>
    /// <param name="nativeSize">Width and height of the pictures that it was trained with.</param>
    /// <param name="pooled">Width of the pooled text; null where it is not known.</param>
    public static string UNet(UNetParams p, int nativeSize, int? pooled) =>
        Json(
            new Dictionary<string, object?>(Encoder(p, "UNet2DConditionModel", pooled), StringComparer.Ordinal)
            {
                ["out_channels"] = p.OutChannels,
                ["sample_size"] = nativeSize / 8,
                ["center_input_sample"] = false,
                ["up_block_types"] = p
                    .Levels.Reverse()
                    .Select(level => level.TransformerDepth > 0 ? "CrossAttnUpBlock2D" : "UpBlock2D"),
            }
        );

    public static string ControlNet(ControlNetParams p) =>
        Json(
            new Dictionary<string, object?>(Encoder(p.UNet, "ControlNetModel", null), StringComparer.Ordinal)
            {
                // diffusers counts the two convolutions of each size as one.
                ["conditioning_embedding_out_channels"] = p.HintEncoderChannels.Where((_, index) => index % 2 == 0),
                ["controlnet_conditioning_channel_order"] = "rgb",
            }
        );

    /// <param name="p">The shape.</param>
    /// <param name="latentScale">
    /// latents = this · z; null where nothing says it, as for an Autoencoder alone, whose family its shape does not
    /// show.
    /// </param>
    public static string Autoencoder(AutoencoderParams p, double? latentScale) =>
        Json(
            new Dictionary<string, object?>
            {
                ["_class_name"] = "AutoencoderKL",
                ["_diffusers_version"] = Version,
                ["act_fn"] = "silu",
                ["block_out_channels"] = p.Multipliers.Select(multiplier => multiplier * p.Channels),
                ["down_block_types"] = p.Multipliers.Select(_ => "DownEncoderBlock2D"),
                ["in_channels"] = 3,
                ["latent_channels"] = p.LatentChannels,
                ["layers_per_block"] = p.ResidualBlocks,
                ["norm_num_groups"] = p.NormGroups,
                ["out_channels"] = 3,
                ["up_block_types"] = p.Multipliers.Select(_ => "UpDecoderBlock2D"),
            }
                .Concat(latentScale is { } scale ? [KeyValuePair.Create("scaling_factor", (object?)scale)] : [])
                .ToDictionary()
        );

    /// <param name="p">The shape.</param>
    /// <param name="reader">The class in transformers that reads it.</param>
    public static string Text(TextEncoderParams p, string reader) =>
        Json(
            new Dictionary<string, object?>
            {
                ["architectures"] = new[] { reader },
                ["model_type"] = "clip_text_model",
                ["hidden_act"] = p.Activation == TextActivation.Gelu ? "gelu" : "quick_gelu",
                ["hidden_size"] = p.Width,
                ["intermediate_size"] = p.Width * 4,
                ["layer_norm_eps"] = 1e-5,
                ["max_position_embeddings"] = p.ContextLength,
                ["num_attention_heads"] = p.Heads,
                // What is skipped is not counted, though its weights are kept; where the features are not normed
                // (SDXL), the last block is needed for the pooled vector.
                ["num_hidden_layers"] = p.NormsConditioning ? p.Layers - p.DefaultClipSkip + 1 : p.Layers,
                ["projection_dim"] = p.ProjectionWidth ?? p.Width,
                ["vocab_size"] = p.VocabularySize,
            }
        );

    public static string Scheduler(CheckpointMetadata metadata)
    {
        var config = new Dictionary<string, object?>
        {
            ["_class_name"] = "DDIMScheduler",
            ["_diffusers_version"] = Version,
            ["beta_start"] = metadata.Noise.Start,
            ["beta_end"] = metadata.Noise.End,
            ["beta_schedule"] = "scaled_linear",
            ["num_train_timesteps"] = metadata.Noise.Count,
            ["rescale_betas_zero_snr"] = metadata.Noise.ZeroTerminalSnr,
            ["clip_sample"] = false,
            ["set_alpha_to_one"] = false,
            ["steps_offset"] = 1,
        };
        if (metadata.Noise.TrailingSpacing)
        {
            config["timestep_spacing"] = NoiseSchedule.Trailing;
        }

        if (metadata.Prediction is { } prediction)
        {
            config["prediction_type"] = prediction == PredictionType.Velocity ? "v_prediction" : "epsilon";
        }

        return Json(config);
    }

    public static string Index(ModelFamily family)
    {
        var texts = family.Texts.Index().ToList();
        return Json(
            new Dictionary<string, object?>(
                [
                    new("_class_name", family.Pipeline.Class),
                    new("_diffusers_version", Version),
                    .. family.Pipeline.Settings,
                    new("scheduler", new[] { "diffusers", "DDIMScheduler" }),
                    .. texts.Select(text =>
                        KeyValuePair.Create<string, object?>(
                            DiffusersFolder.Numbered("text_encoder", text.Index),
                            new[] { "transformers", text.Item.Class }
                        )
                    ),
                    .. texts.Select(text =>
                        KeyValuePair.Create<string, object?>(
                            DiffusersFolder.Numbered(TokenizerFiles.Folder, text.Index),
                            new[] { "transformers", "CLIPTokenizer" }
                        )
                    ),
                    new("unet", new[] { "diffusers", "UNet2DConditionModel" }),
                    new("vae", new[] { "diffusers", "AutoencoderKL" }),
                ],
                StringComparer.Ordinal
            )
        );
    }

    private static Dictionary<string, object?> Encoder(UNetParams p, string name, int? pooled)
    {
        var config = Encoder(p, name);
        if (p.VectorChannels is { } vector)
        {
            config["addition_embed_type"] = "text_time";
            config["addition_time_embed_dim"] = pooled is { } width
                ? (vector - width) / SizeConditioning.Count
                : UsualSizeWidth;
            config["projection_class_embeddings_input_dim"] = vector;
        }

        return config;
    }

    private static Dictionary<string, object?> Encoder(UNetParams p, string name) =>
        new(StringComparer.Ordinal)
        {
            ["_class_name"] = name,
            ["_diffusers_version"] = Version,
            ["act_fn"] = "silu",
            // diffusers' word for the number of heads.
            ["attention_head_dim"] = p.Heads.Count is { } count
                ? count
                : p.Levels.Select(level => p.Heads.For(level.Channels)),
            ["block_out_channels"] = p.Levels.Select(level => level.Channels),
            ["cross_attention_dim"] = p.ContextChannels,
            ["down_block_types"] = p.Levels.Select(level =>
                level.TransformerDepth > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D"
            ),
            ["downsample_padding"] = 1,
            ["flip_sin_to_cos"] = true,
            ["freq_shift"] = 0,
            ["in_channels"] = p.InChannels,
            ["layers_per_block"] = p.Levels[0].ResidualBlocks,
            ["mid_block_scale_factor"] = 1,
            ["norm_eps"] = 1e-5,
            ["norm_num_groups"] = p.NormGroups,
            // One number for all levels that have transformers, or one for each level; those of a level without are not
            // looked at.
            ["transformer_layers_per_block"] = p.Levels.All(level => level.TransformerDepth <= 1)
                ? p.MiddleDepth
                : p.Levels.Select(level => Math.Max(level.TransformerDepth, 1)),
            ["use_linear_projection"] = p.LinearProjections,
        };

    private static string Json(Dictionary<string, object?> config) => JsonSerializer.Serialize(config, Format);
}
