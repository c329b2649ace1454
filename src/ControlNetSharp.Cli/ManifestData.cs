namespace ControlNetSharp.Cli;

/// <summary>The JSON text of a picture's manifest: the whole request, with which <c>--replay</c> makes the picture again. Names are camelCase; more may be added, none renamed.</summary>
internal sealed record ManifestData
{
    public required string Version { get; init; }

    public required string Libtorch { get; init; }

    public required string Prompt { get; init; }

    public required string Negative { get; init; }

    public required string Model { get; init; }

    /// <summary>Full path of the model; null for the embedded one.</summary>
    public string? ModelPath { get; init; }

    public required string ModelSha256 { get; init; }

    public string? Vae { get; init; }

    public string? VaePath { get; init; }

    public string? VaeSha256 { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    public required string Sampler { get; init; }

    public required string Scheduler { get; init; }

    public required int Steps { get; init; }

    public required double Cfg { get; init; }

    /// <summary>epsilon or v.</summary>
    public required string Prediction { get; init; }

    public int? ClipSkip { get; init; }

    /// <summary>Seed of the first picture of the batch.</summary>
    public required long Seed { get; init; }

    public required int Batch { get; init; }

    /// <summary>Which picture of the batch this is, from 0.</summary>
    public required int BatchIndex { get; init; }

    public bool Tiling { get; init; }

    /// <summary>WIDTHxHEIGHT+LEFT+TOP that SDXL was told; null for the result's size.</summary>
    public string? OriginalSize { get; init; }

    public ManifestInitial? Init { get; init; }

    public ManifestHires? Hires { get; init; }

    public required string Device { get; init; }

    /// <summary>libtorch's name of the compute dtype.</summary>
    public required string Dtype { get; init; }

    /// <summary>Threads that libtorch computed with.</summary>
    public required int Threads { get; init; }

    public required IReadOnlyList<ManifestUnit> Units { get; init; }

    /// <summary>Files that the prompt names; null in manifests of versions that had none.</summary>
    public IReadOnlyList<ManifestFile>? Loras { get; init; }

    /// <inheritdoc cref="Loras"/>
    public IReadOnlyList<ManifestFile>? Embeddings { get; init; }
}

/// <summary>The picture to start from.</summary>
internal sealed record ManifestInitial
{
    public required ManifestPicture Picture { get; init; }

    public required double Denoise { get; init; }

    public ManifestPicture? Mask { get; init; }

    public int MaskBlur { get; init; }

    /// <summary>fill, original, noise or nothing; null without a mask.</summary>
    public string? MaskedContent { get; init; }

    public bool OnlyMasked { get; init; }

    public int MaskPadding { get; init; }
}

/// <summary>The second pass.</summary>
internal sealed record ManifestHires(double Scale, double Denoise, int? Steps, string Upscaler);

/// <summary>A picture that went in.</summary>
/// <param name="Path">Full path of its file.</param>
/// <param name="Sha256">Of the file.</param>
/// <param name="Text">Key of the PNG text that holds its pixels as they went in (a PNG in base64); null where only the file is named.</param>
internal sealed record ManifestPicture(string Path, string Sha256, string? Text);

/// <summary>A file that a prompt names.</summary>
/// <param name="Name">What the prompt calls it.</param>
/// <param name="Path">Full path of the file.</param>
/// <param name="Sha256">Of the file.</param>
internal sealed record ManifestFile(string Name, string Path, string Sha256);

/// <summary>A control unit.</summary>
internal sealed record ManifestUnit
{
    public required string Kind { get; init; }

    /// <summary>Full path of the picture.</summary>
    public required string Picture { get; init; }

    public required string PictureSha256 { get; init; }

    /// <summary>Keys of the PNG texts with the hint, at the size of the first pass, and that of the second; null where they are made of the picture again.</summary>
    public string? Hint { get; init; }

    /// <inheritdoc cref="Hint"/>
    public string? HiresHint { get; init; }

    public required string Annotator { get; init; }

    public required string Channels { get; init; }

    public int? Resolution { get; init; }

    /// <summary>The annotator's own options.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }

    public required double Weight { get; init; }

    public required double Start { get; init; }

    public required double End { get; init; }

    public required string Mode { get; init; }

    public required string Resize { get; init; }

    public IReadOnlyList<double>? Layers { get; init; }

    /// <summary>In which passes it acts: both, low or high.</summary>
    public string? Hires { get; init; }

    /// <summary>average or none.</summary>
    public string? Pooling { get; init; }

    public ManifestPicture? Mask { get; init; }

    public ManifestPicture? Inpaint { get; init; }

    /// <summary>File name of the ControlNet; null where the unit's weight is 0.</summary>
    public string? Model { get; init; }

    public string? ModelPath { get; init; }

    public string? ModelSha256 { get; init; }
}
