namespace ControlNetSharp.Scenes;

/// <summary>What a classifier is to say of a scene.</summary>
/// <param name="Kind">What it is mainly about.</param>
/// <param name="Time">Time of day or weather.</param>
/// <param name="Style">How it is drawn.</param>
/// <param name="Colour">
/// The colour of the main thing, a number in <see cref="SceneVocabulary.Colours"/>; null where the caption names none.
/// </param>
/// <param name="Things">
/// The things that are there, as far as caption and attributes tell: numbers in <see cref="SceneVocabulary.Things"/>,
/// in order.
/// </param>
public sealed record SceneLabels(
    SceneKind Kind,
    SceneTime Time,
    SceneStyle Style,
    int? Colour,
    IReadOnlyList<int> Things
)
{
    /// <summary>The labels of a scene.</summary>
    public static SceneLabels Of(Scene scene)
    {
        ArgumentNullException.ThrowIfNull(scene);
        var (attributes, caption) = (scene.Attributes, PromptContent.Of(scene.Caption));
        var things = attributes
            .Things.Select(thing => SceneVocabulary.ThingOf(thing.Name))
            .OfType<int>()
            .Concat(caption.Things);
        return new SceneLabels(
            attributes.Kind,
            attributes.Time,
            attributes.Style,
            caption.Colour,
            [.. SceneVocabulary.WithImplied(things)]
        );
    }
}
