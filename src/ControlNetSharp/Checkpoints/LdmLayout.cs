using ControlNetSharp.Checkpoints.KeyMaps;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Gives the tensors of a checkpoint the names and shapes that LDM has for them, whatever layout they are in. Nothing
/// is read: the tensors stay views of their files.
/// </summary>
internal static class LdmLayout
{
    public const string UNet = "model.diffusion_model.";
    public const string Autoencoder = "first_stage_model.";
    public const string Control = "control_model.";

    /// <summary>What stands before the names of a T2I-Adapter here; its files have nothing there.</summary>
    public const string Adapter = "t2i_adapter.";

    /// <summary>What stands before the names of an upscaler here; its files have nothing there.</summary>
    public const string Upscaler = "upscaler.";

    /// <summary>The entry that marks a ControlNet whose weights are differences to those of the model.</summary>
    public const string Difference = "difference";

    /// <summary>The entry that marks an SDXL model that predicts velocity.</summary>
    public const string Velocity = "v_pred";

    /// <summary>The entry that marks one whose last timestep is nothing but noise.</summary>
    public const string ZeroSnr = "ztsnr";

    /// <summary>
    /// What stands before the names of a network's tensors. Those of text encoders are facts of their families.
    /// </summary>
    public static IReadOnlyList<string> Prefixes { get; } =
    [UNet, Autoencoder, .. ModelFamily.TextPlaces.Select(place => place.Prefix), Control];

    /// <summary>Entries that say something of a model by being there.</summary>
    public static IReadOnlyList<string> Markers { get; } = [Difference, Velocity, ZeroSnr];

    /// <summary>Bare weights: a name that only they have, and what becomes of them.</summary>
    private static readonly (
        string Sign,
        Func<IReadOnlyDictionary<string, StoredTensor>, Dictionary<string, StoredTensor>> Rename
    )[] Bare =
    [
        ("adapter.body.0.resnets.0.block1.weight", T2IAdapterKeys.Of),
        ("body.0.block1.weight", T2IAdapterKeys.Of),
        ("body.0.in_conv.weight", T2IAdapterKeys.Of),
        ("body.0.rdb1.conv1.weight", UpscalerKeys.Of),
        ("RRDB_trunk.0.RDB1.conv1.weight", UpscalerKeys.Of),
        ("model.1.sub.0.RDB1.conv1.0.weight", UpscalerKeys.Of),
        ("body.0.weight", UpscalerKeys.Of),
        ("controlnet_cond_embedding.conv_in.weight", tensors => OfDiffusers(tensors, Control, UNetKeys.OfDiffusers)),
        ("down_blocks.0.resnets.0.conv1.weight", tensors => OfDiffusers(tensors, UNet, UNetKeys.OfDiffusers)),
        (
            "encoder.down_blocks.0.resnets.0.conv1.weight",
            tensors => OfDiffusers(tensors, Autoencoder, AutoencoderKeys.OfDiffusers)
        ),
        ("encoder.down.0.block.0.conv1.weight", OfAutoencoder),
        (TinyAutoencoderKeys.Half, TinyAutoencoderKeys.Of),
        (TinyAutoencoderKeys.DiffusersDecoder, TinyAutoencoderKeys.Of),
        (TinyAutoencoderKeys.DiffusersEncoder, TinyAutoencoderKeys.Of),
        (
            "input_hint_block.0.weight",
            tensors =>
                Prefixed(
                    tensors.Where(tensor => tensor.Key != Difference),
                    Control,
                    tensors.Where(tensor => tensor.Key == Difference)
                )
        ),
        (
            "text_model.embeddings.token_embedding.weight",
            tensors => Prefixed(tensors, PlaceOfTransformers(ModelFamily.All[0].Texts[0])!.Prefix)
        ),
    ];

    /// <summary>
    /// The tensors under LDM's names. A name that neither layout has gets its network's prefix and is reported by
    /// whoever compares names.
    /// </summary>
    public static Dictionary<string, StoredTensor> Of(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        if (
            DiffusersFolder.Components.Any(component =>
                tensors.Keys.Any(name => name.StartsWith(component, StringComparison.Ordinal))
            )
        )
        {
            var shapes = tensors.ToDictionary(
                tensor => tensor.Key,
                tensor => tensor.Value.Shape,
                StringComparer.Ordinal
            );
            var family = CheckpointKind.FamilyOf(shapes) ?? ModelFamily.All[0];
            return new[]
            {
                OfDiffusers(Part(tensors, DiffusersFolder.UNet), UNet, UNetKeys.OfDiffusers),
                OfDiffusers(Part(tensors, DiffusersFolder.Autoencoder), Autoencoder, AutoencoderKeys.OfDiffusers),
            }
                .Concat(family.Texts.Select((text, index) => OfText(Part(tensors, DiffusersFolder.Text(index)), text)))
                .SelectMany(part => part)
                .ToDictionary(StringComparer.Ordinal);
        }

        return Array.Find(Bare, row => tensors.ContainsKey(row.Sign)) is { Rename: { } rename }
            ? rename(tensors)
            : Renamed(tensors, Corrected);
    }

    /// <summary>The tensors whose names begin with a prefix, without it.</summary>
    public static Dictionary<string, StoredTensor> Part(
        IReadOnlyDictionary<string, StoredTensor> tensors,
        string prefix
    ) =>
        tensors
            .Where(tensor => tensor.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(tensor => tensor.Key[prefix.Length..], tensor => tensor.Value, StringComparer.Ordinal);

    /// <summary>A text encoder under transformers' names, or under OpenCLIP's where the family has no others.</summary>
    private static Dictionary<string, StoredTensor> OfText(
        IReadOnlyDictionary<string, StoredTensor> tensors,
        FamilyText text
    ) =>
        PlaceOfTransformers(text) is { } place
            ? Prefixed(tensors, place.Prefix)
            : Prefixed(OpenClipKeys.ToOpenClip(tensors), text.Places[0].Prefix);

    private static TextPlace? PlaceOfTransformers(FamilyText text) =>
        text.Places.FirstOrDefault(place => !place.IsOpenClip);

    private static Dictionary<string, StoredTensor> OfDiffusers(
        IReadOnlyDictionary<string, StoredTensor> tensors,
        string prefix,
        Func<IReadOnlyCollection<string>, KeyMap> mapOf
    )
    {
        var map = mapOf([.. tensors.Keys]);
        return Renamed(tensors, name => prefix + (map.ToLdm(name) ?? name));
    }

    private static Dictionary<string, StoredTensor> Renamed(
        IReadOnlyDictionary<string, StoredTensor> tensors,
        Func<string, string> rename
    )
    {
        var result = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            var ldm = rename(name);
            if (!result.TryAdd(ldm, AutoencoderKeys.IsConvolutionOfOne(ldm) ? tensor.AsConvolution() : tensor))
            {
                throw new CheckpointException(
                    tensor.File,
                    $"the tensors '{result[ldm].Name}' and '{name}' are the same one under two names.",
                    [result[ldm].Name, name]
                );
            }
        }

        return result;
    }

    /// <summary>A separate Autoencoder in LDM's layout. What it was trained with (<c>loss.</c>) is left out.</summary>
    private static Dictionary<string, StoredTensor> OfAutoencoder(IReadOnlyDictionary<string, StoredTensor> tensors) =>
        tensors
            .Where(tensor =>
                !tensor.Key.StartsWith("loss.", StringComparison.Ordinal)
                && !tensor.Key.StartsWith("model_ema.", StringComparison.Ordinal)
            )
            .ToDictionary(
                tensor => Autoencoder + tensor.Key,
                tensor => AutoencoderKeys.IsConvolutionOfOne(tensor.Key) ? tensor.Value.AsConvolution() : tensor.Value,
                StringComparer.Ordinal
            );

    private static Dictionary<string, StoredTensor> Prefixed(
        IEnumerable<KeyValuePair<string, StoredTensor>> tensors,
        string prefix,
        IEnumerable<KeyValuePair<string, StoredTensor>>? others = null
    ) =>
        tensors
            .Select(tensor => KeyValuePair.Create(prefix + tensor.Key, tensor.Value))
            .Concat(others ?? [])
            .ToDictionary(StringComparer.Ordinal);

    /// <summary>Models merged by some programs lack a part of the text encoder's names.</summary>
    private static string Corrected(string name) =>
        ModelFamily
            .TextPlaces.Where(place => !place.IsOpenClip)
            .Select(place => place.Prefix)
            .FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
            is { } clip
        && name[clip.Length..].Split('.')[0] is "embeddings" or "encoder" or "final_layer_norm"
            ? $"{clip}text_model.{name[clip.Length..]}"
            : name;
}
