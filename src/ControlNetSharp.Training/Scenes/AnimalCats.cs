using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>A cat's fur: its noun and colour for captions, the ground colour, the stripes and the pale parts.</summary>
internal sealed record CatCoat(
    string Noun,
    NamedColour Colour,
    Vector3 Fur,
    Vector3 Stripe,
    Vector3 Pale,
    Vector3 Iris
);

/// <summary>Cats; a unit of the frame is half the width of the head.</summary>
internal static class AnimalCats
{
    private const byte Kind = SceneClass.Animal;
    private static readonly Vector3 Cream = Palette.Srgb(244, 232, 214);
    private static readonly Vector3 Gold = Palette.Srgb(206, 168, 42);
    private static readonly Vector3 Leaf = Palette.Srgb(134, 170, 70);
    private static readonly Vector3 Sky = Palette.Srgb(92, 152, 206);
    private static readonly Vector3 Rose = Palette.Srgb(226, 150, 146);

    private static readonly CatCoat[] Coats =
    [
        Striped("cat", Palette.Orange, (228, 148, 76), (178, 94, 40), Gold),
        Striped("cat", Palette.Orange, (214, 140, 80), (160, 86, 42), Leaf),
        Striped("tabby cat", Palette.Grey, (150, 146, 140), (78, 74, 70), Leaf),
        Striped("tabby cat", Palette.Brown, (158, 128, 96), (82, 60, 42), Gold),
        Plain(Palette.Black, (44, 42, 46), (56, 54, 58), Gold),
        Plain(Palette.White, (238, 234, 228), (246, 244, 240), Sky),
        Plain(Palette.Grey, (128, 132, 142), (150, 154, 164), Gold),
        Plain(Palette.Black, (42, 42, 46), (240, 238, 234), Leaf),
    ];

    public static CatCoat Coat(SceneRandom random) => random.Pick(Coats);

    /// <summary>Upright on its haunches, 4.3 units tall.</summary>
    public static void Sitting(Stage stage, Frame frame, CatCoat coat)
    {
        var body = Body(coat, frame.Scale);
        var pale = Stage.Matte(coat.Pale);
        stage.Limb(frame, new Vector3(0, 1, -0.5f), new Vector3(0, 2.3f, 0), 1.05f, 0.7f, body, Kind);
        stage.Round(frame, new Vector3(0, 1.75f, 0.45f), new Vector3(0.48f, 0.85f, 0.4f), pale, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(frame, new Vector3(side * 0.8f, 0.75f, -0.2f), new Vector3(0.48f, 0.75f, 0.88f), body, Kind);
            stage.Round(frame, new Vector3(side * 0.85f, 0.16f, 0.55f), new Vector3(0.26f, 0.18f, 0.45f), pale, Kind);
            stage.Limb(
                frame,
                new Vector3(side * 0.42f, 1.85f, 0.3f),
                new Vector3(side * 0.36f, 0.25f, 0.72f),
                0.38f,
                0.22f,
                body,
                Kind
            );
            stage.Round(frame, new Vector3(side * 0.36f, 0.17f, 0.88f), new Vector3(0.26f, 0.19f, 0.34f), pale, Kind);
        }

        Tail(
            stage,
            frame,
            body,
            new(0.4f, 0.25f, -1.3f),
            new(1.3f, 0.2f, -1),
            new(1.65f, 0.2f, -0.1f),
            new(1.35f, 0.2f, 0.8f)
        );
        Head(stage, frame.Moved(0, 3.3f, 0.35f).Turned(stage.Random.Range(-0.3f, 0.3f)), coat);
        stage.Occlude(frame, new Vector3(0, 0.75f, 0), new Vector3(1.5f, 0.7f, 1.4f));
    }

    /// <summary>On its belly, paws in front: 2.6 units tall, 5 long.</summary>
    public static void Lying(Stage stage, Frame frame, CatCoat coat)
    {
        var body = Body(coat, frame.Scale);
        var pale = Stage.Matte(coat.Pale);
        stage.Limb(frame, new Vector3(0, 0.85f, -2.1f), new Vector3(0, 0.9f, 0.1f), 0.88f, 0.75f, body, Kind);
        stage.Round(frame, new Vector3(0, 0.95f, 0.6f), new Vector3(0.5f, 0.6f, 0.4f), pale, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(frame, new Vector3(side * 0.7f, 0.62f, -2), new Vector3(0.45f, 0.65f, 0.85f), body, Kind);
            stage.Round(frame, new Vector3(side * 0.85f, 0.17f, -1.2f), new Vector3(0.25f, 0.18f, 0.5f), pale, Kind);
            stage.Limb(
                frame,
                new Vector3(side * 0.45f, 0.35f, 0),
                new Vector3(side * 0.42f, 0.22f, 1.35f),
                0.32f,
                0.22f,
                body,
                Kind
            );
            stage.Round(frame, new Vector3(side * 0.42f, 0.2f, 1.55f), new Vector3(0.27f, 0.2f, 0.32f), pale, Kind);
        }

        Tail(
            stage,
            frame,
            body,
            new(0, 0.3f, -2.8f),
            new(0.9f, 0.22f, -3.1f),
            new(1.5f, 0.2f, -2.6f),
            new(1.7f, 0.2f, -1.6f)
        );
        Head(stage, frame.Moved(0, 1.85f, 0.75f).Turned(stage.Random.Range(-0.6f, 0.6f)), coat);
        stage.Occlude(frame, new Vector3(0, 0.65f, -0.8f), new Vector3(1.2f, 0.6f, 2.2f));
    }

    /// <summary>On four legs with its tail up: 4 units tall, 6 long.</summary>
    public static void Standing(Stage stage, Frame frame, CatCoat coat)
    {
        var body = Body(coat, frame.Scale);
        var stride = stage.Random.Range(0, 0.45f);
        stage.Limb(frame, new Vector3(0, 2.05f, -1.6f), new Vector3(0, 2.1f, 0.9f), 0.78f, 0.7f, body, Kind);
        stage.Limb(frame, new Vector3(0, 2.2f, 1), new Vector3(0, 2.85f, 1.5f), 0.6f, 0.5f, body, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            foreach (var z in new[] { -1.75f, 1.1f })
            {
                var foot = z + side * stride * MathF.Sign(z);
                stage.Limb(
                    frame,
                    new Vector3(side * 0.42f, 1.75f, z),
                    new Vector3(side * 0.38f, 0.2f, foot),
                    0.42f,
                    0.2f,
                    body,
                    Kind
                );
                stage.Round(
                    frame,
                    new Vector3(side * 0.38f, 0.17f, foot + 0.12f),
                    new Vector3(0.24f, 0.18f, 0.34f),
                    Stage.Matte(coat.Pale),
                    Kind
                );
            }
        }

        Tail(stage, frame, body, new(0, 2.4f, -2.2f), new(0, 3, -2.8f), new(0, 3.9f, -2.9f), new(0, 4.6f, -2.6f));
        Head(stage, frame.Moved(0, 3.2f, 1.85f).Turned(stage.Random.Range(-0.9f, 0.9f)), coat);
        stage.Occlude(frame, new Vector3(0, 0.8f, -0.3f), new Vector3(0.8f, 0.5f, 2));
    }

    /// <summary>Head and shoulders for a close-up, the head's centre at the origin.</summary>
    public static void Bust(Stage stage, Frame frame, CatCoat coat)
    {
        var body = Body(coat, frame.Scale);
        stage.Limb(frame, new Vector3(0, -2.6f, -1.2f), new Vector3(0, -0.9f, -0.55f), 1.35f, 0.85f, body, Kind);
        stage.Round(frame, new Vector3(0, -1.7f, -0.1f), new Vector3(0.7f, 1, 0.55f), Stage.Matte(coat.Pale), Kind);
        Head(stage, frame, coat);
        Whiskers(stage, frame);
    }

    private static void Head(Stage stage, Frame frame, CatCoat coat)
    {
        var (face, fur, pale) = (Face(coat, frame.Scale), Stage.Matte(coat.Fur), Stage.Matte(coat.Pale));
        stage.Round(frame, Vector3.Zero, new Vector3(1, 0.86f, 0.84f), face, Kind);
        stage.Limb(frame, new Vector3(0, 0.3f, 0.66f), new Vector3(0, -0.16f, 0.84f), 0.2f, 0.17f, fur, Kind);
        stage.Round(frame, new Vector3(0, -0.58f, 0.62f), new Vector3(0.26f, 0.2f, 0.24f), pale, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(frame, new Vector3(side * 0.52f, -0.3f, 0.22f), new Vector3(0.5f, 0.42f, 0.46f), face, Kind);
            stage.Round(frame, new Vector3(side * 0.2f, -0.37f, 0.76f), new Vector3(0.27f, 0.2f, 0.24f), pale, Kind);
            Ear(stage, frame, side, fur);
            Eye(stage, frame, side, coat);
        }

        stage.Round(
            frame,
            new Vector3(0, -0.2f, 0.99f),
            new Vector3(0.13f, 0.085f, 0.08f),
            Stage.Glazed(coat.Colour.Name == "black" ? Palette.Srgb(70, 54, 56) : Rose, 0.3f),
            Kind
        );
        stage.Limb(
            frame,
            new Vector3(0, -0.27f, 0.98f),
            new Vector3(0, -0.46f, 0.93f),
            0.022f,
            0.022f,
            Stage.Matte(coat.Stripe * 0.5f),
            Kind
        );
    }

    private static void Ear(Stage stage, Frame frame, int side, Material fur)
    {
        stage.Rod(
            frame,
            new Vector3(side * 0.56f, 0.42f, -0.05f),
            new Vector3(side * 0.8f, 1.32f, 0),
            0.42f,
            0.03f,
            fur,
            Kind
        );
        stage.Rod(
            frame,
            new Vector3(side * 0.58f, 0.5f, 0.16f),
            new Vector3(side * 0.77f, 1.16f, 0.1f),
            0.28f,
            0.02f,
            Stage.Matte(Rose * 0.85f),
            Kind
        );
    }

    // Rim, iris and slit are painted on one ball: small parts that must not slip against each other.
    private static void Eye(Stage stage, Frame frame, int side, CatCoat coat)
    {
        var s = frame.Scale;
        var slit = stage.Random.Range(0.05f, 0.1f);
        Pattern eye = (p, _) =>
        {
            var (x, y) = (p.X / s, p.Y / s);
            var (shine, pupil, rim) = (
                new Vector2(x + 0.06f, y - 0.08f).Length() < 0.04f,
                x * x / (slit * slit) + y * y / 0.0256f < 1,
                x * x / 0.0484f + y * y / 0.036f > 0.86f
            );
            return shine
                ? new Vector4(0.9f, 0.9f, 0.9f, 1)
                : new Vector4(pupil || rim ? new Vector3(0.015f) : coat.Iris, 0);
        };
        stage.Round(
            frame.Moved(side * 0.4f, 0.06f, 0.66f).Turned(side * 0.28f).Rolled(side * 0.14f),
            Vector3.Zero,
            new Vector3(0.24f, 0.21f, 0.14f),
            new Material(coat.Iris) { Pattern = eye, Gloss = 0.3f },
            Kind
        );
    }

    private static void Whiskers(Stage stage, Frame frame)
    {
        var white = Stage.Matte(new Vector3(0.85f));
        foreach (var side in new[] { -1, 1 })
        {
            for (var i = -1; i <= 1; i++)
            {
                stage.Rod(
                    frame,
                    new Vector3(side * 0.34f, -0.37f + 0.05f * i, 0.9f),
                    new Vector3(side * 1.5f, -0.4f + 0.22f * i, 0.85f),
                    0.011f,
                    0.005f,
                    white,
                    Kind
                );
            }
        }
    }

    private static void Tail(Stage stage, Frame frame, Material fur, params ReadOnlySpan<Vector3> points)
    {
        for (var i = 1; i < points.Length; i++)
        {
            stage.Limb(frame, points[i - 1], points[i], 0.25f, 0.23f, fur, Kind);
        }
    }

    private static Material Body(CatCoat coat, float s) =>
        coat.Fur == coat.Stripe
            ? Stage.Matte(coat.Fur)
            : new Material(coat.Fur)
            {
                Pattern = (p, _) =>
                    new Vector4(MathF.Sin(p.Y / s * 8 + MathF.Sin(p.X / s * 4)) > 0.35f ? coat.Stripe : coat.Fur, 0),
            };

    // Upright stripes on the forehead, slanting ones on the cheeks, as tabbies wear them.
    private static Material Face(CatCoat coat, float s)
    {
        if (coat.Fur == coat.Stripe)
        {
            return Stage.Matte(coat.Fur);
        }

        Pattern pattern = (p, _) =>
        {
            var (x, y) = (p.X / s, p.Y / s);
            var wave =
                y > 0.3f && MathF.Abs(x) < 0.55f ? MathF.Cos(x * 21)
                : MathF.Abs(x) > 0.62f ? MathF.Sin((y - MathF.Abs(x) * 0.4f) * 17)
                : -1;
            return new Vector4(wave > 0.35f ? coat.Stripe : coat.Fur, 0);
        };
        return new Material(coat.Fur) { Pattern = pattern };
    }

    private static CatCoat Striped(
        string noun,
        NamedColour colour,
        (int R, int G, int B) fur,
        (int R, int G, int B) stripe,
        Vector3 iris
    ) => new(noun, colour, Palette.Srgb(fur.R, fur.G, fur.B), Palette.Srgb(stripe.R, stripe.G, stripe.B), Cream, iris);

    private static CatCoat Plain(
        NamedColour colour,
        (int R, int G, int B) fur,
        (int R, int G, int B) pale,
        Vector3 iris
    )
    {
        var hair = Palette.Srgb(fur.R, fur.G, fur.B);
        return new("cat", colour, hair, hair, Palette.Srgb(pale.R, pale.G, pale.B), iris);
    }
}
