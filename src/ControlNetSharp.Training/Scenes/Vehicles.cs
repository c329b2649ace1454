using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// Cars, vans, buses and trucks: length along Z, front towards +Z, wheels on the frame's origin plane; metres.
/// </summary>
internal static class Vehicles
{
    private static readonly Vector3 Glass = Palette.Srgb(58, 74, 92);
    private static readonly Material Tyre = Stage.Matte(Palette.Srgb(36, 36, 40));
    private static readonly Material Rim = Stage.Glazed(Palette.Srgb(186, 188, 194), 0.6f);

    public static void Car(Stage stage, Frame frame, NamedColour colour)
    {
        var paint = Stage.Glazed(colour.Value, 0.7f);
        var glass = Stage.Glazed(Glass, 1);
        stage.Block(frame, new Vector3(0, 0.62f, 0), new Vector3(0.86f, 0.26f, 2.05f), paint, SceneClass.Car);
        // Bonnet and boot are round at the ends; the cabin is a trapezium of glass under a painted roof.
        stage.Rod(
            frame,
            new Vector3(-0.86f, 0.62f, 2.02f),
            new Vector3(0.86f, 0.62f, 2.02f),
            0.26f,
            0.26f,
            paint,
            SceneClass.Car
        );
        stage.Rod(
            frame,
            new Vector3(-0.86f, 0.62f, -2.02f),
            new Vector3(0.86f, 0.62f, -2.02f),
            0.26f,
            0.26f,
            paint,
            SceneClass.Car
        );
        Cabin(stage, frame.Moved(0, 0.88f, -0.25f), new Vector3(0.8f, 0.52f, 1.3f), 0.62f, glass, SceneClass.Car);
        stage.Block(frame, new Vector3(0, 1.42f, -0.25f), new Vector3(0.66f, 0.035f, 0.72f), paint, SceneClass.Car);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Block(
                frame,
                new Vector3(side * 0.745f, 1.15f, -0.25f),
                new Vector3(0.04f, 0.27f, 0.06f),
                paint,
                SceneClass.Car
            );
            stage.Round(
                frame,
                new Vector3(side * 0.58f, 0.68f, 2.24f),
                new Vector3(0.15f, 0.11f, 0.06f),
                Lamp(stage, new Vector3(1, 0.95f, 0.75f)),
                SceneClass.Car
            );
            stage.Round(
                frame,
                new Vector3(side * 0.6f, 0.7f, -2.24f),
                new Vector3(0.16f, 0.09f, 0.06f),
                Lamp(stage, new Vector3(0.8f, 0.03f, 0.02f)),
                SceneClass.Car
            );
        }

        stage.Block(
            frame,
            new Vector3(0, 0.45f, 0),
            new Vector3(0.84f, 0.08f, 2.24f),
            Stage.Matte(Palette.Srgb(50, 50, 54)),
            SceneClass.Car
        );
        Wheels(stage, frame, 0.82f, 1.3f, 0.36f, SceneClass.Car);
        stage.Occlude(frame, new Vector3(0, 0.45f, 0), new Vector3(0.95f, 0.45f, 2.3f));
    }

    public static void Bus(Stage stage, Frame frame, NamedColour colour)
    {
        Pattern side = (p, n) =>
        {
            var inBand = p.Y is > 0.05f and < 0.85f;
            var along = MathF.Abs(n.X) > 0.5f ? p.Z : p.X * 0.5f;
            var pane = along / 1.3f + 0.5f - MathF.Floor(along / 1.3f + 0.5f);
            var glass = inBand && pane is > 0.08f and < 0.92f && MathF.Abs(n.Y) < 0.5f;
            return glass
                ? stage.IsNight
                    ? new Vector4(Buildings.WarmLight, 1)
                    : new Vector4(Glass, 0)
                : new Vector4(p.Y is < -0.35f and > -0.6f ? Palette.White.Value : colour.Value, 0);
        };
        stage.Block(
            frame,
            new Vector3(0, 1.65f, 0),
            new Vector3(1.2f, 1.25f, 4f),
            new Material(colour.Value) { Pattern = side, Gloss = 0.5f },
            SceneClass.Bus
        );
        foreach (var x in new[] { -0.85f, 0.85f })
        {
            stage.Round(
                frame,
                new Vector3(x, 0.75f, 4f),
                new Vector3(0.2f, 0.14f, 0.06f),
                Lamp(stage, new Vector3(1, 0.95f, 0.75f)),
                SceneClass.Bus
            );
        }

        Wheels(stage, frame, 1.15f, 2.5f, 0.48f, SceneClass.Bus);
        stage.Occlude(frame, new Vector3(0, 0.8f, 0), new Vector3(1.3f, 0.8f, 4.2f));
    }

    public static void Truck(Stage stage, Frame frame, NamedColour colour)
    {
        var paint = Stage.Glazed(colour.Value, 0.5f);
        stage.Block(
            frame,
            new Vector3(0, 1.7f, -0.9f),
            new Vector3(1.15f, 1.15f, 2.3f),
            Stage.Matte(stage.Random.Pick(Palette.White, Palette.Grey, Palette.Beige).Value),
            SceneClass.Truck
        );
        stage.Block(frame, new Vector3(0, 1.15f, 2.2f), new Vector3(1.05f, 0.7f, 0.75f), paint, SceneClass.Truck);
        Cabin(
            stage,
            frame.Moved(0, 1.85f, 2.15f),
            new Vector3(1.02f, 0.62f, 0.75f),
            0.75f,
            Stage.Glazed(Glass, 1),
            SceneClass.Truck
        );
        stage.Block(frame, new Vector3(0, 2.5f, 2.1f), new Vector3(0.95f, 0.05f, 0.6f), paint, SceneClass.Truck);
        foreach (var x in new[] { -0.75f, 0.75f })
        {
            stage.Round(
                frame,
                new Vector3(x, 0.85f, 2.95f),
                new Vector3(0.18f, 0.13f, 0.05f),
                Lamp(stage, new Vector3(1, 0.95f, 0.75f)),
                SceneClass.Truck
            );
        }

        stage.Block(
            frame,
            new Vector3(0, 0.5f, 0),
            new Vector3(0.9f, 0.1f, 2.9f),
            Stage.Matte(Palette.Srgb(50, 50, 54)),
            SceneClass.Truck
        );
        Wheels(stage, frame, 1.05f, 1.9f, 0.46f, SceneClass.Truck);
        stage.Occlude(frame, new Vector3(0, 0.8f, 0), new Vector3(1.25f, 0.8f, 3.1f));
    }

    private static Material Lamp(Stage stage, Vector3 colour) =>
        new(colour) { Emission = stage.IsNight ? 1 : 0.35f, Gloss = 0.5f };

    // A box whose top is smaller than its base.
    private static void Cabin(Stage stage, Frame foot, Vector3 size, float top, Material material, byte kind)
    {
        var planes = new List<Vector4> { new(0, 1, 0, size.Y / 2), new(0, -1, 0, size.Y / 2) };
        foreach (var side in new[] { -1, 1 })
        {
            var leanX = Vector3.Normalize(new Vector3(side * size.Y, size.X * 0.18f, 0));
            planes.Add(new Vector4(leanX, Vector3.Dot(leanX, new Vector3(side * size.X, -size.Y / 2, 0))));
            var leanZ = Vector3.Normalize(new Vector3(0, size.Z * (1 - top), side * size.Y));
            planes.Add(new Vector4(leanZ, Vector3.Dot(leanZ, new Vector3(0, -size.Y / 2, side * size.Z))));
        }

        stage.Add(
            new Polyhedron(foot.Moved(0, size.Y / 2, 0), new Vector3(size.X, size.Y / 2, size.Z), [.. planes])
            {
                Material = material,
                Class = kind,
            }
        );
    }

    private static void Wheels(Stage stage, Frame frame, float x, float z, float radius, byte kind)
    {
        foreach (var side in new[] { -1, 1 })
        {
            foreach (var end in new[] { -z, z })
            {
                stage.Rod(
                    frame,
                    new Vector3(side * (x - 0.2f), radius, end),
                    new Vector3(side * (x + 0.06f), radius, end),
                    radius,
                    radius,
                    Tyre,
                    kind
                );
                stage.Rod(
                    frame,
                    new Vector3(side * x, radius, end),
                    new Vector3(side * (x + 0.075f), radius, end),
                    radius * 0.55f,
                    radius * 0.55f,
                    Rim,
                    kind
                );
            }
        }
    }
}
