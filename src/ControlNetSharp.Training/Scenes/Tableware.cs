using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// A kind of thing that stands on a table: how it is named, how much room it takes (metres), which colours it has and
/// how it is built at a frame on the table.
/// </summary>
internal sealed record Prop(
    string Noun,
    float Radius,
    float Height,
    NamedColour[] Colours,
    Action<Stage, Frame, NamedColour> Build
);

/// <summary>Things of the table that are made: cups, bottles, balls, boxes, books, lamps, vases.</summary>
internal static class Tableware
{
    private static readonly Vector3 Porcelain = Palette.Srgb(238, 234, 224);
    private static readonly Vector3 Coffee = Palette.Srgb(92, 54, 26);
    private static readonly Vector3 Metal = Palette.Srgb(168, 170, 176);

    public static readonly Prop[] Props =
    [
        new("cup", 0.075f, 0.085f, Palette.Vivid, Cup),
        new("cup", 0.075f, 0.085f, Palette.Vivid, Cup),
        new("mug", 0.055f, 0.095f, Palette.Vivid, Mug),
        new(
            "bottle",
            0.045f,
            0.26f,
            [Palette.Green, Palette.Blue, Palette.Brown, Palette.Red, Palette.Teal, Palette.White, Palette.Purple],
            Bottle
        ),
        new("ball", 0.06f, 0.12f, Palette.Vivid, Ball),
        new("box", 0.075f, 0.11f, Palette.Vivid, PlainBox),
        new("gift box", 0.075f, 0.13f, Palette.Vivid, GiftBox),
        new("book", 0.1f, 0.04f, Palette.Vivid, Book),
        new("lamp", 0.09f, 0.34f, Palette.Vivid, Lamp),
        new("vase", 0.07f, 0.34f, Palette.Vivid, Vase),
        new("bowl", 0.1f, 0.1f, Palette.Vivid, Bowl),
        new(
            "candle",
            0.035f,
            0.17f,
            [Palette.Red, Palette.White, Palette.Yellow, Palette.Orange, Palette.Blue],
            Candle
        ),
        new("teapot", 0.1f, 0.14f, Palette.Vivid, Teapot),
        new(
            "plant pot",
            0.09f,
            0.24f,
            [Palette.Orange, Palette.White, Palette.Blue, Palette.Red, Palette.Yellow, Palette.Grey],
            Plant
        ),
    ];

    private static void Cup(Stage stage, Frame frame, NamedColour colour)
    {
        var glaze = Stage.Glazed(colour.Value, 0.8f);
        stage.Cone(frame, new Vector3(0, 0, 0), 0.012f, 0.045f, 0.078f, glaze, SceneClass.Plate);
        stage.Disc(
            frame,
            new Vector3(0, 0.0125f, 0),
            0.05f,
            0.05f,
            Stage.Glazed(colour.Value * 0.8f, 0.5f),
            SceneClass.Plate
        );
        Vessel(stage, frame.Moved(0, 0.012f, 0), colour, 0.027f, 0.043f, 0.066f);
        stage.Occlude(frame, new Vector3(0, 0.03f, 0), new Vector3(0.06f, 0.035f, 0.06f));
        if (stage.Random.Chance(0.4f))
        {
            var spoon = frame.Moved(0.056f, 0.016f, 0).Turned(stage.Random.Range(-0.3f, 0.3f));
            var steel = Stage.Glazed(Metal, 1);
            stage.Limb(
                spoon,
                new Vector3(0, 0.004f, -0.055f),
                new Vector3(0, 0.002f, 0.03f),
                0.003f,
                0.0025f,
                steel,
                SceneClass.Plate
            );
            stage.Round(
                spoon,
                new Vector3(0, 0.003f, 0.043f),
                new Vector3(0.011f, 0.005f, 0.017f),
                steel,
                SceneClass.Plate
            );
        }
    }

    private static void Mug(Stage stage, Frame frame, NamedColour colour)
    {
        Vessel(stage, frame, colour, 0.038f, 0.041f, 0.092f);
        stage.Occlude(frame, new Vector3(0, 0.04f, 0), new Vector3(0.045f, 0.045f, 0.045f));
    }

    // Outer and inner shell, rim, handle, and something to drink.
    private static void Vessel(Stage stage, Frame frame, NamedColour colour, float bottom, float top, float height)
    {
        const float Wall = 0.0035f;
        var glaze = Stage.Glazed(colour.Value, 0.8f);
        var inside = Stage.Glazed(stage.Random.Chance(0.6f) ? Porcelain : colour.Value, 0.5f);
        stage.Cone(frame, Vector3.Zero, height, bottom, top, glaze, SceneClass.Glass, capped: false);
        stage.Cone(
            frame,
            new Vector3(0, 0.004f, 0),
            height - 0.004f,
            bottom - Wall,
            top - Wall,
            inside,
            SceneClass.Glass,
            capped: false
        );
        stage.Disc(frame, new Vector3(0, height, 0), top, top, inside, SceneClass.Glass, (top - Wall) / top);
        var level = 0.78f;
        var surface = bottom + (top - bottom) * level - Wall;
        var (drink, foam) = (Coffee, Palette.Srgb(176, 118, 62));
        Pattern crema = (p, _) =>
            new Vector4(
                Vector3.Lerp(
                    drink,
                    foam,
                    Math.Clamp((MathF.Sqrt(p.X * p.X + p.Z * p.Z) / surface - 0.45f) * 2.2f, 0, 1)
                ),
                0
            );
        stage.Disc(
            frame,
            new Vector3(0, height * level, 0),
            surface,
            surface,
            new Material(drink) { Pattern = crema, Gloss = 0.3f },
            SceneClass.Food
        );
        var side = frame.Turned(stage.Random.Range(-MathF.PI, MathF.PI));
        var reach = (bottom + top) / 2;
        stage.Arc(
            side,
            new Vector3(reach, height * 0.52f, 0),
            new Vector2(height * 0.36f, height * 0.32f),
            -1.45f,
            1.45f,
            6,
            0.0055f,
            0.0055f,
            glaze,
            SceneClass.Glass
        );
    }

    private static void Bottle(Stage stage, Frame frame, NamedColour colour)
    {
        var glass = Stage.Glazed(colour.Value * 0.9f, 1);
        stage.Cylinder(frame, Vector3.Zero, 0.14f, 0.036f, glass, SceneClass.Bottle);
        stage.Round(frame, new Vector3(0, 0.14f, 0), new Vector3(0.036f, 0.045f, 0.036f), glass, SceneClass.Bottle);
        stage.Cone(frame, new Vector3(0, 0.165f, 0), 0.075f, 0.018f, 0.013f, glass, SceneClass.Bottle);
        stage.Cylinder(
            frame,
            new Vector3(0, 0.24f, 0),
            0.02f,
            0.0155f,
            Stage.Matte(stage.Random.Pick(Palette.Red, Palette.White, Palette.Black, Palette.Yellow).Value),
            SceneClass.Bottle
        );
        stage.Cone(
            frame,
            new Vector3(0, 0.045f, 0),
            0.06f,
            0.0364f,
            0.0364f,
            Stage.Matte(stage.Random.Pick(Palette.White, Palette.Beige, Palette.Yellow).Value),
            SceneClass.Bottle,
            capped: false
        );
        stage.Occlude(frame, new Vector3(0, 0.05f, 0), new Vector3(0.038f, 0.07f, 0.038f));
    }

    private static void Ball(Stage stage, Frame frame, NamedColour colour)
    {
        var second = stage.Random.Pick(Palette.White, Palette.Yellow, Palette.Blue).Value;
        var radius = stage.Random.Range(0.045f, 0.06f);
        var material = stage.Random.Chance(0.7f)
            ? Stage.Glazed(colour.Value)
            : new Material(colour.Value)
            {
                Gloss = 0.5f,
                Pattern = (p, _) => new Vector4(MathF.Abs(p.Y) < radius * 0.22f ? second : colour.Value, 0),
            };
        var tilted = frame.Moved(0, radius, 0).Rolled(stage.Random.Range(-0.6f, 0.6f));
        stage.Sphere(tilted, Vector3.Zero, radius, material, SceneClass.Ball);
        stage.Occlude(frame, new Vector3(0, radius, 0), new Vector3(radius));
    }

    private static void PlainBox(Stage stage, Frame frame, NamedColour colour)
    {
        var half = new Vector3(
            stage.Random.Range(0.045f, 0.06f),
            stage.Random.Range(0.03f, 0.055f),
            stage.Random.Range(0.04f, 0.055f)
        );
        stage.Block(
            frame,
            new Vector3(0, half.Y * 0.8f, 0),
            half * new Vector3(1, 0.8f, 1),
            Stage.Matte(colour.Value),
            SceneClass.Box
        );
        stage.Block(
            frame,
            new Vector3(0, half.Y * 1.75f, 0),
            half * new Vector3(1.05f, 0.2f, 1.05f),
            Stage.Matte(colour.Value * 0.8f),
            SceneClass.Box
        );
        stage.Occlude(frame, new Vector3(0, half.Y, 0), half * 1.1f);
    }

    private static void GiftBox(Stage stage, Frame frame, NamedColour colour)
    {
        const float Half = 0.05f;
        var ribbon = Stage.Glazed(
            (
                colour == Palette.White || colour == Palette.Yellow
                    ? Palette.Red
                    : stage.Random.Pick(Palette.White, Palette.Yellow)
            ).Value,
            0.4f
        );
        stage.Block(frame, new Vector3(0, Half, 0), new Vector3(Half), Stage.Matte(colour.Value), SceneClass.Box);
        stage.Block(
            frame,
            new Vector3(0, Half, 0),
            new Vector3(Half * 1.015f, Half * 1.015f, Half * 0.2f),
            ribbon,
            SceneClass.Box
        );
        stage.Block(
            frame,
            new Vector3(0, Half, 0),
            new Vector3(Half * 0.2f, Half * 1.015f, Half * 1.015f),
            ribbon,
            SceneClass.Box
        );
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(
                frame.Moved(side * 0.018f, 2 * Half + 0.011f, 0).Rolled(side * 0.5f),
                Vector3.Zero,
                new Vector3(0.02f, 0.01f, 0.011f),
                ribbon,
                SceneClass.Box
            );
        }

        stage.Occlude(frame, new Vector3(0, Half, 0), new Vector3(Half * 1.1f));
    }

    private static void Book(Stage stage, Frame frame, NamedColour colour)
    {
        var count = stage.Random.Chance(0.5f) ? 1 : 2;
        var y = 0f;
        for (var i = 0; i < count; i++)
        {
            var cover = Stage.Glazed(i == 0 ? colour.Value : stage.Random.Pick(Palette.Vivid).Value, 0.2f);
            var turned = frame.Turned(i == 0 ? 0 : stage.Random.Range(-0.5f, 0.5f));
            var scale = 1 - 0.15f * i;
            var (x, z) = (0.075f * scale, 0.1f * scale);
            stage.Block(turned, new Vector3(0, y + 0.0025f, 0), new Vector3(x, 0.0025f, z), cover, SceneClass.Book);
            stage.Block(
                turned,
                new Vector3(0.002f, y + 0.016f, 0),
                new Vector3(x - 0.006f, 0.012f, z - 0.005f),
                Stage.Matte(Porcelain),
                SceneClass.Book
            );
            stage.Block(turned, new Vector3(0, y + 0.0305f, 0), new Vector3(x, 0.0025f, z), cover, SceneClass.Book);
            stage.Block(
                turned,
                new Vector3(-x, y + 0.0165f, 0),
                new Vector3(0.003f, 0.0165f, z),
                cover,
                SceneClass.Book
            );
            y += 0.033f;
        }

        stage.Occlude(frame, new Vector3(0, y * 0.4f, 0), new Vector3(0.085f, y * 0.5f, 0.11f));
    }

    private static void Lamp(Stage stage, Frame frame, NamedColour colour)
    {
        var foot = Stage.Glazed(stage.Random.Pick(Palette.Black, Palette.White, Palette.Brown).Value, 0.5f);
        stage.Cone(frame, Vector3.Zero, 0.015f, 0.055f, 0.05f, foot, SceneClass.Lamp);
        stage.Cylinder(frame, new Vector3(0, 0.01f, 0), 0.2f, 0.007f, foot, SceneClass.Lamp);
        var lit = stage.IsNight || stage.Random.Chance(0.25f);
        var shade = new Material(lit ? Vector3.Lerp(colour.Value, new Vector3(1, 0.85f, 0.6f), 0.25f) : colour.Value)
        {
            Emission = lit ? 0.75f : 0,
        };
        stage.Cone(frame, new Vector3(0, 0.19f, 0), 0.13f, 0.09f, 0.05f, shade, SceneClass.Lamp, capped: false);
        stage.Disc(frame, new Vector3(0, 0.315f, 0), 0.05f, 0.05f, shade, SceneClass.Lamp);
        if (lit)
        {
            stage.Glow(frame.At(0, 0.17f, 0), new Vector3(1f, 0.72f, 0.4f) * (stage.IsNight ? 1.1f : 0.5f), 0.22f);
        }

        stage.Occlude(frame, new Vector3(0, 0.01f, 0), new Vector3(0.06f, 0.02f, 0.06f));
    }

    private static void Vase(Stage stage, Frame frame, NamedColour colour)
    {
        var glaze = Stage.Glazed(colour.Value, 0.8f);
        stage.Cone(frame, Vector3.Zero, 0.02f, 0.035f, 0.045f, glaze, SceneClass.Vase);
        stage.Round(frame, new Vector3(0, 0.065f, 0), new Vector3(0.055f, 0.06f, 0.055f), glaze, SceneClass.Vase);
        stage.Cone(frame, new Vector3(0, 0.11f, 0), 0.05f, 0.026f, 0.036f, glaze, SceneClass.Vase, capped: false);
        stage.Occlude(frame, new Vector3(0, 0.06f, 0), new Vector3(0.06f, 0.06f, 0.06f));
        var petals = Stage.Matte(
            stage
                .Random.Pick(Palette.Red, Palette.Yellow, Palette.Pink, Palette.White, Palette.Purple, Palette.Orange)
                .Value
        );
        var heart = Stage.Matte(stage.Random.Pick(Palette.Yellow, Palette.Brown, Palette.Orange).Value);
        var count = 1 + stage.Random.Below(3);
        for (var i = 0; i < count; i++)
        {
            var angle = 2.1f * i + stage.Random.Range(-0.4f, 0.4f);
            var spread = count == 1 ? 0.01f : 0.055f;
            var head = new Vector3(spread * MathF.Cos(angle), 0.28f + 0.025f * i, 0.02f + spread * MathF.Sin(angle));
            Garden.Flower(stage, frame, new Vector3(0, 0.12f, 0), head, 0.036f, petals, heart);
        }
    }

    private static void Bowl(Stage stage, Frame frame, NamedColour colour)
    {
        var glaze = Stage.Glazed(colour.Value, 0.7f);
        stage.Cone(frame, Vector3.Zero, 0.012f, 0.035f, 0.04f, glaze, SceneClass.Plate);
        stage.Round(
            frame,
            new Vector3(0, 0.075f, 0),
            new Vector3(0.095f, 0.068f, 0.095f),
            glaze,
            SceneClass.Plate,
            new Vector4(0, 1, 0, 0)
        );
        stage.Disc(frame, new Vector3(0, 0.075f, 0), 0.097f, 0.097f, glaze, SceneClass.Plate, 0.93f);
        stage.Occlude(frame, new Vector3(0, 0.05f, 0), new Vector3(0.09f, 0.045f, 0.09f));
        var fruit = stage.Random.Pick(Palette.Orange, Palette.Red, Palette.Green, Palette.Yellow);
        for (var i = 0; i < 4; i++)
        {
            var (sin, cos) = MathF.SinCos(2.1f * i + 0.3f);
            var out1 = i == 3 ? 0 : 0.042f;
            Fruit.Round(stage, frame.Moved(out1 * cos, i == 3 ? 0.1f : 0.056f, out1 * sin), fruit, 0.033f);
        }
    }

    private static void Candle(Stage stage, Frame frame, NamedColour colour)
    {
        stage.Cone(frame, Vector3.Zero, 0.01f, 0.045f, 0.05f, Stage.Glazed(Metal, 0.8f), SceneClass.Plate);
        stage.Cylinder(frame, new Vector3(0, 0.01f, 0), 0.11f, 0.022f, Stage.Matte(colour.Value), SceneClass.Lamp);
        stage.Limb(
            frame,
            new Vector3(0, 0.132f, 0),
            new Vector3(0, 0.158f, 0),
            0.008f,
            0.002f,
            Stage.Shining(new Vector3(1, 0.75f, 0.25f)),
            SceneClass.Lamp
        );
        stage.Glow(frame.At(0, 0.15f, 0.005f), new Vector3(0.9f, 0.55f, 0.22f) * (stage.IsNight ? 1.1f : 0.4f), 0.17f);
        stage.Occlude(frame, new Vector3(0, 0.02f, 0), new Vector3(0.045f, 0.03f, 0.045f));
    }

    private static void Teapot(Stage stage, Frame frame, NamedColour colour)
    {
        var glaze = Stage.Glazed(colour.Value, 0.9f);
        stage.Round(frame, new Vector3(0, 0.055f, 0), new Vector3(0.07f, 0.055f, 0.07f), glaze, SceneClass.Glass);
        stage.Round(
            frame,
            new Vector3(0, 0.1f, 0),
            new Vector3(0.034f, 0.014f, 0.034f),
            Stage.Glazed(colour.Value * 0.85f, 0.9f),
            SceneClass.Glass
        );
        stage.Sphere(frame, new Vector3(0, 0.12f, 0), 0.01f, glaze, SceneClass.Glass);
        stage.Limb(
            frame,
            new Vector3(0.05f, 0.05f, 0),
            new Vector3(0.095f, 0.092f, 0),
            0.018f,
            0.008f,
            glaze,
            SceneClass.Glass
        );
        stage.Limb(
            frame,
            new Vector3(0.095f, 0.092f, 0),
            new Vector3(0.112f, 0.1f, 0),
            0.008f,
            0.009f,
            glaze,
            SceneClass.Glass
        );
        stage.Arc(
            frame,
            new Vector3(-0.06f, 0.058f, 0),
            new Vector2(0.042f, 0.036f),
            1.9f,
            4.4f,
            6,
            0.0065f,
            0.0065f,
            glaze,
            SceneClass.Glass
        );
        stage.Occlude(frame, new Vector3(0, 0.045f, 0), new Vector3(0.075f, 0.05f, 0.075f));
    }

    private static void Plant(Stage stage, Frame frame, NamedColour colour)
    {
        stage.Cone(frame, Vector3.Zero, 0.09f, 0.04f, 0.058f, Stage.Matte(colour.Value), SceneClass.Vase);
        stage.Cone(
            frame,
            new Vector3(0, 0.075f, 0),
            0.02f,
            0.062f,
            0.064f,
            Stage.Matte(colour.Value * 0.9f),
            SceneClass.Vase
        );
        stage.Occlude(frame, new Vector3(0, 0.04f, 0), new Vector3(0.055f, 0.05f, 0.055f));
        Garden.Leaves(stage, frame.Moved(0, 0.095f, 0), 0.13f);
    }
}
