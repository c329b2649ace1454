using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>Houses, town buildings, churches, mills and light towers, facing +Z; metres.</summary>
internal static class Buildings
{
    private static readonly Vector3 Snow = Palette.Srgb(240, 243, 248);
    private static readonly Vector3 Trim = Palette.Srgb(240, 238, 232);
    private static readonly Vector3 DarkGlass = Palette.Srgb(70, 96, 124);
    public static readonly Vector3 WarmLight = new(1f, 0.72f, 0.32f);

    public static Material WindowGlass(Stage stage) =>
        stage.IsNight ? Stage.Shining(WarmLight) : Stage.Glazed(DarkGlass, 1);

    public static Material RoofOf(Stage stage, Vector3 colour) =>
        Stage.Matte(stage.Time == SceneTime.Snow ? Vector3.Lerp(colour, Snow, 0.82f) : colour);

    /// <summary>A house with gable or hip roof, door, windows, chimney. Returns its height.</summary>
    public static float House(
        Stage stage,
        Frame frame,
        Vector3 half,
        NamedColour walls,
        NamedColour roof,
        NamedColour door
    )
    {
        var random = stage.Random;
        var wall = Stage.Matte(walls.Value);
        stage.Block(frame, new Vector3(0, half.Y, 0), half, wall, SceneClass.House);
        var rise = random.Range(0.75f, 1.15f) * half.Z;
        var roofing = RoofOf(stage, roof.Value);
        var hip = random.Chance(0.35f) ? half.X * 0.5f : 0;
        var gableToFront = hip == 0 && random.Chance(0.35f);
        if (gableToFront)
        {
            rise = random.Range(0.8f, 1.1f) * half.X;
            stage.Roof(
                frame.Turned(MathF.PI / 2),
                new Vector3(0, 2 * half.Y, 0),
                new Vector3(half.Z, rise * 0.97f, half.X),
                wall,
                SceneClass.House
            );
            stage.Roof(
                frame.Turned(MathF.PI / 2),
                new Vector3(0, 2 * half.Y + 0.03f, 0),
                new Vector3(half.Z - 0.03f, rise, half.X + 0.05f),
                roofing,
                SceneClass.House
            );
            Eaves(stage, frame, half, rise, roofing);
        }
        else
        {
            stage.Roof(
                frame,
                new Vector3(0, 2 * half.Y, 0),
                new Vector3(half.X + 0.25f, rise, half.Z + 0.25f),
                roofing,
                SceneClass.House,
                hip
            );
        }

        Front(stage, frame, half, door);
        if (random.Chance(0.6f))
        {
            var x = half.X * random.Range(0.3f, 0.6f) * random.Sign();
            stage.Block(
                frame,
                new Vector3(x, 2 * half.Y + rise * 0.75f, -half.Z * 0.2f),
                new Vector3(0.2f, rise * 0.45f, 0.2f),
                Stage.Matte(Palette.Srgb(150, 84, 66)),
                SceneClass.House
            );
        }

        stage.Occlude(frame, new Vector3(0, half.Y * 0.6f, 0), new Vector3(half.X * 1.1f, half.Y, half.Z * 1.1f));
        return 2 * half.Y + rise;
    }

    // Two slabs over a front gable, a hand wider than the walls.
    private static void Eaves(Stage stage, Frame frame, Vector3 half, float rise, Material roofing)
    {
        var slope = MathF.Atan2(rise, half.X);
        var length = MathF.Sqrt(rise * rise + half.X * half.X) / 2 + 0.15f;
        foreach (var side in new[] { -1, 1 })
        {
            var slab = frame.Moved(side * (half.X / 2 + 0.09f), 2 * half.Y + rise / 2, 0).Rolled(-side * slope);
            stage.Block(slab, Vector3.Zero, new Vector3(length, 0.06f, half.Z + 0.25f), roofing, SceneClass.House);
        }
    }

    private static void Front(Stage stage, Frame frame, Vector3 half, NamedColour door)
    {
        var trim = Stage.Matte(Trim);
        var glass = WindowGlass(stage);
        var doorX = stage.Random.Pick(0f, 0f, -0.45f, 0.45f) * half.X;
        var tall = MathF.Min(1f, half.Y * 0.72f);
        stage.Block(
            frame,
            new Vector3(doorX, tall, half.Z),
            new Vector3(0.48f, tall + 0.08f, 0.04f),
            trim,
            SceneClass.House,
            shadow: false
        );
        stage.Block(
            frame,
            new Vector3(doorX, tall, half.Z + 0.02f),
            new Vector3(0.4f, tall, 0.04f),
            Stage.Matte(door.Value),
            SceneClass.Door,
            shadow: false
        );
        foreach (var x in new[] { -0.64f, 0f, 0.64f })
        {
            if (MathF.Abs(x * half.X - doorX) > 0.95f)
            {
                Window(stage, frame.Moved(x * half.X, half.Y * 1.1f, half.Z), 0.42f, 0.45f, trim, glass);
            }
        }

        foreach (var side in new[] { -1, 1 })
        {
            var wall = frame.Moved(side * half.X, half.Y * 1.1f, 0).Turned(side * MathF.PI / 2);
            Window(stage, wall, 0.42f, 0.45f, trim, glass);
        }

        if (stage.IsNight)
        {
            stage.Glow(frame.At(doorX, 1.2f, half.Z + 1f), new Vector3(0.5f, 0.32f, 0.14f), 1.6f);
        }
    }

    private static void Window(Stage stage, Frame at, float wide, float tall, Material trim, Material glass)
    {
        stage.Block(
            at,
            Vector3.Zero,
            new Vector3(wide + 0.09f, tall + 0.09f, 0.04f),
            trim,
            SceneClass.Window,
            shadow: false
        );
        stage.Block(
            at,
            new Vector3(0, 0, 0.02f),
            new Vector3(wide, tall, 0.04f),
            glass,
            SceneClass.Window,
            shadow: false
        );
        stage.Block(
            at,
            new Vector3(0, 0, 0.03f),
            new Vector3(0.04f, tall, 0.04f),
            trim,
            SceneClass.Window,
            shadow: false
        );
    }

    /// <summary>A town building: storeys of windows, a door or shop below, a cornice above.</summary>
    public static void TownBuilding(Stage stage, Frame frame, Vector3 half, NamedColour walls)
    {
        var random = stage.Random;
        var paint = Palette.Painted(walls) * random.Range(0.85f, 1f);
        var lit = stage.IsNight ? random.Range(0.3f, 0.6f) : 0;
        var facade = Patterns.Facade(
            paint,
            DarkGlass * 0.7f,
            WarmLight,
            lit,
            random.Range(1.9f, 2.3f),
            random.Range(2.7f, 3.1f),
            half.Y
        );
        stage.Block(
            frame,
            new Vector3(0, half.Y, 0),
            half,
            new Material(paint) { Pattern = facade },
            SceneClass.Building
        );
        stage.Block(
            frame,
            new Vector3(0, 2 * half.Y, 0),
            new Vector3(half.X + 0.12f, 0.18f, half.Z + 0.12f),
            RoofOf(stage, paint * 0.75f),
            SceneClass.Building
        );
        if (random.Chance(0.3f))
        {
            stage.Roof(
                frame,
                new Vector3(0, 2 * half.Y + 0.18f, 0),
                new Vector3(half.X + 0.1f, random.Range(1.2f, 2f), half.Z + 0.1f),
                RoofOf(stage, random.Pick(Palette.Roofs).Value),
                SceneClass.Building
            );
        }
    }

    /// <summary>Door, shop windows and an awning at the foot of a building's +Z side.</summary>
    public static void Shop(Stage stage, Frame front, float half, NamedColour awning)
    {
        var glass = WindowGlass(stage);
        stage.Block(
            front,
            new Vector3(0, 1.3f, 0),
            new Vector3(half * 0.92f, 1.35f, 0.03f),
            Stage.Matte(Palette.Srgb(72, 60, 54)),
            SceneClass.Building,
            shadow: false
        );
        stage.Block(
            front,
            new Vector3(-half * 0.3f, 1.35f, 0.03f),
            new Vector3(half * 0.5f, 0.85f, 0.03f),
            glass,
            SceneClass.Window,
            shadow: false
        );
        stage.Block(
            front,
            new Vector3(half * 0.58f, 1.1f, 0.03f),
            new Vector3(half * 0.22f, 1.1f, 0.03f),
            Stage.Matte(awning.Value * 0.8f),
            SceneClass.Door,
            shadow: false
        );
        var cloth = new Material(awning.Value) { Pattern = Patterns.Stripes(awning.Value, Trim, half / 4) };
        stage.Block(
            front.Moved(0, 2.6f, 0.5f).Pitched(0.45f),
            Vector3.Zero,
            new Vector3(half * 0.95f, 0.05f, 0.65f),
            cloth,
            SceneClass.Awning
        );
    }

    public static void Church(Stage stage, Frame frame, NamedColour roof)
    {
        var wall = Stage.Matte(Trim);
        var roofing = RoofOf(stage, roof.Value);
        stage.Block(frame, new Vector3(0, 1.6f, -1.5f), new Vector3(1.6f, 1.6f, 2.6f), wall, SceneClass.Building);
        stage.Roof(
            frame.Turned(MathF.PI / 2).Moved(1.5f, 3.2f, 0),
            Vector3.Zero,
            new Vector3(2.7f, 1.6f, 1.8f),
            roofing,
            SceneClass.Building
        );
        stage.Block(frame, new Vector3(0, 2.8f, 1.4f), new Vector3(0.9f, 2.8f, 0.9f), wall, SceneClass.Building);
        stage.Roof(frame, new Vector3(0, 5.6f, 1.4f), new Vector3(1f, 2.8f, 1f), roofing, SceneClass.Building, 1f);
        stage.Block(
            frame,
            new Vector3(0, 0.9f, 2.3f),
            new Vector3(0.4f, 0.9f, 0.04f),
            Stage.Matte(Palette.Brown.Value),
            SceneClass.Door,
            shadow: false
        );
        Window(stage, frame.Moved(0, 3.9f, 2.3f), 0.25f, 0.45f, Stage.Matte(Palette.Grey.Value), WindowGlass(stage));
        stage.Occlude(frame, new Vector3(0, 1, -0.5f), new Vector3(1.8f, 1.6f, 3f));
    }

    public static void Windmill(Stage stage, Frame frame, NamedColour colour)
    {
        var body = Stage.Matte(colour.Value);
        stage.Cone(frame, Vector3.Zero, 4.6f, 1.5f, 0.95f, body, SceneClass.Building);
        stage.Cone(
            frame,
            new Vector3(0, 4.6f, 0),
            1f,
            1.1f,
            0.1f,
            RoofOf(stage, Palette.Srgb(110, 70, 50)),
            SceneClass.Building
        );
        stage.Block(
            frame,
            new Vector3(0, 0.8f, 1.42f),
            new Vector3(0.38f, 0.8f, 0.12f),
            Stage.Matte(Palette.Brown.Value),
            SceneClass.Door
        );
        var hub = frame.Moved(0, 4.4f, 1.35f).Rolled(stage.Random.Range(0.2f, 1.3f));
        stage.Sphere(hub, Vector3.Zero, 0.22f, Stage.Matte(Palette.Brown.Value), SceneClass.Building);
        for (var i = 0; i < 4; i++)
        {
            var arm = hub.Rolled(MathF.PI / 2 * i);
            stage.Block(
                arm,
                new Vector3(1.5f, 0, 0),
                new Vector3(1.5f, 0.06f, 0.05f),
                Stage.Matte(Palette.Brown.Value),
                SceneClass.Building
            );
            stage.Block(
                arm,
                new Vector3(1.75f, 0.3f, 0),
                new Vector3(1.2f, 0.27f, 0.03f),
                Stage.Matte(Trim),
                SceneClass.Building
            );
        }

        stage.Occlude(frame, new Vector3(0, 1, 0), new Vector3(1.6f, 1.4f, 1.6f));
    }

    public static void Lighthouse(Stage stage, Frame frame, NamedColour colour)
    {
        stage.Cone(
            frame,
            Vector3.Zero,
            6f,
            1.1f,
            0.7f,
            new Material(Trim) { Pattern = Patterns.Bands(colour.Value, Trim, 1.2f) },
            SceneClass.Tower
        );
        stage.Cylinder(frame, new Vector3(0, 6f, 0), 0.15f, 1f, Stage.Matte(Palette.Black.Value), SceneClass.Tower);
        stage.Cylinder(frame, new Vector3(0, 6.15f, 0), 0.8f, 0.5f, WindowGlass(stage), SceneClass.Tower);
        stage.Cone(frame, new Vector3(0, 6.95f, 0), 0.7f, 0.72f, 0.05f, Stage.Matte(colour.Value), SceneClass.Tower);
        stage.Block(
            frame,
            new Vector3(0, 0.8f, 1.02f),
            new Vector3(0.35f, 0.8f, 0.12f),
            Stage.Matte(Palette.Brown.Value),
            SceneClass.Door
        );
        stage.Occlude(frame, new Vector3(0, 0.8f, 0), new Vector3(1.2f, 1.2f, 1.2f));
    }
}
