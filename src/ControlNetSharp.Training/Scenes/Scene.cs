namespace ControlNetSharp.Scenes;

/// <summary>
/// A small world with a camera in it, described from a seed alone: solids, materials, light, people and words.
/// Rendering is <see cref="SceneRenderer"/>'s.
/// </summary>
public sealed class Scene
{
    private Scene(long seed, SceneKind kind, Stage stage)
    {
        Seed = seed;
        Caption = CaptionWriter.Write(stage);
        Attributes = new SceneAttributes(kind, stage.Place, stage.Time, stage.Style, stage.Things);
        (Solids, Glows, Occluders, People) = ([.. stage.Solids], [.. stage.Glows], [.. stage.Occluders], stage.People);
        Camera = stage.Camera ?? throw new InvalidOperationException($"The {kind} builder set no camera.");
        Light = stage.Light ?? throw new InvalidOperationException($"The {kind} builder set no light.");
    }

    /// <summary>The number that this scene follows from.</summary>
    public long Seed { get; }

    /// <summary>
    /// What the picture shows: plain lower-case English that stays true when the picture is mirrored.
    /// </summary>
    public string Caption { get; }

    /// <summary>The same as data.</summary>
    public SceneAttributes Attributes { get; }

    internal Solid[] Solids { get; }

    internal Glow[] Glows { get; }

    internal Occluder[] Occluders { get; }

    internal IReadOnlyList<Joint[]> People { get; }

    internal Camera Camera { get; }

    internal Daylight Light { get; }

    /// <summary>The scene of a seed; always the same one. Any value is allowed.</summary>
    public static Scene FromSeed(long seed)
    {
        var random = new SceneRandom(seed);
        // Shares in percent.
        var kind = Draw<SceneKind>(random, [25, 15, 12, 15, 18, 12, 3]);
        var style = Draw<SceneStyle>(random, [70, 15, 6, 5, 4]);
        var indoors = kind is SceneKind.StillLife or SceneKind.Interior;
        var time = Draw<SceneTime>(random, indoors ? [60, 18, 22, 0, 0] : [44, 17, 16, 12, 11]);
        var stage = new Stage(random, style, time);
        Action<Stage> build = kind switch
        {
            SceneKind.StillLife => StillLife.Build,
            SceneKind.Interior => Interior.Build,
            SceneKind.Street => Street.Build,
            SceneKind.Landscape => Landscape.Build,
            SceneKind.People => Portraits.Build,
            SceneKind.Animal => Animals.Build,
            _ => Curiosities.Build,
        };
        build(stage);
        return new Scene(seed, kind, stage);
    }

    private static T Draw<T>(SceneRandom random, int[] shares)
        where T : struct, Enum
    {
        var left = random.Below(100);
        var i = 0;
        while (left >= shares[i])
        {
            left -= shares[i++];
        }

        return Enum.GetValues<T>()[i];
    }
}
