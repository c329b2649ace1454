using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>Fruit for tables and bowls.</summary>
internal static class Fruit
{
    private static readonly Vector3 Stem = Palette.Srgb(84, 58, 34);
    private static readonly Vector3 Leaf = Palette.Srgb(58, 128, 46);

    public static readonly Prop[] Props =
    [
        new("apple", 0.045f, 0.085f, [Palette.Red, Palette.Green, Palette.Yellow, Palette.Red], Apple),
        new("apple", 0.045f, 0.085f, [Palette.Red, Palette.Green], Apple),
        new("orange", 0.045f, 0.08f, [Palette.Orange], Orange),
        new("pear", 0.045f, 0.12f, [Palette.Green, Palette.Yellow], Pear),
        new("banana", 0.085f, 0.06f, [Palette.Yellow], Banana),
        new("lemon", 0.045f, 0.06f, [Palette.Yellow], Lemon),
    ];

    /// <summary>A plain round fruit resting on the frame's origin.</summary>
    public static void Round(Stage stage, Frame frame, NamedColour colour, float radius)
    {
        stage.Round(
            frame,
            new Vector3(0, radius * 0.93f, 0),
            new Vector3(radius, radius * 0.93f, radius),
            Stage.Glazed(colour.Value, 0.35f),
            SceneClass.Food
        );
        stage.Limb(
            frame,
            new Vector3(0, radius * 1.8f, 0),
            new Vector3(radius * 0.12f, radius * 2.15f, 0),
            radius * 0.06f,
            radius * 0.08f,
            Stage.Matte(Stem),
            SceneClass.Food
        );
    }

    private static void Apple(Stage stage, Frame frame, NamedColour colour)
    {
        const float Radius = 0.04f;
        var skin = Stage.Glazed(colour.Value, 0.5f);
        // Two lobes leaning together leave the dimple where the stem stands.
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(
                frame.Moved(side * 0.007f, Radius * 0.95f, 0),
                Vector3.Zero,
                new Vector3(Radius * 0.92f, Radius * 0.95f, Radius),
                skin,
                SceneClass.Food
            );
        }

        stage.Limb(
            frame,
            new Vector3(0, 0.068f, 0),
            new Vector3(0.006f, 0.09f, 0),
            0.003f,
            0.0025f,
            Stage.Matte(Stem),
            SceneClass.Food
        );
        stage.Round(
            frame.Moved(0.017f, 0.085f, 0).Rolled(0.4f),
            Vector3.Zero,
            new Vector3(0.014f, 0.003f, 0.007f),
            Stage.Matte(Leaf),
            SceneClass.Food
        );
        stage.Occlude(frame, new Vector3(0, Radius, 0), new Vector3(Radius));
    }

    private static void Orange(Stage stage, Frame frame, NamedColour colour)
    {
        const float Radius = 0.039f;
        stage.Sphere(frame, new Vector3(0, Radius, 0), Radius, Stage.Glazed(colour.Value, 0.3f), SceneClass.Food);
        stage.Sphere(
            frame,
            new Vector3(0.006f, 2 * Radius - 0.001f, 0.008f),
            0.004f,
            Stage.Matte(Leaf),
            SceneClass.Food
        );
        stage.Occlude(frame, new Vector3(0, Radius, 0), new Vector3(Radius));
    }

    private static void Pear(Stage stage, Frame frame, NamedColour colour)
    {
        var skin = Stage.Glazed(Vector3.Lerp(colour.Value, Palette.Yellow.Value, 0.25f), 0.4f);
        stage.Limb(
            frame,
            new Vector3(0, 0.038f, 0),
            new Vector3(0.004f, 0.088f, 0),
            0.038f,
            0.018f,
            skin,
            SceneClass.Food
        );
        stage.Limb(
            frame,
            new Vector3(0.004f, 0.1f, 0),
            new Vector3(0.011f, 0.125f, 0),
            0.0028f,
            0.0025f,
            Stage.Matte(Stem),
            SceneClass.Food
        );
        stage.Occlude(frame, new Vector3(0, 0.04f, 0), new Vector3(0.038f));
    }

    private static void Banana(Stage stage, Frame frame, NamedColour colour)
    {
        var skin = Stage.Glazed(colour.Value, 0.25f);
        var lying = frame.Moved(0, 0.019f, -0.05f).Pitched(MathF.PI / 2);
        var count = 1 + stage.Random.Below(2);
        for (var i = 0; i < count; i++)
        {
            var one = lying.Moved(0, -0.03f * i, 0).Rolled(0.25f * i);
            stage.Arc(
                one,
                Vector3.Zero,
                new Vector2(0.085f, 0.07f),
                0.25f,
                2.9f,
                7,
                0.019f,
                0.008f,
                skin,
                SceneClass.Food
            );
            var (sin, cos) = MathF.SinCos(2.9f);
            var end = new Vector3(0.085f * cos, 0.07f * sin, 0);
            stage.Limb(
                one,
                end,
                end + new Vector3(-0.002f, -0.018f, 0),
                0.006f,
                0.005f,
                Stage.Matte(Stem),
                SceneClass.Food
            );
        }

        stage.Occlude(frame, new Vector3(0, 0.015f, 0), new Vector3(0.075f, 0.02f, 0.035f));
    }

    private static void Lemon(Stage stage, Frame frame, NamedColour colour)
    {
        var skin = Stage.Glazed(Vector3.Lerp(colour.Value, new Vector3(0.95f, 0.85f, 0.05f), 0.5f), 0.4f);
        stage.Round(frame, new Vector3(0, 0.029f, 0), new Vector3(0.039f, 0.029f, 0.029f), skin, SceneClass.Food);
        stage.Limb(
            frame,
            new Vector3(0.03f, 0.029f, 0),
            new Vector3(0.045f, 0.03f, 0),
            0.013f,
            0.006f,
            skin,
            SceneClass.Food
        );
        stage.Occlude(frame, new Vector3(0, 0.028f, 0), new Vector3(0.04f, 0.029f, 0.029f));
    }
}
