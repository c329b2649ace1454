using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>A text encoder of a family: where checkpoints keep it, and what the family takes of it.</summary>
internal sealed record FamilyText
{
    /// <summary>Where its tensors can stand in LDM's layout, the place in published checkpoints first.</summary>
    public required IReadOnlyList<TextPlace> Places { get; init; }

    /// <summary>The encoder in published checkpoints.</summary>
    public required TextEncoderParams Published { get; init; }

    /// <summary>The clip skip that the family was trained with; null for that of the encoder's own kind.</summary>
    public int? ClipSkip { get; init; }

    /// <inheritdoc cref="TextEncoderParams.NormsConditioning"/>
    public bool NormsConditioning { get; init; } = true;

    /// <summary>The class in transformers that reads it; folders in diffusers' layout name it.</summary>
    public string Class { get; init; } = "CLIPTextModel";

    /// <summary>The name of its tensor in a textual inversion for several encoders.</summary>
    public string Name => Places[0].Name;

    /// <summary>The place where a checkpoint has it; null where it has none.</summary>
    /// <param name="names">The names of all tensors.</param>
    public TextPlace? PlaceIn(IEnumerable<string> names) =>
        Places.FirstOrDefault(place => names.Any(name => name.StartsWith(place.Prefix, StringComparison.Ordinal)));

    /// <summary>The place of an encoder of this kind.</summary>
    public TextPlace PlaceOf(ITextEncoder encoder) =>
        Places.FirstOrDefault(place => place.IsOpenClip == encoder is OpenClipTextEncoder) ?? Places[0];

    /// <summary>An encoder as its names and shapes tell, with what the family knows better.</summary>
    public TextEncoderParams Taken(TextEncoderParams inferred)
    {
        var skip = ClipSkip ?? inferred.DefaultClipSkip;
        // Converted from diffusers' layout, which leaves out the blocks that are skipped.
        var isCut = inferred.Width == Published.Width && inferred.Layers == Published.Layers - skip + 1;
        return inferred with { DefaultClipSkip = isCut ? 1 : skip, NormsConditioning = NormsConditioning };
    }
}

/// <summary>Where a text encoder's tensors stand in LDM's layout.</summary>
/// <param name="Prefix">What stands before their names.</param>
/// <param name="Name">What ComfyUI calls the encoder that stands there, in the files of LoRAs, too.</param>
/// <param name="IsOpenClip">Whether the names are OpenCLIP's; otherwise they are transformers'.</param>
internal sealed record TextPlace(string Prefix, string Name, bool IsOpenClip)
{
    /// <summary>An encoder that is read from there. The caller owns it.</summary>
    public nn.Module Create(TextEncoderParams p, Placement placement) =>
        IsOpenClip ? new OpenClipTextEncoder(p, placement) : new ClipTextEncoder(p, placement);
}
