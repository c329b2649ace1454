using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>Rockets above all; sailing boats, balloons, snowmen, lighthouses and tents.</summary>
internal static class Curiosities
{
    private static readonly Land Shore = new("sea", "by the sea", SceneClass.Sand, Palette.Srgb(220, 190, 134));
    private static readonly Land Meadow = new("hills", "over the hills", SceneClass.Grass, Palette.Srgb(104, 150, 66));

    public static void Build(Stage stage)
    {
        switch (stage.Random.Below(20))
        {
            case < 9:
                CuriositiesRockets.Build(stage);
                break;
            case < 12:
                Sailing(stage);
                break;
            case < 15:
                Balloons(stage);
                break;
            case < 17 when stage.Time == SceneTime.Snow:
            case 15:
                Snowman(stage);
                break;
            case < 18:
                Lighthouse(stage);
                break;
            default:
                Tent(stage);
                break;
        }
    }

    private static void Sailing(Stage stage)
    {
        var random = stage.Random;
        stage.Light = Weather.Outdoors(random, stage.Time, 10);
        var sea = Stage.Glazed(
            Vector3.Lerp(Palette.Srgb(30, 102, 152), stage.Light.Sky.Horizon, 0.25f) * (stage.IsNight ? 0.6f : 1),
            0.5f
        );
        stage.Ground(0, sea, SceneClass.Sea);
        if (random.Chance(0.5f))
        {
            Landscape.Distance(stage, Meadow);
        }

        var (hull, sail) = (
            random.Pick(Palette.Vivid),
            random.Pick(Palette.White, Palette.White, Palette.Red, Palette.Orange, Palette.Yellow, Palette.Blue)
        );
        Boat(
            stage,
            Frame.On(0, 0, 0, random.Sign() * random.Range(0.1f, 0.9f)).Rolled(random.Range(-0.08f, 0.08f)),
            hull,
            sail
        );
        stage.Subject = $"{stage.Mention("sailing boat", hull)} with {stage.Mention("sail", sail)}";
        (stage.Place, stage.Where) = ("sea", random.Pick("on the water", "on the sea", "at sea"));
        Aim(stage, 5.4f, 0.55f, 0.85f, -0.02f, 0.2f);
    }

    private static void Boat(Stage stage, Frame frame, NamedColour hull, NamedColour sail)
    {
        var paint = Stage.Glazed(hull.Value, 0.4f);
        var cloth = Stage.Matte(sail.Value);
        // The lower half of an ellipsoid, closed by a deck; the water hides the keel.
        stage.Round(
            frame,
            new Vector3(0, 0.55f, 0),
            new Vector3(2.1f, 0.85f, 0.62f),
            paint,
            SceneClass.Boat,
            new Vector4(0, 1, 0, 0)
        );
        stage.Disc(
            frame,
            new Vector3(0, 0.54f, 0),
            2.08f,
            0.61f,
            Stage.Matte(Palette.Srgb(186, 140, 90)),
            SceneClass.Boat
        );
        stage.Block(
            frame,
            new Vector3(-0.5f, 0.7f, 0),
            new Vector3(0.45f, 0.18f, 0.3f),
            Stage.Matte(Palette.White.Value),
            SceneClass.Boat
        );
        stage.Rod(
            frame,
            new Vector3(0.2f, 0.5f, 0),
            new Vector3(0.2f, 5.2f, 0),
            0.06f,
            0.04f,
            Stage.Matte(Palette.Brown.Value),
            SceneClass.Boat
        );
        stage.Rod(
            frame,
            new Vector3(0.2f, 1, 0),
            new Vector3(-1.8f, 1, 0),
            0.045f,
            0.04f,
            Stage.Matte(Palette.Brown.Value),
            SceneClass.Boat
        );
        Sail(stage, frame.Moved(0.12f, 1.1f, 0), -1.85f, 3.9f, cloth);
        Sail(stage, frame.Moved(0.3f, 0.9f, 0), 1.6f, 3.4f, cloth);
    }

    // A thin upright triangle from its corner at the mast.
    private static void Sail(Stage stage, Frame corner, float width, float height, Material cloth)
    {
        var half = new Vector3(MathF.Abs(width) / 2, height / 2, 0.03f);
        var side = MathF.Sign(width);
        var slope = Vector3.Normalize(new Vector3(side * height, MathF.Abs(width), 0));
        Vector4[] planes =
        [
            new(0, 0, 1, half.Z),
            new(0, 0, -1, half.Z),
            new(0, -1, 0, half.Y),
            new(-side, 0, 0, half.X),
            new(slope, 0),
        ];
        stage.Add(
            new Polyhedron(corner.Moved(width / 2, half.Y, 0), half, planes)
            {
                Material = cloth,
                Class = SceneClass.Boat,
            }
        );
    }

    private static void Balloons(Stage stage)
    {
        var random = stage.Random;
        stage.Light = Weather.Outdoors(random, stage.Time, 25);
        Landscape.Ground(stage, Meadow);
        Landscape.Distance(stage, Meadow);
        var (first, second) = (
            random.Pick(Palette.Vivid),
            random.Pick(Palette.White, Palette.Yellow, Palette.Red, Palette.Blue)
        );
        Balloon(stage, Frame.On(0, 6, 0, random.Range(0, 1)), first, second.Value);
        var more = random.Below(4);
        for (var i = 0; i < more; i++)
        {
            var side = (i & 1) == 0 ? 1 : -1;
            Balloon(
                stage,
                Frame.On(side * random.Range(4.5f, 7.5f), random.Range(5, 10), random.Range(-22, -9)),
                random.Pick(Palette.Vivid),
                random.Pick(Palette.White, Palette.Yellow, Palette.Red).Value
            );
        }

        var main = stage.Mention("hot-air balloon", first);
        stage.Subject =
            more == 0 ? main
            : random.Chance(0.5f) ? $"{main} and other balloons"
            : "hot-air balloons";
        (stage.Place, stage.Where) = (
            "hills",
            stage.Time == SceneTime.Snow ? "in the sky" : random.Pick("over the hills", "in the sky", "above the hills")
        );
        stage.Camera = Camera.Framing(
            new Vector3(random.Range(-0.5f, 0.5f), random.Range(6.5f, 8f), 0),
            7,
            random.Range(0.42f, 0.65f),
            random.Range(-0.3f, 0.3f),
            random.Range(-0.1f, 0.06f),
            random.Range(38f, 50f)
        );
    }

    private static void Balloon(Stage stage, Frame frame, NamedColour colour, Vector3 other)
    {
        var gores = stage.Random.Pick(2, 3, 4);
        Pattern stripes = (p, _) =>
            new Vector4(
                MathF.Sin(MathF.Atan2(p.X, p.Z) * gores * 2) > 0.2f ? other : colour.Value,
                stage.IsNight ? 0.45f : 0
            );
        var cloth = new Material(colour.Value) { Pattern = stripes };
        stage.Round(frame, new Vector3(0, 3.6f, 0), new Vector3(2.2f, 2.2f, 2.2f), cloth, SceneClass.Airplane);
        stage.Cone(frame, new Vector3(0, 0.75f, 0), 1.9f, 0.5f, 1.98f, cloth, SceneClass.Airplane);
        var wicker = Stage.Matte(Palette.Srgb(140, 96, 54));
        stage.Block(frame, new Vector3(0, -0.4f, 0), new Vector3(0.42f, 0.32f, 0.42f), wicker, SceneClass.Airplane);
        foreach (var (x, z) in new[] { (-1, -1), (1, -1), (-1, 1), (1, 1) })
        {
            stage.Rod(
                frame,
                new Vector3(x * 0.38f, -0.1f, z * 0.38f),
                new Vector3(x * 0.33f, 0.8f, z * 0.33f),
                0.035f,
                0.035f,
                wicker,
                SceneClass.Airplane
            );
        }
    }

    private static void Snowman(Stage stage)
    {
        var random = stage.Random;
        Background(stage, Meadow with { Colour = Palette.Srgb(234, 238, 244) });
        var (scarf, frame) = (
            random.Pick(Palette.Red, Palette.Blue, Palette.Green, Palette.Orange, Palette.Purple),
            Frame.On(0, 0, 0, random.Range(-0.5f, 0.5f))
        );
        var (snow, coal) = (Stage.Matte(Palette.Srgb(242, 244, 248)), Stage.Matte(Palette.Black.Value));
        stage.Sphere(frame, new Vector3(0, 0.5f, 0), 0.55f, snow, SceneClass.Sculpture);
        stage.Sphere(frame, new Vector3(0, 1.2f, 0), 0.4f, snow, SceneClass.Sculpture);
        stage.Sphere(frame, new Vector3(0, 1.75f, 0), 0.28f, snow, SceneClass.Sculpture);
        stage.Rod(
            frame,
            new Vector3(0, 1.74f, 0.26f),
            new Vector3(0.02f, 1.72f, 0.56f),
            0.055f,
            0.01f,
            Stage.Matte(Palette.Orange.Value),
            SceneClass.Sculpture
        );
        stage.Cylinder(frame, new Vector3(0, 1.5f, 0), 0.1f, 0.27f, Stage.Matte(scarf.Value), SceneClass.Sculpture);
        stage.Block(
            frame.Moved(0.14f, 1.32f, 0.36f).Pitched(-0.2f),
            Vector3.Zero,
            new Vector3(0.07f, 0.22f, 0.03f),
            Stage.Matte(scarf.Value),
            SceneClass.Sculpture
        );
        stage.Cylinder(frame, new Vector3(0, 1.96f, 0), 0.04f, 0.32f, coal, SceneClass.Sculpture);
        stage.Cylinder(frame, new Vector3(0, 1.98f, 0), 0.32f, 0.2f, coal, SceneClass.Sculpture);
        foreach (var side in new[] { -1, 1 })
        {
            stage.Sphere(frame, new Vector3(side * 0.1f, 1.83f, 0.245f), 0.035f, coal, SceneClass.Sculpture);
            stage.Sphere(frame, new Vector3(0, 1.2f + side * 0.12f, 0.385f), 0.04f, coal, SceneClass.Sculpture);
            stage.Rod(
                frame,
                new Vector3(side * 0.36f, 1.25f, 0),
                new Vector3(side * 0.85f, 1.55f, 0.05f),
                0.03f,
                0.018f,
                Stage.Matte(Palette.Brown.Value),
                SceneClass.Sculpture
            );
        }

        stage.Occlude(frame, new Vector3(0, 0.42f, 0), new Vector3(0.6f, 0.4f, 0.6f));
        stage.Subject = $"a snowman with {random.Pick("", "a black hat and ")}{stage.Mention("scarf", scarf)}";
        (stage.Place, stage.Where) = ("hills", stage.Time == SceneTime.Snow ? "" : "in the snow");
        Aim(stage, 2.3f, 0.6f, 0.88f, 0.02f, 0.25f);
    }

    private static void Lighthouse(Stage stage)
    {
        var random = stage.Random;
        Background(stage, Shore);
        var colour = random.Pick(Palette.Red, Palette.Blue, Palette.Black, Palette.Green);
        stage.Round(
            Frame.World,
            new Vector3(0, -0.3f, 0),
            new Vector3(3.2f, 0.8f, 2.6f),
            Stage.Matte(Palette.Srgb(120, 116, 110)),
            SceneClass.Rock
        );
        Buildings.Lighthouse(stage, Frame.On(0, 0.35f, 0, random.Range(-0.4f, 0.4f)), colour);
        stage.Subject = stage.Mention("lighthouse", colour);
        (stage.Place, stage.Where) = ("sea", random.Pick("by the sea", "on the coast", "on a rock by the sea"));
        Aim(stage, 8, 0.55f, 0.85f, 0, 0.2f);
    }

    private static void Tent(Stage stage)
    {
        var random = stage.Random;
        Background(stage, Meadow);
        var (colour, frame) = (
            random.Pick(Palette.Vivid),
            Frame.On(0, 0, 0, random.Sign() * random.Range(0.3f, 0.9f)).Turned(MathF.PI / 2)
        );
        var cloth = stage.IsNight ? new Material(colour.Value) { Emission = 0.4f } : Stage.Matte(colour.Value);
        stage.Roof(frame, Vector3.Zero, new Vector3(1.3f, 1.6f, 1.2f), cloth, SceneClass.Tent);
        foreach (var end in new[] { -1, 1 })
        {
            stage.Roof(
                frame,
                new Vector3(end * 1.29f, 0, 0),
                new Vector3(0.025f, 1.2f, 0.4f),
                Stage.Matte(colour.Value * 0.3f),
                SceneClass.Tent
            );
            Garden.Tree(
                stage,
                Frame.On(end * random.Range(2.4f, 4), 0, random.Range(-7, -3)),
                random.Range(3, 4.5f),
                Garden.Foliage[0]
            );
        }

        if (stage.IsNight)
        {
            stage.Glow(new Vector3(0, 0.8f, 1.8f), new Vector3(0.5f, 0.34f, 0.16f), 1.5f);
        }

        stage.Occlude(frame, new Vector3(0, 0.52f, 0), new Vector3(1.5f, 0.5f, 1.3f));
        stage.Subject = stage.Mention("tent", colour);
        (stage.Place, stage.Where) = (
            "meadow",
            stage.Time == SceneTime.Snow ? "" : random.Pick("in a meadow", "on green grass")
        );
        Aim(stage, 2.6f, 0.5f, 0.68f, 0.05f, 0.3f);
    }

    private static void Background(Stage stage, Land land)
    {
        stage.Light = Weather.Outdoors(stage.Random, stage.Time, 7);
        Landscape.Ground(stage, land);
        Landscape.Distance(stage, land);
    }

    private static void Aim(Stage stage, float height, float least, float most, float low, float high)
    {
        var random = stage.Random;
        stage.Camera = Camera.Framing(
            new Vector3(random.Range(-0.07f, 0.07f) * height, height * random.Range(0.44f, 0.54f), 0),
            height,
            random.Range(least, most),
            random.Range(-0.35f, 0.35f),
            random.Range(low, high),
            random.Range(32f, 48f)
        );
    }
}
