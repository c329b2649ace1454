using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>Furniture on the floor at a frame's origin, facing +Z; metres.</summary>
internal static class Furniture
{
    private static readonly Vector3 Wood = Palette.Srgb(140, 92, 54);
    private static readonly Vector3 Linen = Palette.Srgb(236, 232, 224);

    public static void Sofa(
        Stage stage,
        Frame frame,
        NamedColour colour,
        float half = 0.95f,
        byte kind = SceneClass.Sofa
    )
    {
        var cloth = Stage.Matte(colour.Value);
        var darker = Stage.Matte(colour.Value * 0.82f);
        stage.Block(frame, new Vector3(0, 0.2f, 0), new Vector3(half, 0.14f, 0.4f), darker, kind);
        var seats = half > 0.7f ? 2 : 1;
        for (var i = 0; i < seats; i++)
        {
            var x = seats == 1 ? 0 : (i - 0.5f) * (half - 0.12f);
            var wide = (half - 0.14f) / seats - 0.01f;
            stage.Block(frame, new Vector3(x, 0.4f, 0.06f), new Vector3(wide, 0.07f, 0.36f), cloth, kind);
            stage.Block(
                frame.Moved(x, 0.66f, -0.24f).Pitched(-0.15f),
                Vector3.Zero,
                new Vector3(wide, 0.24f, 0.08f),
                cloth,
                kind
            );
        }

        stage.Block(frame, new Vector3(0, 0.5f, -0.36f), new Vector3(half, 0.38f, 0.09f), darker, kind);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Block(
                frame,
                new Vector3(side * (half - 0.06f), 0.34f, 0.02f),
                new Vector3(0.1f, 0.28f, 0.42f),
                cloth,
                kind
            );
            stage.Rod(
                frame,
                new Vector3(side * (half - 0.06f), 0.62f, -0.4f),
                new Vector3(side * (half - 0.06f), 0.62f, 0.44f),
                0.1f,
                0.1f,
                cloth,
                kind
            );
        }

        if (seats == 2 && stage.Random.Chance(0.6f))
        {
            var cushion = Stage.Matte(stage.Random.Pick(Palette.Vivid).Value);
            foreach (var side in new[] { -1, 1 })
            {
                stage.Block(
                    frame.Moved(side * half * 0.62f, 0.62f, -0.02f).Pitched(-0.35f).Rolled(side * 0.3f),
                    Vector3.Zero,
                    new Vector3(0.17f, 0.17f, 0.05f),
                    cushion,
                    SceneClass.Cushion
                );
            }
        }

        stage.Occlude(frame, new Vector3(0, 0.3f, 0), new Vector3(half * 1.05f, 0.35f, 0.45f));
    }

    public static void Armchair(Stage stage, Frame frame, NamedColour colour) =>
        Sofa(stage, frame, colour, 0.45f, SceneClass.Armchair);

    public static void Bed(Stage stage, Frame frame, NamedColour colour)
    {
        var wood = Stage.Matte(Wood);
        stage.Block(frame, new Vector3(0, 0.2f, 0), new Vector3(0.8f, 0.14f, 1f), wood, SceneClass.Bed);
        stage.Block(
            frame,
            new Vector3(0, 0.42f, 0),
            new Vector3(0.77f, 0.1f, 0.97f),
            Stage.Matte(Linen),
            SceneClass.Bed
        );
        stage.Block(
            frame,
            new Vector3(0, 0.44f, 0.32f),
            new Vector3(0.81f, 0.11f, 0.68f),
            Stage.Matte(colour.Value),
            SceneClass.Bed
        );
        stage.Block(frame, new Vector3(0, 0.55f, -1.02f), new Vector3(0.85f, 0.5f, 0.05f), wood, SceneClass.Bed);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(
                frame,
                new Vector3(side * 0.38f, 0.57f, -0.72f),
                new Vector3(0.32f, 0.1f, 0.2f),
                Stage.Matte(Linen),
                SceneClass.Cushion
            );
        }

        stage.Occlude(frame, new Vector3(0, 0.25f, 0), new Vector3(0.85f, 0.3f, 1.05f));
    }

    public static void CoffeeTable(Stage stage, Frame frame, NamedColour colour)
    {
        var material = Stage.Glazed(colour.Value, 0.2f);
        Legs(stage, frame, 0.42f, 0.24f, 0.38f, material, SceneClass.CoffeeTable);
        if (stage.Random.Chance(0.5f))
        {
            stage.Cylinder(frame, new Vector3(0, 0.38f, 0), 0.05f, 0.5f, material, SceneClass.CoffeeTable);
        }
        else
        {
            stage.Block(
                frame,
                new Vector3(0, 0.4f, 0),
                new Vector3(0.55f, 0.025f, 0.34f),
                material,
                SceneClass.CoffeeTable
            );
        }

        stage.Occlude(frame, new Vector3(0, 0.25f, 0), new Vector3(0.5f, 0.2f, 0.35f));
    }

    public static void DiningTable(Stage stage, Frame frame, NamedColour colour)
    {
        var material = Stage.Glazed(colour.Value, 0.15f);
        Legs(stage, frame, 0.55f, 0.32f, 0.72f, material, SceneClass.Table);
        stage.Block(frame, new Vector3(0, 0.74f, 0), new Vector3(0.68f, 0.03f, 0.43f), material, SceneClass.Table);
        stage.Occlude(frame, new Vector3(0, 0.4f, 0), new Vector3(0.6f, 0.4f, 0.4f));
    }

    public static void Chair(Stage stage, Frame frame, NamedColour colour)
    {
        var material = Stage.Matte(colour.Value);
        Legs(stage, frame, 0.18f, 0.18f, 0.44f, material, SceneClass.Chair);
        stage.Block(frame, new Vector3(0, 0.46f, 0), new Vector3(0.22f, 0.025f, 0.22f), material, SceneClass.Chair);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Rod(
                frame,
                new Vector3(side * 0.19f, 0.46f, -0.2f),
                new Vector3(side * 0.19f, 0.95f, -0.24f),
                0.022f,
                0.022f,
                material,
                SceneClass.Chair
            );
        }

        stage.Block(frame, new Vector3(0, 0.8f, -0.23f), new Vector3(0.2f, 0.13f, 0.018f), material, SceneClass.Chair);
        stage.Occlude(frame, new Vector3(0, 0.2f, 0), new Vector3(0.24f, 0.25f, 0.24f));
    }

    public static void FloorLamp(Stage stage, Frame frame, NamedColour colour)
    {
        var metal = Stage.Glazed(Palette.Srgb(60, 58, 58), 0.5f);
        stage.Cylinder(frame, Vector3.Zero, 0.03f, 0.16f, metal, SceneClass.Lamp);
        stage.Cylinder(frame, Vector3.Zero, 1.35f, 0.022f, metal, SceneClass.Lamp);
        var lit = stage.IsNight || stage.Random.Chance(0.3f);
        var shade = new Material(lit ? Vector3.Lerp(colour.Value, new Vector3(1, 0.86f, 0.62f), 0.25f) : colour.Value)
        {
            Emission = lit ? 0.8f : 0,
        };
        stage.Cone(frame, new Vector3(0, 1.2f, 0), 0.38f, 0.28f, 0.17f, shade, SceneClass.Lamp);
        if (lit)
        {
            stage.Glow(frame.At(0, 1.15f, 0.1f), new Vector3(1, 0.72f, 0.42f) * (stage.IsNight ? 1f : 0.35f), 1.1f);
        }

        stage.Occlude(frame, new Vector3(0, 0.02f, 0), new Vector3(0.17f, 0.05f, 0.17f));
    }

    public static void Bookcase(Stage stage, Frame frame, NamedColour colour)
    {
        var material = Stage.Matte(colour.Value);
        stage.Block(
            frame,
            new Vector3(0, 0.9f, -0.14f),
            new Vector3(0.5f, 0.9f, 0.02f),
            Stage.Matte(colour.Value * 0.6f),
            SceneClass.Bookcase
        );
        foreach (var side in new[] { -1, 1 })
        {
            stage.Block(
                frame,
                new Vector3(side * 0.49f, 0.9f, 0),
                new Vector3(0.025f, 0.9f, 0.15f),
                material,
                SceneClass.Bookcase
            );
        }

        for (var shelf = 0; shelf < 5; shelf++)
        {
            var y = 0.05f + 0.43f * shelf;
            stage.Block(frame, new Vector3(0, y, 0), new Vector3(0.5f, 0.022f, 0.15f), material, SceneClass.Bookcase);
            for (var x = -0.42f; shelf < 4 && x < 0.36f; )
            {
                var half = stage.Random.Range(0.045f, 0.07f);
                if (stage.Random.Chance(0.82f))
                {
                    var tall = stage.Random.Range(0.11f, 0.16f);
                    stage.Block(
                        frame,
                        new Vector3(x + half, y + 0.022f + tall, 0.02f),
                        new Vector3(half - 0.004f, tall, 0.1f),
                        Stage.Matte(stage.Random.Pick(Palette.Vivid).Value),
                        SceneClass.Book
                    );
                }

                x += 2 * half;
            }
        }

        stage.Occlude(frame, new Vector3(0, 0.4f, 0), new Vector3(0.5f, 0.5f, 0.2f));
    }

    public static void Cabinet(Stage stage, Frame frame, NamedColour colour)
    {
        var material = Stage.Glazed(colour.Value, 0.15f);
        stage.Block(frame, new Vector3(0, 0.42f, 0), new Vector3(0.6f, 0.4f, 0.22f), material, SceneClass.Cabinet);
        foreach (var x in new[] { -0.3f, 0.3f })
        {
            foreach (var y in new[] { 0.24f, 0.6f })
            {
                stage.Block(
                    frame,
                    new Vector3(x, y, 0.222f),
                    new Vector3(0.26f, 0.15f, 0.01f),
                    Stage.Glazed(colour.Value * 0.85f, 0.15f),
                    SceneClass.Cabinet
                );
                stage.Sphere(
                    frame,
                    new Vector3(x, y, 0.245f),
                    0.025f,
                    Stage.Matte(Palette.Srgb(226, 190, 110)),
                    SceneClass.Cabinet
                );
            }
        }

        stage.Occlude(frame, new Vector3(0, 0.3f, 0), new Vector3(0.62f, 0.35f, 0.25f));
    }

    public static void PottedPlant(Stage stage, Frame frame, NamedColour colour)
    {
        stage.Cone(frame, Vector3.Zero, 0.3f, 0.13f, 0.18f, Stage.Matte(colour.Value), SceneClass.Vase);
        Garden.Leaves(stage, frame.Moved(0, 0.3f, 0), stage.Random.Range(0.6f, 0.9f));
        stage.Occlude(frame, new Vector3(0, 0.15f, 0), new Vector3(0.18f, 0.2f, 0.18f));
    }

    public static void Rug(Stage stage, Frame frame, NamedColour colour)
    {
        var second = stage.Random.Chance(0.5f) ? Palette.White.Value : colour.Value * 0.6f;
        if (stage.Random.Chance(0.35f))
        {
            stage.Disc(frame, new Vector3(0, 0.012f, 0), 0.95f, 0.95f, Stage.Matte(colour.Value), SceneClass.Rug);
            stage.Disc(frame, new Vector3(0, 0.016f, 0), 0.95f, 0.95f, Stage.Matte(second), SceneClass.Rug, 0.85f);
            return;
        }

        var (x, z) = (stage.Random.Range(0.95f, 1.3f), stage.Random.Range(0.6f, 0.8f));
        Pattern pattern = stage.Random.Chance(0.5f)
            ? Patterns.Bordered(colour.Value, second, x - 0.14f, z - 0.14f)
            : Patterns.Stripes(colour.Value, second, x / 4);
        stage.Block(
            frame,
            new Vector3(0, 0.008f, 0),
            new Vector3(x, 0.008f, z),
            new Material(colour.Value) { Pattern = pattern },
            SceneClass.Rug,
            shadow: false
        );
    }

    private static void Legs(Stage stage, Frame frame, float x, float z, float height, Material material, byte kind)
    {
        foreach (var (i, k) in new[] { (-1, -1), (-1, 1), (1, -1), (1, 1) })
        {
            stage.Cylinder(frame, new Vector3(i * x, 0, k * z), height, 0.026f, material, kind);
        }
    }
}
