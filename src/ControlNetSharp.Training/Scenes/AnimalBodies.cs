using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>Dogs, horses, cows, sheep and birds on the frame's origin, facing +Z; metres.</summary>
internal static class AnimalBodies
{
    private const byte Kind = SceneClass.Animal;
    private static readonly Material Dark = Stage.Glazed(Palette.Srgb(26, 22, 22), 0.5f);
    private static readonly Material Pink = Stage.Matte(Palette.Srgb(226, 140, 146));
    private static readonly Material Horn = Stage.Matte(Palette.Srgb(222, 208, 178));

    public static readonly NamedColour[] DogCoats =
    [
        new("brown", Palette.Srgb(142, 92, 54)),
        new("black", Palette.Srgb(56, 54, 58)),
        new("white", Palette.Srgb(234, 228, 218)),
        new("yellow", Palette.Srgb(214, 170, 104)),
        new("grey", Palette.Srgb(132, 132, 136)),
    ];

    public static readonly NamedColour[] HorseCoats =
    [
        new("brown", Palette.Srgb(128, 74, 42)),
        new("brown", Palette.Srgb(158, 96, 54)),
        new("black", Palette.Srgb(54, 52, 56)),
        new("white", Palette.Srgb(232, 228, 220)),
        new("grey", Palette.Srgb(150, 150, 152)),
    ];

    public static readonly NamedColour[] CowCoats =
    [
        new("black and white", Palette.Srgb(38, 36, 38)),
        new("brown and white", Palette.Srgb(142, 80, 44)),
        new("brown", Palette.Srgb(150, 88, 48)),
    ];

    public static readonly NamedColour[] SheepCoats =
    [
        new("white", Palette.Srgb(236, 230, 216)),
        new("white", Palette.Srgb(236, 230, 216)),
        new("black", Palette.Srgb(58, 52, 50)),
    ];

    public static readonly NamedColour[] BirdCoats =
    [
        Palette.Red,
        Palette.Blue,
        Palette.Yellow,
        Palette.Green,
        Palette.Brown,
        Palette.Black,
        Palette.White,
        Palette.Orange,
    ];

    public static void Dog(Stage stage, Frame frame, NamedColour colour)
    {
        var fur = Stage.Matte(colour.Value);
        stage.Limb(frame, new Vector3(0, 0.45f, -0.28f), new Vector3(0, 0.48f, 0.2f), 0.13f, 0.16f, fur, Kind);
        stage.Limb(frame, new Vector3(0, 0.53f, 0.25f), new Vector3(0, 0.7f, 0.38f), 0.12f, 0.1f, fur, Kind);
        Legs(stage, frame, new Vector3(0.1f, 0.4f, 0.28f), new Vector2(0.075f, 0.045f), fur, fur);
        stage.Limb(frame, new Vector3(0, 0.52f, -0.38f), new Vector3(0, 0.72f, -0.58f), 0.045f, 0.03f, fur, Kind);
        DogHead(stage, frame.Moved(0, 0.8f, 0.42f).Turned(stage.Random.Range(-0.7f, 0.7f)).Scaled(0.16f), colour);
        stage.Occlude(frame, new Vector3(0, 0.2f, 0), new Vector3(0.2f, 0.12f, 0.45f));
    }

    public static void SittingDog(Stage stage, Frame frame, NamedColour colour)
    {
        var fur = Stage.Matte(colour.Value);
        stage.Limb(frame, new Vector3(0, 0.2f, -0.15f), new Vector3(0, 0.5f, 0.06f), 0.2f, 0.14f, fur, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(frame, new Vector3(side * 0.16f, 0.14f, -0.08f), new Vector3(0.09f, 0.14f, 0.18f), fur, Kind);
            stage.Round(frame, new Vector3(side * 0.18f, 0.035f, 0.1f), new Vector3(0.05f, 0.04f, 0.1f), fur, Kind);
            stage.Limb(
                frame,
                new Vector3(side * 0.09f, 0.45f, 0.1f),
                new Vector3(side * 0.08f, 0.05f, 0.17f),
                0.07f,
                0.045f,
                fur,
                Kind
            );
            stage.Round(frame, new Vector3(side * 0.08f, 0.035f, 0.21f), new Vector3(0.05f, 0.04f, 0.075f), fur, Kind);
        }

        stage.Limb(frame, new Vector3(0, 0.06f, -0.3f), new Vector3(0.25f, 0.05f, -0.38f), 0.045f, 0.03f, fur, Kind);
        DogHead(stage, frame.Moved(0, 0.76f, 0.12f).Turned(stage.Random.Range(-0.3f, 0.3f)).Scaled(0.17f), colour);
        stage.Occlude(frame, new Vector3(0, 0.17f, 0), new Vector3(0.3f, 0.15f, 0.3f));
    }

    /// <summary>A dog's head and neck for a close-up; a unit is half the width of the skull.</summary>
    public static void DogBust(Stage stage, Frame frame, NamedColour colour)
    {
        stage.Limb(
            frame,
            new Vector3(0, -2.6f, -0.9f),
            new Vector3(0, -0.6f, -0.35f),
            1.25f,
            0.75f,
            Stage.Matte(colour.Value),
            Kind
        );
        stage.Limb(
            frame,
            new Vector3(0, -1.3f, -0.5f),
            new Vector3(0, -1.15f, -0.45f),
            0.98f,
            0.94f,
            Stage.Glazed(stage.Random.Pick(Palette.Red, Palette.Blue, Palette.Green).Value, 0.3f),
            Kind
        );
        DogHead(stage, frame, colour);
    }

    private static void DogHead(Stage stage, Frame frame, NamedColour colour)
    {
        var random = stage.Random;
        var fur = Stage.Matte(colour.Value);
        var snout = Stage.Matte(
            random.Chance(0.5f) ? colour.Value : Vector3.Lerp(colour.Value, Palette.Srgb(244, 234, 216), 0.75f)
        );
        var (ear, pricked) = (Stage.Matte(colour.Value * 0.62f), random.Chance(0.3f));
        stage.Round(frame, new Vector3(0, 0.1f, 0), new Vector3(0.86f, 0.8f, 0.85f), fur, Kind);
        stage.Limb(frame, new Vector3(0, -0.25f, 0.5f), new Vector3(0, -0.34f, 1.12f), 0.48f, 0.34f, snout, Kind);
        stage.Round(frame, new Vector3(0, -0.17f, 1.43f), new Vector3(0.19f, 0.14f, 0.12f), Dark, Kind);
        stage.Rod(frame, new Vector3(0, -0.3f, 1.46f), new Vector3(0, -0.5f, 1.42f), 0.025f, 0.025f, Dark, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Sphere(frame, new Vector3(side * 0.36f, 0.24f, 0.68f), 0.135f, Dark, Kind);
            stage.Sphere(
                frame,
                new Vector3(side * 0.36f - 0.04f, 0.3f, 0.8f),
                0.03f,
                Stage.Shining(new Vector3(0.9f)),
                Kind
            );
            if (pricked)
            {
                stage.Rod(
                    frame,
                    new Vector3(side * 0.5f, 0.5f, -0.1f),
                    new Vector3(side * 0.72f, 1.4f, -0.1f),
                    0.36f,
                    0.03f,
                    ear,
                    Kind
                );
            }
            else
            {
                stage.Round(
                    frame.Moved(side * 0.88f, -0.02f, -0.02f).Rolled(side * 0.22f),
                    Vector3.Zero,
                    new Vector3(0.18f, 0.68f, 0.4f),
                    ear,
                    Kind
                );
            }
        }

        if (random.Chance(0.4f))
        {
            stage.Round(frame, new Vector3(0, -0.78f, 1.12f), new Vector3(0.17f, 0.26f, 0.1f), Pink, Kind);
        }
    }

    public static void Horse(Stage stage, Frame frame, NamedColour colour)
    {
        var coat = Stage.Glazed(colour.Value, 0.12f);
        var mane = Stage.Matte(colour.Name == "white" ? Palette.Srgb(196, 190, 180) : colour.Value * 0.3f);
        stage.Limb(frame, new Vector3(0, 1.2f, -0.6f), new Vector3(0, 1.18f, 0.5f), 0.33f, 0.32f, coat, Kind);
        Legs(stage, frame, new Vector3(0.19f, 1.02f, 0.66f), new Vector2(0.15f, 0.055f), coat, mane);
        stage.Limb(frame, new Vector3(0, 1.3f, 0.6f), new Vector3(0, 1.88f, 1.05f), 0.26f, 0.14f, coat, Kind);
        stage.Limb(frame, new Vector3(0, 1.55f, 0.52f), new Vector3(0, 2.05f, 0.96f), 0.1f, 0.07f, mane, Kind);
        var head = frame.Moved(0, 1.93f, 1.1f).Turned(stage.Random.Range(-0.5f, 0.5f));
        stage.Limb(head, Vector3.Zero, new Vector3(0, -0.34f, 0.42f), 0.155f, 0.095f, coat, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Rod(
                head,
                new Vector3(side * 0.08f, 0.1f, -0.03f),
                new Vector3(side * 0.1f, 0.29f, -0.02f),
                0.05f,
                0.01f,
                coat,
                Kind
            );
            stage.Sphere(head, new Vector3(side * 0.125f, -0.02f, 0.12f), 0.032f, Dark, Kind);
            stage.Sphere(head, new Vector3(side * 0.06f, -0.36f, 0.51f), 0.022f, Dark, Kind);
        }

        stage.Limb(frame, new Vector3(0, 1.38f, -0.9f), new Vector3(0, 1, -1.12f), 0.06f, 0.11f, mane, Kind);
        stage.Limb(frame, new Vector3(0, 1, -1.12f), new Vector3(0, 0.5f, -1.1f), 0.11f, 0.04f, mane, Kind);
        stage.Occlude(frame, new Vector3(0, 0.5f, 0), new Vector3(0.4f, 0.25f, 1.1f));
    }

    public static void Cow(Stage stage, Frame frame, NamedColour colour)
    {
        var white = Palette.White.Value;
        Pattern patches = (p, _) =>
            new Vector4(
                MathF.Sin(p.Y * 4.4f + 1) + MathF.Sin(p.Z * 5.2f + p.Y * 2) + MathF.Sin(p.X * 5f + 2) > 0.15f
                    ? colour.Value
                    : white,
                0
            );
        var plain = Stage.Matte(colour.Value);
        var coat = colour.Name == "brown" ? plain : new Material(colour.Value) { Pattern = patches };
        stage.Limb(frame, new Vector3(0, 0.98f, -0.6f), new Vector3(0, 0.98f, 0.55f), 0.4f, 0.39f, coat, Kind);
        Legs(
            stage,
            frame,
            new Vector3(0.22f, 0.75f, 0.68f),
            new Vector2(0.14f, 0.07f),
            colour.Name == "brown" ? plain : Stage.Matte(white),
            Dark
        );
        stage.Round(frame, new Vector3(0, 0.62f, -0.5f), new Vector3(0.17f, 0.14f, 0.2f), Pink, Kind);
        stage.Limb(frame, new Vector3(0, 1.1f, 0.7f), new Vector3(0, 1.28f, 1.05f), 0.27f, 0.19f, coat, Kind);
        var head = frame.Moved(0, 1.33f, 1.15f).Turned(stage.Random.Range(-0.6f, 0.6f));
        stage.Limb(head, Vector3.Zero, new Vector3(0, -0.2f, 0.32f), 0.19f, 0.13f, plain, Kind);
        stage.Round(head, new Vector3(0, -0.24f, 0.42f), new Vector3(0.15f, 0.11f, 0.1f), Pink, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Limb(
                head,
                new Vector3(side * 0.12f, 0.14f, -0.02f),
                new Vector3(side * 0.24f, 0.3f, 0.03f),
                0.04f,
                0.015f,
                Horn,
                Kind
            );
            stage.Round(
                head.Moved(side * 0.27f, 0.05f, -0.04f).Rolled(side * -0.25f),
                Vector3.Zero,
                new Vector3(0.13f, 0.07f, 0.04f),
                plain,
                Kind
            );
            stage.Sphere(head, new Vector3(side * 0.14f, 0.01f, 0.14f), 0.035f, Dark, Kind);
            stage.Sphere(head, new Vector3(side * 0.06f, -0.22f, 0.51f), 0.022f, Dark, Kind);
        }

        stage.Limb(frame, new Vector3(0, 1.2f, -0.96f), new Vector3(0, 0.5f, -1.04f), 0.03f, 0.03f, plain, Kind);
        stage.Limb(frame, new Vector3(0, 0.5f, -1.04f), new Vector3(0, 0.38f, -1.04f), 0.06f, 0.03f, Dark, Kind);
        stage.Occlude(frame, new Vector3(0, 0.4f, 0), new Vector3(0.5f, 0.25f, 1.1f));
    }

    public static void Sheep(Stage stage, Frame frame, NamedColour colour)
    {
        var wool = Stage.Matte(colour.Value);
        var face = Stage.Matte(
            colour.Name == "white" && stage.Random.Chance(0.5f) ? Palette.Srgb(214, 190, 160) : Palette.Srgb(50, 44, 42)
        );
        Legs(stage, frame, new Vector3(0.14f, 0.4f, 0.26f), new Vector2(0.06f, 0.04f), face, Dark);
        for (var i = 0; i < 12; i++)
        {
            var (sin, cos) = MathF.SinCos(i * 1.05f);
            stage.Sphere(frame, new Vector3(0.15f * cos, 0.6f + 0.14f * sin, -0.38f + 0.065f * i), 0.19f, wool, Kind);
        }

        var head = frame.Moved(0, 0.82f, 0.5f).Turned(stage.Random.Range(-0.6f, 0.6f));
        stage.Limb(head, Vector3.Zero, new Vector3(0, -0.1f, 0.19f), 0.13f, 0.09f, face, Kind);
        stage.Round(head, new Vector3(0, 0.1f, -0.03f), new Vector3(0.13f, 0.1f, 0.12f), wool, Kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(
                head.Moved(side * 0.17f, 0, -0.03f).Rolled(side * -0.35f),
                Vector3.Zero,
                new Vector3(0.09f, 0.04f, 0.03f),
                face,
                Kind
            );
            stage.Sphere(
                head,
                new Vector3(side * 0.085f, 0.03f, 0.1f),
                0.026f,
                Stage.Glazed(Palette.White.Value),
                Kind
            );
            stage.Sphere(head, new Vector3(side * 0.09f, 0.03f, 0.116f), 0.016f, Dark, Kind);
        }

        stage.Occlude(frame, new Vector3(0, 0.26f, 0), new Vector3(0.3f, 0.2f, 0.5f));
    }

    /// <summary>A bird, 0.2 m long, its feet at the origin.</summary>
    public static void Bird(Stage stage, Frame frame, NamedColour colour)
    {
        var feathers = Stage.Matte(colour.Value);
        var belly = Stage.Matte(
            Vector3.Lerp(colour.Value, Palette.Srgb(244, 230, 206), colour.Name is "black" or "white" ? 0.1f : 0.65f)
        );
        var beak = Stage.Matte(colour.Name is "orange" or "yellow" ? Palette.Srgb(90, 80, 70) : Palette.Orange.Value);
        stage.Round(
            frame.Moved(0, 0.075f, 0).Pitched(-0.5f),
            Vector3.Zero,
            new Vector3(0.05f, 0.052f, 0.085f),
            feathers,
            Kind
        );
        stage.Round(
            frame.Moved(0, 0.066f, 0.022f).Pitched(-0.6f),
            Vector3.Zero,
            new Vector3(0.044f, 0.045f, 0.07f),
            belly,
            Kind
        );
        stage.Sphere(frame, new Vector3(0, 0.142f, 0.06f), 0.04f, feathers, Kind);
        stage.Rod(frame, new Vector3(0, 0.138f, 0.09f), new Vector3(0, 0.132f, 0.132f), 0.014f, 0.002f, beak, Kind);
        stage.Round(
            frame.Moved(0, 0.03f, -0.11f).Pitched(-0.55f),
            Vector3.Zero,
            new Vector3(0.025f, 0.008f, 0.07f),
            Stage.Matte(colour.Value * 0.7f),
            Kind
        );
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(
                frame.Moved(side * 0.045f, 0.078f, -0.025f).Pitched(-0.5f),
                Vector3.Zero,
                new Vector3(0.014f, 0.036f, 0.075f),
                Stage.Matte(colour.Value * 0.6f),
                Kind
            );
            stage.Sphere(frame, new Vector3(side * 0.03f, 0.152f, 0.082f), 0.009f, Dark, Kind);
            stage.Rod(
                frame,
                new Vector3(side * 0.018f, 0, 0.01f),
                new Vector3(side * 0.018f, 0.04f, 0.005f),
                0.004f,
                0.004f,
                beak,
                Kind
            );
        }
    }

    // Four legs at (±x, top, ±z) with a stride; feet in their own colour.
    private static void Legs(Stage stage, Frame frame, Vector3 hip, Vector2 thick, Material coat, Material foot)
    {
        var stride = stage.Random.Range(0, 0.3f) * hip.Y;
        foreach (var side in new[] { -1, 1 })
        {
            foreach (var z in new[] { -hip.Z, hip.Z })
            {
                var ankle = new Vector3(side * hip.X * 0.95f, thick.Y * 1.4f, z + side * MathF.Sign(z) * stride);
                stage.Limb(frame, hip with { X = side * hip.X, Z = z }, ankle, thick.X, thick.Y, coat, Kind);
                stage.Cone(frame, ankle with { Y = 0 }, thick.Y * 1.4f, thick.Y * 1.35f, thick.Y * 1.1f, foot, Kind);
            }
        }
    }
}
