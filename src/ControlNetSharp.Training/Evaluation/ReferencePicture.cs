using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// A real picture from which hints are made, and the prompt for the pictures that are to follow them.
/// </summary>
/// <param name="Picture">Width and height are multiples of 8.</param>
/// <param name="Prompt">What it shows; may be empty.</param>
/// <param name="Seed">The seed of the pictures that are made.</param>
public sealed record ReferencePicture(Picture Picture, string Prompt, long Seed)
{
    /// <summary>
    /// What is exactly known of the picture; null for one that is no scene: then its hints are what annotators find in
    /// it.
    /// </summary>
    public SceneTruth? Truth { get; init; }

    /// <summary>What a classifier is to say of the picture; null where nothing but the prompt tells.</summary>
    public SceneLabels? Labels { get; init; }

    /// <summary>The kinds for which it counts; both by default.</summary>
    public IReadOnlyList<SceneGroup> Groups { get; init; } = [SceneGroup.Any, SceneGroup.People];
}

/// <summary>The pictures on which a kind is measured.</summary>
public enum SceneGroup
{
    /// <summary>The scenes as they come.</summary>
    Any,

    /// <summary>Scenes of people, for kinds that show nothing else.</summary>
    People,
}
