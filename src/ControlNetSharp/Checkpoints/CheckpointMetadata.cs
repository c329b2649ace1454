using System.Globalization;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// What a checkpoint says of itself because names and shapes cannot show it. Files of Stable Diffusion say nothing, and its values hold;
/// models of one's own, at other widths, say it in the metadata of their safetensors files.
/// </summary>
public sealed record CheckpointMetadata
{
    private const string HeadWidthKey = "num_head_channels";
    private const string NormGroupsKey = "norm_groups";
    private const string AutoencoderNormGroupsKey = "autoencoder_norm_groups";
    private const string TextHeadsKey = "text_heads";
    private const string NativeSizeKey = "native_size";
    private const string VelocityKey = "prediction_type";

    /// <summary>Channels of one attention head of UNet and ControlNet.</summary>
    public int? HeadWidth { get; init; }

    /// <summary>Groups of the UNet's and the ControlNet's norms.</summary>
    public int? NormGroups { get; init; }

    /// <summary>Groups of the Autoencoder's norms.</summary>
    public int? AutoencoderNormGroups { get; init; }

    /// <summary>Attention heads of the text encoder.</summary>
    public int? TextHeads { get; init; }

    /// <summary>Width and height of the pictures that the model was trained with.</summary>
    public int? NativeSize { get; init; }

    /// <summary>Whether the UNet predicts velocity (<c>prediction_type</c> is v) instead of noise (epsilon).</summary>
    public bool? PredictsVelocity { get; init; }

    /// <summary>Reads the known keys; others are left alone.</summary>
    /// <exception cref="CheckpointException">A value is not what its key allows.</exception>
    public static CheckpointMetadata Read(CheckpointFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return new CheckpointMetadata
        {
            HeadWidth = Number(files, HeadWidthKey),
            NormGroups = Number(files, NormGroupsKey),
            AutoencoderNormGroups = Number(files, AutoencoderNormGroupsKey),
            TextHeads = Number(files, TextHeadsKey),
            NativeSize = Number(files, NativeSizeKey),
            PredictsVelocity = !files.Metadata.TryGetValue(VelocityKey, out var prediction) ? null
                : prediction is "v" or "epsilon" ? prediction == "v"
                : throw new CheckpointException(files.Name, $"the metadata '{VelocityKey}' must be epsilon or v, not '{prediction}'."),
        };
    }

    /// <summary>The same as texts for a safetensors file.</summary>
    public Dictionary<string, string> Write()
    {
        var texts = new Dictionary<string, string>();
        foreach (var (key, value) in new[]
        {
            (HeadWidthKey, HeadWidth), (NormGroupsKey, NormGroups), (AutoencoderNormGroupsKey, AutoencoderNormGroups), (TextHeadsKey, TextHeads), (NativeSizeKey, NativeSize),
        })
        {
            if (value is { } number)
            {
                texts[key] = number.ToString(CultureInfo.InvariantCulture);
            }
        }

        if (PredictsVelocity is { } velocity)
        {
            texts[VelocityKey] = velocity ? "v" : "epsilon";
        }

        return texts;
    }

    private static int? Number(CheckpointFiles files, string key) =>
        !files.Metadata.TryGetValue(key, out var text) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
        : throw new CheckpointException(files.Name, $"the metadata '{key}' must be a whole number above 0, not '{text}'.");
}
