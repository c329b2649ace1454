namespace ControlNetSharp.Scenes;

/// <summary>How a scene is drawn.</summary>
public enum SceneStyle
{
    /// <summary>Smoothly shaded, in colour.</summary>
    Photo,

    /// <summary>Two flat tones a colour and black outlines.</summary>
    Cartoon,

    /// <summary>Smoothly shaded, without colour.</summary>
    BlackAndWhite,

    /// <summary>Pale colours on warm paper.</summary>
    Pastel,

    /// <summary>Grey lines and light shading on paper.</summary>
    Sketch,
}

/// <summary>The time of day, or the weather where it rules the picture.</summary>
public enum SceneTime
{
    /// <summary>Sun on a blue sky; a well-lit room.</summary>
    Day,

    /// <summary>A low, warm sun.</summary>
    Sunset,

    /// <summary>Moon, stars and lamps.</summary>
    Night,

    /// <summary>Snow on ground and roofs under a pale sky.</summary>
    Snow,

    /// <summary>A grey day that hides the distance.</summary>
    Fog,
}

/// <summary>What a scene is mainly about.</summary>
public enum SceneKind
{
    /// <summary>Things on a table.</summary>
    StillLife,

    /// <summary>A furnished room.</summary>
    Interior,

    /// <summary>A road between buildings.</summary>
    Street,

    /// <summary>Houses in a landscape.</summary>
    Landscape,

    /// <summary>One to three persons.</summary>
    People,

    /// <summary>An animal.</summary>
    Animal,

    /// <summary>Rockets, boats, balloons, snowmen.</summary>
    Curiosity,
}

/// <summary>A thing that the picture shows.</summary>
/// <param name="Name">A noun, for example "cup".</param>
/// <param name="Colour">The name of its main colour, for example "blue".</param>
public sealed record SceneThing(string Name, string Colour);

/// <summary>What a picture shows, for comparing generated pictures with their prompts.</summary>
/// <param name="Kind">What it is mainly about.</param>
/// <param name="Place">For example "wooden table", "street", "grass field".</param>
/// <param name="Time">Time of day or weather.</param>
/// <param name="Style">How it is drawn.</param>
/// <param name="Things">The things, the main one first.</param>
public sealed record SceneAttributes(
    SceneKind Kind,
    string Place,
    SceneTime Time,
    SceneStyle Style,
    IReadOnlyList<SceneThing> Things
);
