namespace ControlNetSharp.Requests;

/// <summary>
/// What a request was resolved to for one picture, as far as an infotext says it. Hashes may be whole: they are
/// shortened.
/// </summary>
internal sealed record InfotextFacts
{
    /// <summary>Size of the first pass.</summary>
    public required PictureSize Size { get; init; }

    /// <summary>Seed of this picture.</summary>
    public required long Seed { get; init; }

    /// <summary>The model's name without extension, and its SHA-256.</summary>
    public required HashedName Model { get; init; }

    /// <summary>Name of the scheduler; null for what the request's names mean by themselves.</summary>
    public string? Scheduler { get; init; }

    /// <summary>The Autoencoder, likewise; null for the model's own.</summary>
    public HashedName? Vae { get; init; }

    /// <summary>
    /// ControlNets of the units, in their order, with A1111's old hash of eight digits; a unit without one is left as
    /// it is.
    /// </summary>
    public IReadOnlyList<HashedName> ControlNets { get; init; } = [];

    /// <summary>LoRAs that the prompt names, with the SHA-256 of their tensors.</summary>
    public IReadOnlyList<HashedName> Loras { get; init; } = [];

    /// <summary>Textual inversions that the prompts name, with the SHA-256 of their files.</summary>
    public IReadOnlyList<HashedName> Embeddings { get; init; } = [];

    /// <summary>The program and its version, such as <c>ControlNetSharp 1.0.0</c>.</summary>
    public string? Version { get; init; }
}
