using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>Things that grow: trees, bushes, flowers.</summary>
internal static class Garden
{
    private static readonly Vector3 Bark = Palette.Srgb(104, 72, 46);
    private static readonly Vector3 Birch = Palette.Srgb(206, 200, 188);
    private static readonly Vector3 Snow = Palette.Srgb(240, 243, 248);
    private static readonly Vector3 Stalk = Palette.Srgb(64, 122, 52);

    /// <summary>Leaf colours by name, for captions.</summary>
    public static readonly NamedColour[] Foliage =
    [
        new("green", Palette.Srgb(64, 128, 52)),
        new("green", Palette.Srgb(44, 106, 56)),
        new("green", Palette.Srgb(104, 146, 52)),
        new("orange", Palette.Srgb(214, 116, 36)),
        new("red", Palette.Srgb(178, 52, 40)),
        new("yellow", Palette.Srgb(222, 176, 52)),
        new("pink", Palette.Srgb(232, 152, 178)),
    ];

    /// <summary>A tree of a random kind, <paramref name="height"/> units tall. Returns its noun.</summary>
    public static string Tree(Stage stage, Frame frame, float height, NamedColour leaves)
    {
        var snowy = stage.Time == SceneTime.Snow;
        if (leaves.Name == "green" && stage.Random.Chance(snowy ? 0.75f : 0.35f))
        {
            Pine(stage, frame, height, leaves.Value * 0.8f);
            return "pine tree";
        }

        RoundTree(stage, frame, height, snowy ? Vector3.Lerp(leaves.Value, Snow, 0.55f) : leaves.Value);
        return "tree";
    }

    public static void Pine(Stage stage, Frame frame, float height, Vector3 needles)
    {
        stage.Cone(
            frame,
            Vector3.Zero,
            0.3f * height,
            0.045f * height,
            0.035f * height,
            Stage.Matte(Bark),
            SceneClass.Tree
        );
        for (var i = 0; i < 3; i++)
        {
            var (low, tall, radius) = ((0.18f + 0.23f * i) * height, 0.38f * height, (0.3f - 0.07f * i) * height);
            var green = needles * (0.9f + 0.12f * i);
            var material =
                stage.Time == SceneTime.Snow
                    ? new Material(green) { Pattern = Patterns.Above(tall * 0.02f * height, green, Snow) }
                    : Stage.Matte(green);
            stage.Cone(frame, new Vector3(0, low, 0), tall, radius, 0.01f * height, material, SceneClass.Tree);
        }
    }

    public static void RoundTree(Stage stage, Frame frame, float height, Vector3 leaves)
    {
        stage.Cone(
            frame,
            Vector3.Zero,
            0.5f * height,
            0.06f * height,
            0.04f * height,
            Stage.Matte(stage.Random.Chance(0.15f) ? Birch : Bark),
            SceneClass.Tree
        );
        var crown = Stage.Matte(leaves);
        var wide = stage.Random.Range(0.24f, 0.32f) * height;
        stage.Round(
            frame,
            new Vector3(0, 0.7f * height, 0),
            new Vector3(wide, 0.3f * height, wide),
            crown,
            SceneClass.Tree
        );
        for (var i = 0; i < 3; i++)
        {
            var (sin, cos) = MathF.SinCos(2.1f * i + stage.Random.Range(-0.5f, 0.5f));
            stage.Sphere(
                frame,
                new Vector3(wide * 0.7f * cos, (0.58f + 0.06f * i) * height, wide * 0.7f * sin),
                0.19f * height,
                crown,
                SceneClass.Tree
            );
        }

        stage.Occlude(frame, new Vector3(0, 0.1f * height, 0), new Vector3(0.1f, 0.14f, 0.1f) * height);
    }

    public static void Palm(Stage stage, Frame frame, float height)
    {
        var trunk = Stage.Matte(Palette.Srgb(138, 106, 70));
        var leaf = Stage.Matte(Palette.Srgb(58, 124, 58));
        var lean = stage.Random.Range(-0.12f, 0.12f) * height;
        var top = new Vector3(lean, height, 0);
        stage.Limb(
            frame,
            Vector3.Zero,
            new Vector3(lean * 0.35f, height * 0.55f, 0),
            0.05f * height,
            0.04f * height,
            trunk,
            SceneClass.Palm
        );
        stage.Limb(
            frame,
            new Vector3(lean * 0.35f, height * 0.55f, 0),
            top,
            0.04f * height,
            0.03f * height,
            trunk,
            SceneClass.Palm
        );
        for (var i = 0; i < 7; i++)
        {
            var (sin, cos) = MathF.SinCos(0.9f * i + 0.2f);
            var middle = top + new Vector3(0.22f * cos, 0.08f, 0.22f * sin) * height;
            var tip = top + new Vector3(0.4f * cos, -0.08f, 0.4f * sin) * height;
            stage.Limb(frame, top, middle, 0.03f * height, 0.045f * height, leaf, SceneClass.Palm);
            stage.Limb(frame, middle, tip, 0.045f * height, 0.012f * height, leaf, SceneClass.Palm);
        }
    }

    public static void Bush(Stage stage, Frame frame, float size, Vector3 leaves)
    {
        var material = Stage.Matte(leaves);
        stage.Round(
            frame,
            new Vector3(0, 0.4f * size, 0),
            new Vector3(0.5f, 0.45f, 0.45f) * size,
            material,
            SceneClass.Plant
        );
        stage.Round(
            frame,
            new Vector3(0.35f * size, 0.3f * size, 0.05f * size),
            new Vector3(0.35f, 0.32f, 0.33f) * size,
            material,
            SceneClass.Plant
        );
        stage.Occlude(frame, new Vector3(0, 0.3f * size, 0), new Vector3(0.6f, 0.4f, 0.5f) * size);
    }

    /// <summary>A stem with a flower head that looks up and towards +Z.</summary>
    public static void Flower(
        Stage stage,
        Frame frame,
        Vector3 foot,
        Vector3 head,
        float size,
        Material petals,
        Material heart
    )
    {
        stage.Limb(frame, foot, head, 0.08f * size, 0.08f * size, Stage.Matte(Stalk), SceneClass.Flower);
        var face = frame.Moved(head.X, head.Y, head.Z).Pitched(1f);
        for (var i = 0; i < 6; i++)
        {
            stage.Round(
                face.Turned(MathF.PI / 3 * i),
                new Vector3(0.6f * size, 0, 0),
                new Vector3(0.48f, 0.12f, 0.3f) * size,
                petals,
                SceneClass.Flower
            );
        }

        stage.Round(
            face,
            new Vector3(0, 0.08f * size, 0),
            new Vector3(0.34f, 0.2f, 0.34f) * size,
            heart,
            SceneClass.Flower
        );
    }

    /// <summary>A tuft of broad leaves, <paramref name="height"/> tall.</summary>
    public static void Leaves(Stage stage, Frame frame, float height)
    {
        var leaf = Stage.Glazed(Palette.Srgb(52, 122, 58), 0.2f);
        var light = Stage.Glazed(Palette.Srgb(86, 150, 66), 0.2f);
        for (var i = 0; i < 8; i++)
        {
            var blade = frame.Turned(0.8f * i + stage.Random.Range(-0.2f, 0.2f)).Rolled(stage.Random.Range(0.7f, 1.3f));
            var length = height * stage.Random.Range(0.42f, 0.55f);
            stage.Round(
                blade,
                new Vector3(length, 0, 0),
                new Vector3(length, 0.03f * height, 0.2f * height),
                i % 2 == 0 ? leaf : light,
                SceneClass.Plant
            );
        }
    }
}
