using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Diffusion;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// A model as diffusers stores it: a folder with model_index.json and one folder for each component. What their
/// configurations say and shapes cannot show becomes the checkpoint's metadata.
/// Source: the published folders of SD 1.5, SD 2.1 and SDXL base.
/// </summary>
internal static class DiffusersFolder
{
    public const string Index = "model_index.json";
    public const string Config = "config.json";
    public const string Scheduler = "scheduler/scheduler_config.json";
    public const string UNet = "unet/";
    public const string Autoencoder = "vae/";

    /// <summary>
    /// The components that hold weights of the model; their names stand before those of their tensors.
    /// </summary>
    public static IReadOnlyList<string> Components { get; } =
    [UNet, Autoencoder, .. Enumerable.Range(0, ModelFamily.All.Max(family => family.Texts.Count)).Select(Text)];

    /// <summary>The component of a text encoder, counted from 0.</summary>
    public static string Text(int index) => Numbered("text_encoder", index) + "/";

    /// <summary>What diffusers calls the first, second … thing of a kind.</summary>
    public static string Numbered(string name, int index) =>
        index == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}_{index + 1}");

    /// <summary>The weight files of the components, each with the component's name.</summary>
    /// <exception cref="CheckpointException">There is no UNet. Other components may come from elsewhere.</exception>
    public static IReadOnlyList<(string Component, string File)> Files(string folder)
    {
        var files = Components
            .SelectMany(component =>
                WeightFiles.Of(Path.Combine(folder, component.TrimEnd('/'))).Select(file => (component, file))
            )
            .ToList();
        return files.Exists(file => file.component == UNet)
            ? files
            : throw new CheckpointException(
                folder,
                "its folder 'unet' has no weights; a model needs unet, vae and text_encoder, with safetensors or "
                    + "PyTorch files."
            );
    }

    /// <summary>The configurations of a whole model as metadata.</summary>
    /// <exception cref="CheckpointException">A configuration is not JSON or asks for what cannot be run.</exception>
    public static CheckpointMetadata Metadata(string folder)
    {
        CheckpointMetadata Of(string component) => Network(Path.Combine(folder, component.TrimEnd('/')));
        var (unet, text, autoencoder) = (Of(UNet), Of(Text(0)), Of(Autoencoder));
        var file = Path.Combine(folder, Scheduler);
        using var scheduler = Read(file);
        return unet with
        {
            AutoencoderNormGroups = autoencoder.AutoencoderNormGroups,
            LatentScale = autoencoder.LatentScale,
            TextHeads = text.TextHeads,
            SecondTextHeads = Of(Text(1)).TextHeads,
            TextLayers = text.TextLayers,
            TextActivation = text.TextActivation,
            Prediction = String(scheduler, "prediction_type") switch
            {
                null => null,
                "epsilon" => PredictionType.Epsilon,
                "v_prediction" => PredictionType.Velocity,
                var other => throw new CheckpointException(
                    file,
                    $"prediction_type is '{other}'; epsilon and v_prediction can be run."
                ),
            },
            Noise = CheckpointMetadata.Runnable(
                file,
                new NoiseSchedule
                {
                    Start = Number(scheduler, "beta_start") ?? NoiseSchedule.StableDiffusion.Start,
                    End = Number(scheduler, "beta_end") ?? NoiseSchedule.StableDiffusion.End,
                    Count = Integer(scheduler, "num_train_timesteps") ?? NoiseSchedule.StableDiffusion.Count,
                    ZeroTerminalSnr =
                        scheduler is not null
                        && scheduler.RootElement.TryGetProperty("rescale_betas_zero_snr", out var zero)
                        && zero.ValueKind == JsonValueKind.True,
                    TrailingSpacing = Spacing(scheduler, file) == NoiseSchedule.Trailing,
                },
                String(scheduler, "beta_schedule")
            ),
        };
    }

    /// <summary>The configuration of one network, in the folder of its weights; nothing where there is none.</summary>
    /// <exception cref="CheckpointException">It is not JSON or asks for what cannot be run.</exception>
    public static CheckpointMetadata Network(string folder)
    {
        var file = Path.Combine(folder, Config);
        using var config = Read(file);
        return config is null ? new CheckpointMetadata()
            : config.RootElement.TryGetProperty("latent_channels", out _)
                ? new CheckpointMetadata
                {
                    AutoencoderNormGroups = Integer(config, "norm_num_groups"),
                    LatentScale = Number(config, "scaling_factor"),
                }
            : config.RootElement.TryGetProperty("num_hidden_layers", out _) ? OfText(config, file)
            : config.RootElement.TryGetProperty("cross_attention_dim", out _) ? OfUNet(config, file)
            : new CheckpointMetadata();
    }

    private static CheckpointMetadata OfText(JsonDocument config, string file) =>
        new()
        {
            TextHeads = Integer(config, "num_attention_heads"),
            TextLayers = Integer(config, "num_hidden_layers"),
            TextActivation =
                String(config, "hidden_act") is not { } activation
                || CheckpointMetadata.TextActivations.Contains(activation)
                    ? String(config, "hidden_act")
                    : throw new CheckpointException(
                        file,
                        $"hidden_act is '{activation}'; {string.Join(" and ", CheckpointMetadata.TextActivations)} can "
                            + "be run."
                    ),
        };

    private static CheckpointMetadata OfUNet(JsonDocument config, string file)
    {
        // diffusers calls the number of heads attention_head_dim: one for all levels, or one for each.
        var heads = (Integers(config, "num_attention_heads") ?? Integers(config, "attention_head_dim"))
            is { Count: > 0 } given
            ? given
            : [8];
        var channels = Integers(config, "block_out_channels") ?? [];
        var widths =
            channels.Count == heads.Count
                ? channels.Zip(heads, (c, h) => h > 0 && c % h == 0 ? c / h : 0).Distinct().ToList()
                : [];
        var isOneNumber = heads.Distinct().Count() == 1;
        return heads.Any(h => h <= 0) || (!isOneNumber && widths is not [> 0])
            ? throw new CheckpointException(
                file,
                $"attention_head_dim is [{string.Join(", ", heads)}] for block_out_channels "
                    + $"[{string.Join(", ", channels)}]; one number of heads, or heads of one width, can be run."
            )
            : new CheckpointMetadata
            {
                Heads = isOneNumber ? heads[0] : null,
                HeadWidth = isOneNumber ? null : widths[0],
                NormGroups = Integer(config, "norm_num_groups"),
                NativeSize = Integer(config, "sample_size") * 8,
            };
    }

    private static string? Spacing(JsonDocument? scheduler, string file) =>
        String(scheduler, "timestep_spacing") is not { } spacing || NoiseSchedule.Spacings.Contains(spacing)
            ? String(scheduler, "timestep_spacing")
            : throw new CheckpointException(
                file,
                $"timestep_spacing is '{spacing}'; {string.Join(", ", NoiseSchedule.Spacings)} can be run."
            );

    private static JsonDocument? Read(string file)
    {
        try
        {
            return File.Exists(file) ? CheckedJson.ParseObject(File.ReadAllBytes(file)) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(file, $"the configuration cannot be read: {e.Message}", innerException: e);
        }
    }

    private static string? String(JsonDocument? config, string key) =>
        config is not null
        && config.RootElement.TryGetProperty(key, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static double? Number(JsonDocument? config, string key) =>
        config is not null
        && config.RootElement.TryGetProperty(key, out var value)
        && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : null;

    private static int? Integer(JsonDocument? config, string key) =>
        Number(config, key) is { } number && number == Math.Floor(number) && number is > 0 and <= int.MaxValue
            ? (int)number
            : null;

    private static IReadOnlyList<int>? Integers(JsonDocument config, string key) =>
        !config.RootElement.TryGetProperty(key, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var one) ? [one]
        : value.ValueKind == JsonValueKind.Array
            ?
            [
                .. value
                    .EnumerateArray()
                    .Select(item =>
                        item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) ? number : 0
                    ),
            ]
        : null;
}
