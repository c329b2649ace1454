using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// A town street: along the road between two rows of buildings, or across it to a vehicle before a house front.
/// </summary>
internal static class Street
{
    private static readonly Material Asphalt = Stage.Matte(Palette.Srgb(84, 86, 92));
    private static readonly Material Paving = Stage.Matte(Palette.Srgb(176, 172, 164));
    private static readonly Material Line = Stage.Matte(Palette.Srgb(232, 228, 214));

    private static readonly (string Noun, Action<Stage, Frame, NamedColour> Build, float Length)[] Kinds =
    [
        ("car", Vehicles.Car, 4.6f),
        ("car", Vehicles.Car, 4.6f),
        ("car", Vehicles.Car, 4.6f),
        ("car", Vehicles.Car, 4.6f),
        ("bus", Vehicles.Bus, 8),
        ("truck", Vehicles.Truck, 6),
    ];

    public static void Build(Stage stage)
    {
        stage.Light = Weather.Outdoors(stage.Random, stage.Time, 16);
        stage.Place = "street";
        if (stage.Random.Chance(0.5f))
        {
            Along(stage);
        }
        else
        {
            Across(stage);
        }
    }

    private static Material Snowy(Stage stage, Material material) =>
        stage.Time == SceneTime.Snow
            ? Stage.Matte(Vector3.Lerp(material.Colour, new Vector3(0.85f, 0.87f, 0.92f), 0.75f))
            : material;

    private static void Along(Stage stage)
    {
        var random = stage.Random;
        var road = random.Range(3.4f, 4.4f);
        var walk = random.Range(2f, 3f);
        stage.Ground(
            0,
            stage.Time == SceneTime.Snow ? Stage.Matte(new Vector3(0.55f, 0.57f, 0.62f)) : Asphalt,
            SceneClass.Road
        );
        for (var z = 6f; z > -70; z -= 5)
        {
            stage.Block(
                Frame.World,
                new Vector3(0, 0.005f, z),
                new Vector3(0.12f, 0.006f, 1.2f),
                Line,
                SceneClass.Road,
                shadow: false
            );
        }

        var (near, far) = (random.Pick(Palette.Walls), random.Pick(Palette.Walls));
        foreach (var side in new[] { -1, 1 })
        {
            stage.Block(
                Frame.World,
                new Vector3(side * (road + walk / 2), 0.06f, -30),
                new Vector3(walk / 2, 0.08f, 50),
                Snowy(stage, Paving),
                SceneClass.Sidewalk,
                shadow: false
            );
            Row(stage, side * (road + walk), side < 0 ? near : far, side < 0 ? far : near);
        }

        var words = new List<string>();
        var lane = random.Sign();
        Drive(stage, words, lane * road * 0.5f, random.Range(-9.5f, -6.5f), lane > 0 ? MathF.PI : 0);
        if (random.Chance(0.5f))
        {
            Drive(
                stage,
                random.Chance(0.5f) ? words : [],
                -lane * road * 0.5f,
                random.Range(-22, -13),
                lane > 0 ? 0 : MathF.PI
            );
        }

        Furnish(stage, words, road, walk);
        var target = new Vector3(lane * road * random.Range(0.1f, 0.35f), random.Range(1.6f, 2.6f), -10);
        stage.Camera = new Camera(
            new Vector3(lane * random.Range(-0.6f, 0.3f) * road, random.Range(1.5f, 3.2f), random.Range(1, 2.5f)),
            target,
            random.Range(46, 60)
        );
        stage.Subject = CaptionWriter.List(words.Take(3).ToArray());
        var colourless = stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch;
        stage.Where =
            colourless || random.Chance(0.5f)
                ? random.Pick(
                    "on a street",
                    "on a city street",
                    "in a street with tall buildings",
                    "on a road in a town"
                )
            : near == far ? $"in a street with {near.Name} buildings"
            : $"in a street with {near.Name} and {far.Name} buildings";
    }

    private static void Row(Stage stage, float edge, NamedColour first, NamedColour second)
    {
        var random = stage.Random;
        var side = MathF.Sign(edge);
        for (var z = 7f; z > -58; )
        {
            var half = new Vector3(random.Range(3, 4.5f), random.Range(3, 7), 4);
            var frame = Frame.On(edge + side * half.Z, 0, z - half.X, -side * MathF.PI / 2);
            Buildings.TownBuilding(stage, frame, half, random.Chance(0.75f) ? first : second);
            if (random.Chance(0.5f) && z > -20)
            {
                Buildings.Shop(stage, frame.Moved(0, 0, half.Z), half.X, random.Pick(Palette.Vivid));
            }

            z -= 2 * half.X + 0.02f;
        }
    }

    private static void Across(Stage stage)
    {
        var random = stage.Random;
        stage.Ground(
            0,
            stage.Time == SceneTime.Snow ? Stage.Matte(new Vector3(0.6f, 0.62f, 0.67f)) : Asphalt,
            SceneClass.Road
        );
        stage.Block(
            Frame.World,
            new Vector3(0, 0.06f, -4.2f),
            new Vector3(60, 0.08f, 1.6f),
            Snowy(stage, Paving),
            SceneClass.Sidewalk,
            shadow: false
        );
        for (var x = -20; x <= 20; x += 4)
        {
            stage.Block(
                Frame.World,
                new Vector3(x, 0.005f, 2.6f),
                new Vector3(1.1f, 0.006f, 0.1f),
                Line,
                SceneClass.Road,
                shadow: false
            );
        }

        var main = random.Pick(Palette.Walls);
        var centre = random.Range(-1.5f, 1.5f);
        var half = new Vector3(random.Range(4, 5.5f), random.Range(3.2f, 5.5f), 4);
        Front(stage, centre, half, main);
        foreach (var side in new[] { -1, 1 })
        {
            var beside = new Vector3(random.Range(4, 6), random.Range(2.8f, 6), 4);
            Front(stage, centre + side * (half.X + beside.X), beside, random.Pick(Palette.Walls));
            var outer = new Vector3(6, random.Range(2.8f, 6), 4);
            Front(stage, centre + side * (half.X + 2 * beside.X + outer.X), outer, random.Pick(Palette.Walls));
        }

        var words = new List<string>();
        var length = Drive(
            stage,
            words,
            random.Range(-0.6f, 0.6f),
            -0.4f,
            random.Sign() * (MathF.PI / 2 + random.Range(-0.06f, 0.06f))
        );
        if (random.Chance(0.4f))
        {
            var leaves = random.Pick(Garden.Foliage);
            Garden.Tree(
                stage,
                Frame.On(random.Sign() * (length * 0.5f + 1.2f), 0.1f, -3.4f),
                random.Range(3.6f, 5),
                leaves
            );
            words.Add(stage.Mention("tree", leaves));
        }
        else if (random.Chance(0.5f))
        {
            StreetLamp(stage, Frame.On(random.Sign() * (length * 0.5f + 0.8f), 0.1f, -3));
        }

        var extent = MathF.Max(length * 0.85f, 4.2f);
        stage.Camera = Camera.Framing(
            new Vector3(random.Range(-0.3f, 0.3f), extent * 0.33f, -1),
            extent,
            random.Range(0.6f, 0.85f),
            random.Range(-0.55f, 0.55f),
            random.Range(0.05f, 0.28f),
            random.Range(36, 50)
        );
        stage.Subject = CaptionWriter.List(words);
        var colourless = stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch;
        stage.Where =
            random.Pick("in front of", "before") + (colourless ? " a building" : $" {stage.Mention("building", main)}");
    }

    private static void Front(Stage stage, float x, Vector3 half, NamedColour walls)
    {
        var frame = Frame.On(x, 0, -5.8f - half.Z);
        Buildings.TownBuilding(stage, frame, half with { X = half.X - 0.03f }, walls);
        if (stage.Random.Chance(0.6f))
        {
            Buildings.Shop(stage, frame.Moved(0, 0, half.Z), half.X * 0.8f, stage.Random.Pick(Palette.Vivid));
        }
    }

    private static float Drive(Stage stage, List<string> words, float x, float z, float yaw)
    {
        var random = stage.Random;
        var (noun, build, length) = random.Pick(Kinds);
        var colour = random.Pick(Palette.Vivid);
        build(stage, Frame.On(x, 0, z, yaw), colour);
        words.Add(stage.Mention(noun, colour));
        if (stage.IsNight)
        {
            var front = Frame.On(x, 0.7f, z, yaw).At(0, 0, length / 2 + 1.2f);
            stage.Glow(front, new Vector3(0.4f, 0.36f, 0.26f), 1.6f);
        }

        return length;
    }

    private static void Furnish(Stage stage, List<string> words, float road, float walk)
    {
        var random = stage.Random;
        var leaves = random.Pick(Garden.Foliage);
        var trees = random.Chance(0.55f);
        var side = random.Sign();
        for (var i = 0; i < 4; i++)
        {
            var z = -5.5f - 7 * i;
            if (trees)
            {
                Garden.RoundTree(
                    stage,
                    Frame.On(side * (road + 0.9f), 0.1f, z),
                    random.Range(3.6f, 4.6f),
                    leaves.Value
                );
            }

            StreetLamp(stage, Frame.On(-side * (road + 0.5f), 0.1f, z - 2, side * MathF.PI / 2));
        }

        if (trees)
        {
            _ = stage.Mention("tree", leaves);
            words.Add(stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch ? "trees" : $"{leaves.Name} trees");
        }

        _ = walk;
    }

    private static void StreetLamp(Stage stage, Frame frame)
    {
        var iron = Stage.Matte(Palette.Srgb(58, 62, 66));
        stage.Cone(frame, Vector3.Zero, 4.2f, 0.09f, 0.06f, iron, SceneClass.StreetLight);
        stage.Limb(
            frame,
            new Vector3(0, 4.15f, 0),
            new Vector3(0, 4.3f, 0.9f),
            0.05f,
            0.05f,
            iron,
            SceneClass.StreetLight
        );
        stage.Round(
            frame,
            new Vector3(0, 4.2f, 0.95f),
            new Vector3(0.17f, 0.1f, 0.26f),
            stage.IsNight ? Stage.Shining(new Vector3(1, 0.85f, 0.55f)) : iron,
            SceneClass.StreetLight
        );
        if (stage.IsNight)
        {
            stage.Glow(frame.At(0, 3.4f, 0.95f), new Vector3(0.55f, 0.38f, 0.18f), 1.8f);
        }
    }
}
