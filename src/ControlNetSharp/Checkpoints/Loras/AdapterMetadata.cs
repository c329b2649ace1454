using System.Text;
using System.Text.Json;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// The scales of a LoRA that diffusers wrote: they are no tensors but JSON in the file's metadata. Source: diffusers
/// loaders/lora_base.py, <c>lora_adapter_metadata</c>; PEFT tuners/lora/config.py for the names.
/// </summary>
internal sealed class AdapterMetadata
{
    private const string Key = "lora_adapter_metadata";
    private readonly string _file;
    private readonly JsonElement? _json;

    private AdapterMetadata(string file, JsonElement? json) => (_file, _json) = (file, json);

    /// <summary>Reads it; a file without says nothing of its scales.</summary>
    /// <exception cref="CheckpointException">It is no JSON object.</exception>
    public static AdapterMetadata Read(CheckpointFiles files)
    {
        if (!files.Metadata.TryGetValue(Key, out var text))
        {
            return new AdapterMetadata(files.Name, null);
        }

        try
        {
            using var document = CheckedJson.ParseObject(Encoding.UTF8.GetBytes(text));
            return new AdapterMetadata(files.Name, document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw new CheckpointException(
                files.Name,
                $"its metadata '{Key}' is no JSON object: {e.Message}",
                innerException: e
            );
        }
    }

    /// <summary>The alpha of a module; null where nothing is said of it.</summary>
    /// <param name="module">Its name, with the component in front (<c>unet.</c>, <c>text_encoder.</c>).</param>
    /// <param name="rank">Its rank.</param>
    /// <exception cref="CheckpointException">What is said is no number.</exception>
    public double? AlphaOf(string module, long rank)
    {
        if (_json is not { } json || module.IndexOf('.', StringComparison.Ordinal) is not (> 0 and var dot))
        {
            return null;
        }

        var (component, rest) = (module[..dot], module[(dot + 1)..]);
        JsonElement? Said(string name) =>
            json.TryGetProperty($"{component}.{name}", out var value) && value.ValueKind != JsonValueKind.Null
                ? value
                : null;
        var patterns = Said("alpha_pattern") is { ValueKind: JsonValueKind.Object } listed
            ? listed.EnumerateObject().ToList()
            : [];
        var own = patterns.Find(pattern =>
            rest == pattern.Name || rest.EndsWith("." + pattern.Name, StringComparison.Ordinal)
        )
            is { Value.ValueKind: not JsonValueKind.Undefined } found
            ? found.Value
            : Said("lora_alpha");
        if (own is not { } alpha)
        {
            return null;
        }

        var number =
            alpha.ValueKind == JsonValueKind.Number && double.IsFinite(alpha.GetDouble())
                ? alpha.GetDouble()
                : throw new CheckpointException(
                    _file,
                    $"its metadata '{Key}' has the alpha {alpha.GetRawText()} for '{module}'; it must be a finite "
                        + "number."
                );
        // Rank-stabilised: alpha / √rank instead of alpha / rank. Source: Kalajdzievski 2023, arXiv:2312.03732.
        return Said("use_rslora") is { ValueKind: JsonValueKind.True } ? number * Math.Sqrt(rank) : number;
    }
}
