namespace ControlNetSharp.Models;

/// <summary>A published network that controls, under all its names.</summary>
/// <param name="Family">The family of models that it fits, as <see cref="Checkpoints.ModelFamily.Name"/>.</param>
/// <param name="Kind">
/// The condition kind of its hints; with a variant of it behind an underscore (<c>lineart_anime</c>) where they look
/// different.
/// </param>
/// <param name="Names">
/// File names without extension, and repositories as ORGANISATION/NAME. All are the same weights, in several precisions
/// and layouts.
/// </param>
internal sealed record PublishedNetwork(string Family, string Kind, IReadOnlyList<string> Names)
{
    /// <summary>What it is, in the words of <see cref="Checkpoints.CheckpointKind"/>.</summary>
    public string Form { get; init; } = ControlNet;

    /// <summary>Whether it is a plain ControlNet, which stands by itself for its kind.</summary>
    public bool IsControlNet => Form == ControlNet;

    /// <summary>The form of a plain ControlNet.</summary>
    internal const string ControlNet = "controlnet";

    /// <summary>The kind of networks for several kinds.</summary>
    internal const string Union = "union";
}
