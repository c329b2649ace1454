using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Writes trained networks as the original, A1111 and diffusers read them: LDM names in safetensors files.
/// </summary>
public static class TrainedWeights
{
    /// <summary>Writes a ControlNet.</summary>
    /// <param name="file">The file.</param>
    /// <param name="controlNet">The network. Borrowed.</param>
    /// <param name="dtype">The type of its weights in the file.</param>
    /// <param name="metadata">What the file says of itself, beside the shape.</param>
    /// <exception cref="IOException">The file cannot be written; an older one is as it was.</exception>
    public static void WriteControlNet(
        string file,
        ControlNet controlNet,
        ScalarType dtype,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        ArgumentNullException.ThrowIfNull(controlNet);
        Write(file, dtype, With(Shape(controlNet.Params.UNet).Write(), metadata), (LdmLayout.Control, controlNet));
    }

    /// <summary>
    /// Writes a Control-LoRA in the format of the published ones, which other programs read, too: no prefix, and an
    /// empty tensor by which they know it.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="controlLora">The network, made by <see cref="TrainableCopy"/> with a rank. Borrowed.</param>
    /// <param name="dtype">The type of its weights in the file.</param>
    /// <param name="metadata">What the file says of itself.</param>
    /// <exception cref="IOException">The file cannot be written; an older one is as it was.</exception>
    public static void WriteControlLora(
        string file,
        ControlNet controlLora,
        ScalarType dtype,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        ArgumentNullException.ThrowIfNull(controlLora);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        SafetensorsWriter.Write(
            file,
            LowRankLayers
                .Trained(controlLora)
                .Select(p => KeyValuePair.Create(p.Name, p.Parameter.to(dtype)))
                .Append(KeyValuePair.Create(ControlLoraFile.Marker, zeros(0))),
            metadata
        );
    }

    /// <summary>
    /// Writes the LoRA of a UNet as kohya's programs do, which all others read: names of diffusers with underscores in
    /// the place of dots, and of each the alpha by which it counts as it was trained.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="unet">The network, made by <see cref="TrainableCopy.WithLora"/>. Borrowed.</param>
    /// <param name="dtype">The type of its weights in the file.</param>
    /// <param name="metadata">What the file says of itself, beside the rank.</param>
    /// <exception cref="IOException">The file cannot be written; an older one is as it was.</exception>
    public static void WriteLora(string file, UNet unet, ScalarType dtype, IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(unet);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var layers = LoraLayers(unet).ToList();
        var rank = layers.Max(layer => layer.Change.Down.shape[0]).ToString(CultureInfo.InvariantCulture);
        SafetensorsWriter.Write(
            file,
            layers.SelectMany(layer =>
                new[]
                {
                    KeyValuePair.Create(layer.Name + ".lora_down.weight", layer.Change.Down.to(dtype)),
                    KeyValuePair.Create(layer.Name + ".lora_up.weight", layer.Change.Up.to(dtype)),
                    // As many as the rank, so that the changes count once; in float32, which has every rank.
                    KeyValuePair.Create(layer.Name + ".alpha", tensor((float)layer.Change.Down.shape[0])),
                }
            ),
            new Dictionary<string, string>(metadata)
            {
                ["ss_network_module"] = "networks.lora",
                ["ss_network_dim"] = rank,
                ["ss_network_alpha"] = rank,
            }
        );
    }

    /// <summary>The changes of a UNet by the names that kohya's programs have for their layers.</summary>
    internal static IEnumerable<(string Name, LowRankChange Change)> LoraLayers(UNet unet)
    {
        const string Weight = ".weight";
        var names = UNetKeys.OfLdm([.. unet.named_parameters().Select(parameter => parameter.name)]);
        return LowRankLayers
            .Changes(unet)
            .Select(layer =>
                (
                    "lora_unet_"
                        + (names.ToDiffusers(layer.Name + Weight) ?? layer.Name + Weight)[..^Weight.Length]
                            .Replace('.', '_'),
                    layer.Change
                )
            );
    }

    /// <summary>Writes a whole model: UNet, Autoencoder and text encoders.</summary>
    /// <param name="file">The file.</param>
    /// <param name="model">The model. Borrowed.</param>
    /// <param name="dtype">The type of its weights in the file.</param>
    /// <param name="metadata">What the file says of itself, beside the shapes.</param>
    /// <exception cref="IOException">The file cannot be written; an older one is as it was.</exception>
    public static void WriteModel(
        string file,
        DiffusionModel model,
        ScalarType dtype,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        var shape = Shape(model.UNet.Params) with
        {
            AutoencoderNormGroups = model.Autoencoder.Params.NormGroups,
            LatentScale = model.Autoencoder.Params.ScaleFactor,
            TextHeads = model.Text.Params.Heads,
            SecondTextHeads = model.SecondText?.Params.Heads,
            NativeSize = model.NativeSize,
            Prediction = model.Prediction,
            Noise = model.Noise,
        };
        Write(
            file,
            dtype,
            With(shape.Write(), metadata),
            [
                (LdmLayout.UNet, model.UNet),
                (LdmLayout.Autoencoder, model.Autoencoder),
                .. model.PlacedTexts.Select(text => (text.Place.Prefix, (nn.Module)text.Encoder)),
            ]
        );
    }

    /// <summary>What the names and shapes of a UNet do not show.</summary>
    private static CheckpointMetadata Shape(UNetParams p) =>
        new() { HeadWidth = p.Heads.Width, NormGroups = p.NormGroups };

    private static Dictionary<string, string> With(
        Dictionary<string, string> texts,
        IReadOnlyDictionary<string, string> others
    )
    {
        foreach (var (key, value) in others)
        {
            texts.Add(key, value);
        }

        return texts;
    }

    private static void Write(
        string file,
        ScalarType dtype,
        Dictionary<string, string> metadata,
        params (string Prefix, nn.Module Network)[] networks
    )
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        SafetensorsWriter.Write(
            file,
            networks.SelectMany(n =>
                n.Network.named_parameters().Select(p => KeyValuePair.Create(n.Prefix + p.name, p.parameter.to(dtype)))
            ),
            metadata
        );
    }

    /// <summary>Metadata that says how a network was trained.</summary>
    /// <param name="family">Name of the model's family.</param>
    /// <param name="sources">Where the hints came from.</param>
    /// <param name="modelHash">SHA-256 of the model that it was trained on.</param>
    /// <param name="result">Steps and scores.</param>
    public static Dictionary<string, string> MetadataOf(
        string family,
        IEnumerable<HintSource> sources,
        string modelHash,
        TrainingResult result
    )
    {
        ArgumentNullException.ThrowIfNull(result);
        var list = sources.ToList();
        var texts = new Dictionary<string, string>
        {
            ["family"] = family,
            ["condition"] = string.Join(", ", list.Select(source => source.Condition)),
            ["annotator"] = string.Join("; ", list.Select(source => source.Description)),
            ["base_model_sha256"] = modelHash,
            ["steps"] = result.Step.ToString(CultureInfo.InvariantCulture),
        };
        foreach (
            var (key, value) in new[]
            {
                ("loss", result.Loss),
                ("validation_loss", result.ValidationLoss),
                ("fidelity", result.Fidelity),
                ("fidelity_without_control", result.FidelityWithoutControl),
                ("converged_at_step", result.ConvergedAtStep),
            }
        )
        {
            if (value is { } number)
            {
                texts[key] = number.ToString("g6", CultureInfo.InvariantCulture);
            }
        }

        return texts;
    }
}
