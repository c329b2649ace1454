namespace ControlNetSharp.Requests;

/// <summary>What an infotext asks for, as far as it goes, and all that cannot be done of it.</summary>
internal sealed record InfotextRequest
{
    /// <summary>The request; it is allowed, and has a default in place of every value that is not.</summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>Control units, whose pictures are not in a text: each is among the losses, too.</summary>
    public IReadOnlyList<InfotextUnit> Units { get; init; } = [];

    /// <summary>
    /// All settings that the request does not have, and what the text lacks; empty where the request is the whole text.
    /// </summary>
    public IReadOnlyList<InfotextLoss> Losses { get; init; } = [];

    /// <summary>
    /// The model with its hash, to be compared with the file that is found; null where it is not named.
    /// </summary>
    public HashedName? Model { get; init; }

    /// <summary>The Autoencoder, likewise; null for the model's own.</summary>
    public HashedName? Vae { get; init; }

    /// <summary>LoRAs that the prompt names, likewise.</summary>
    public IReadOnlyList<HashedName> Loras { get; init; } = [];

    /// <summary>Textual inversions that the prompts name, likewise.</summary>
    public IReadOnlyList<HashedName> Embeddings { get; init; } = [];

    /// <summary>
    /// Whether the text says that its noise was drawn as here, on a CPU. Where it says nothing, stable-diffusion-webui
    /// drew it on its graphics card: the result is then of the same kind and not the same picture.
    /// </summary>
    public bool HasSameNoise { get; init; }

    /// <summary>Understands an infotext. Nothing is opened or looked for.</summary>
    public static InfotextRequest Of(Infotext text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new InfotextReader(text).Read();
    }
}
