using ControlNetSharp.Models;

namespace ControlNetSharp.Engine;

/// <summary>
/// Where a <see cref="ControlNetEngine"/> computes and where it finds files. The same for all of its requests.
/// </summary>
public sealed record EngineOptions
{
    /// <summary><c>cpu</c> (the default) or <c>cuda:N</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// The type that is computed in: <c>auto</c> (the default: bf16 where a CPU has it in hardware, else fp32; fp16 on
    /// a GPU),
    /// <c>fp32</c>, <c>bf16</c>, <c>fp16</c> or <c>int8</c> (UNet and ControlNets in 8 bits; CPU only).
    /// </summary>
    public string Dtype { get; init; } = "auto";

    /// <summary>Threads that libtorch computes with; null (the default) for as many as it chooses.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Folders with models, ControlNets, LoRAs, embeddings and annotators' weights: of one's own, of A1111, of ComfyUI,
    /// or a cache
    /// of the Hugging Face hub. The folder of the embedded model is always looked into.
    /// </summary>
    public IReadOnlyList<string> ModelFolders { get; init; } = [];

    /// <summary>Asked for what a request names and none of the folders has; none by default.</summary>
    public IReadOnlyList<IModelSource> ModelSources { get; init; } = [];

    /// <summary>
    /// Whether requests may name networks and pictures by path; false for requests of strangers. Default true.
    /// </summary>
    public bool AllowPaths { get; init; } = true;

    /// <summary>
    /// Files of TAESD whose decoders make the previews of models of SD 1.x, 2.x and SDXL; of a family without one, and
    /// by default, each latent is one pixel of known colours. <c>xl</c> in a file's name makes it SDXL's.
    /// </summary>
    public IReadOnlyList<string> PreviewDecoders { get; init; } = [];

    /// <summary>
    /// Bytes that loaded networks may take while they are not used, so that the next request need not load them again;
    /// null (the
    /// default) keeps those of the last request, and of the annotators' networks the last one.
    /// </summary>
    public long? IdleMemory { get; init; }
}
