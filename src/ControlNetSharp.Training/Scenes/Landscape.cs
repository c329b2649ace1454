using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>A ground to stand on outdoors: what captions call it, and its class and colour.</summary>
internal sealed record Land(string Name, string Where, byte Class, Vector3 Colour);

/// <summary>
/// Houses and trees in grass, fields, sand and snow, with hills or mountains behind and sometimes water.
/// </summary>
internal static class Landscape
{
    private static readonly Vector3 Snow = Palette.Srgb(236, 240, 246);
    private static readonly Vector3 Rock = Palette.Srgb(116, 116, 128);

    private static readonly Land[] Lands =
    [
        new("meadow", "in a meadow", SceneClass.Grass, Palette.Srgb(98, 150, 62)),
        new("grass", "on green grass", SceneClass.Grass, Palette.Srgb(82, 140, 66)),
        new("field", "in a field", SceneClass.Field, Palette.Srgb(196, 172, 88)),
        new("desert", "in the desert", SceneClass.Sand, Palette.Srgb(222, 180, 116)),
        new("hills", "in the hills", SceneClass.Grass, Palette.Srgb(116, 152, 66)),
        new("mountains", "in the mountains", SceneClass.Grass, Palette.Srgb(100, 142, 76)),
        new("lake", "by a lake", SceneClass.Grass, Palette.Srgb(94, 148, 70)),
        new("sea", "by the sea", SceneClass.Sand, Palette.Srgb(220, 190, 134)),
    ];

    public static void Build(Stage stage)
    {
        var random = stage.Random;
        var land = random.Pick(Lands);
        stage.Light = Weather.Outdoors(random, stage.Time, 12);
        Ground(stage, land);
        Distance(stage, land);
        var words = new List<string>();
        var (height, width) = Main(stage, words);
        Trees(stage, words, width, land);
        Extras(stage, width, land);
        var extent = MathF.Max(height, width * 0.75f);
        stage.Camera = Camera.Framing(
            new Vector3(random.Range(-0.08f, 0.08f) * extent, height * random.Range(0.42f, 0.55f), 0),
            extent,
            random.Range(0.42f, 0.68f),
            random.Range(-0.5f, 0.5f),
            random.Range(0.06f, 0.24f),
            random.Range(36f, 52f)
        );
        stage.Subject = CaptionWriter.List(words);
        stage.Where = stage.Time == SceneTime.Snow && land.Class != SceneClass.Grass ? "" : land.Where;
        stage.Place = land.Name;
    }

    /// <summary>The ground of a land, white in snow.</summary>
    public static void Ground(Stage stage, Land land) =>
        stage.Ground(
            0,
            Stage.Matte(stage.Time == SceneTime.Snow ? Snow : land.Colour),
            stage.Time == SceneTime.Snow ? SceneClass.Earth : land.Class
        );

    /// <summary>A land to stand in for people and animals.</summary>
    public static Land Simple(SceneRandom random) => Lands[random.Pick(0, 1, 1, 2, 3, 7)];

    /// <summary>What lies behind: hills, mountains, a lake or the sea.</summary>
    public static void Distance(Stage stage, Land land)
    {
        var random = stage.Random;
        if (land.Name is "lake" or "sea")
        {
            var water = Stage.Glazed(
                Vector3.Lerp(Palette.Srgb(36, 108, 158), stage.Light!.Sky.Horizon, 0.25f) * (stage.IsNight ? 0.6f : 1),
                0.5f
            );
            if (land.Name == "sea")
            {
                stage.Block(
                    Frame.World,
                    new Vector3(0, 0.01f, -208),
                    new Vector3(400, 0.012f, 200),
                    water,
                    SceneClass.Sea,
                    shadow: false
                );
                return;
            }

            stage.Disc(Frame.World, new Vector3(random.Range(-6, 6), 0.02f, -22), 22, 13, water, SceneClass.Lake);
        }

        if (land.Name == "mountains" || (land.Name != "desert" && random.Chance(0.25f)))
        {
            Mountains(stage);
        }

        if (land.Name != "field" || random.Chance(0.5f))
        {
            Hills(stage, stage.Time == SceneTime.Snow ? Snow * 0.92f : land.Colour);
        }
    }

    private static void Mountains(Stage stage)
    {
        var random = stage.Random;
        for (var i = -2; i <= 2; i++)
        {
            var tall = random.Range(16, 30);
            var rock = Rock * random.Range(0.8f, 1.1f);
            var snowLine = tall * random.Range(0.12f, 0.22f);
            var material = new Material(rock)
            {
                Pattern = Patterns.Above(stage.Time == SceneTime.Snow ? -tall : snowLine, rock, Snow),
            };
            stage.Cone(
                Frame.On(i * 20 + random.Range(-6, 6), -1, -75 + random.Range(-12, 8)),
                Vector3.Zero,
                tall,
                tall * random.Range(0.9f, 1.3f),
                0.2f,
                material,
                SceneClass.Mountain,
                shadow: false
            );
        }
    }

    private static void Hills(Stage stage, Vector3 colour)
    {
        var random = stage.Random;
        for (var i = -2; i <= 2; i++)
        {
            var green = Vector3.Lerp(colour, new Vector3(0.2f, 0.32f, 0.36f), random.Range(0.05f, 0.3f));
            stage.Round(
                Frame.On(i * 17 + random.Range(-6, 6), random.Range(-2, -0.5f), random.Range(-58, -40)),
                Vector3.Zero,
                new Vector3(random.Range(13, 20), random.Range(4, 9), random.Range(8, 12)),
                Stage.Matte(green),
                SceneClass.Hill,
                shadow: false
            );
        }
    }

    private static (float Height, float Width) Main(Stage stage, List<string> words)
    {
        var random = stage.Random;
        var frame = Frame.On(0, 0, 0, random.Range(-0.45f, 0.45f));
        switch (random.Below(20))
        {
            case 0 or 1:
                var churchRoof = random.Pick(Palette.Red, Palette.Grey, Palette.Blue, Palette.Green);
                Buildings.Church(stage, frame, churchRoof);
                words.Add($"{stage.Mention("church", Palette.White)} with {stage.Mention("roof", churchRoof)}");
                return (8.4f, 5);
            case 2 or 3:
                var mill = random.Pick(Palette.White, Palette.Red, Palette.Beige, Palette.Brown, Palette.Yellow);
                Buildings.Windmill(stage, frame, mill);
                words.Add(stage.Mention("windmill", mill));
                return (7, 5.5f);
            case 4 or 5:
                var tower = random.Pick(Palette.Red, Palette.Blue, Palette.Black, Palette.Green);
                Buildings.Lighthouse(stage, frame, tower);
                words.Add(stage.Mention("lighthouse", tower));
                return (7.6f, 3);
            case 6 or 7:
                return LoneTree(stage, words);
            default:
                return House(stage, frame, words);
        }
    }

    private static (float Height, float Width) LoneTree(Stage stage, List<string> words)
    {
        var leaves = stage.Random.Pick(Garden.Foliage);
        words.Add(stage.Mention(Garden.Tree(stage, Frame.World, 6, leaves), leaves));
        return (6, 4);
    }

    private static (float Height, float Width) House(Stage stage, Frame frame, List<string> words)
    {
        var random = stage.Random;
        var (walls, roof, door) = (random.Pick(Palette.Walls), random.Pick(Palette.Roofs), random.Pick(Palette.Vivid));
        var half = new Vector3(random.Range(2.2f, 3.2f), random.Range(1.2f, 1.7f), random.Range(1.8f, 2.4f));
        if (random.Chance(0.2f))
        {
            half = half with { Y = 2.4f };
        }

        var tall = Buildings.House(stage, frame, half, walls, roof, door);
        words.Add(
            random.Chance(0.75f)
                ? $"{stage.Mention("house", walls)} with {stage.Mention("roof", roof)}"
                : $"{stage.Mention("house", walls)} with {stage.Mention("door", door)}"
        );
        if (random.Chance(0.18f))
        {
            var (second, secondRoof) = (random.Pick(Palette.Walls), random.Pick(Palette.Roofs));
            var side = random.Sign();
            var beside = Frame.On(side * (half.X + 4.2f), 0, random.Range(-4, -1), -side * 0.3f);
            Buildings.House(stage, beside, half * 0.85f, second, secondRoof, random.Pick(Palette.Vivid));
            words.Add(stage.Mention("house", second));
            return (tall, 2 * half.X + 3.5f);
        }

        return (tall, 2 * half.X);
    }

    private static void Trees(Stage stage, List<string> words, float width, Land land)
    {
        var random = stage.Random;
        var count = random.Below(4);
        var leaves = random.Pick(Garden.Foliage);
        var noun = "";
        for (var i = 0; i < count; i++)
        {
            var side = (i & 1) == 0 ? 1 : -1;
            var frame = Frame.On(side * (width * 0.5f + random.Range(1.4f, 4f)), 0, random.Range(-6, 1));
            if (land.Name is "desert" or "sea")
            {
                Garden.Palm(stage, frame, random.Range(3.5f, 5));
                noun = "palm tree";
            }
            else
            {
                noun = Garden.Tree(stage, frame, random.Range(3, 5), leaves);
            }
        }

        if (count > 0)
        {
            var single = stage.Mention(noun, noun == "palm tree" ? Palette.Green : leaves);
            words.Add(count == 1 ? single : "trees");
        }
    }

    private static void Extras(Stage stage, float width, Land land)
    {
        var random = stage.Random;
        if (random.Chance(0.45f))
        {
            var path = Stage.Matte(
                stage.Time == SceneTime.Snow ? Palette.Srgb(206, 208, 214) : Palette.Srgb(196, 172, 134)
            );
            stage.Block(
                Frame.On(random.Range(-0.5f, 0.5f), 0, 11, random.Range(-0.08f, 0.08f)),
                Vector3.Zero,
                new Vector3(0.65f, 0.012f, 9),
                path,
                SceneClass.Path,
                shadow: false
            );
        }

        if (random.Chance(0.3f))
        {
            Fence(stage, Frame.On(random.Sign() * (width * 0.5f + 2.5f), 0, 2.2f));
        }

        var bushes = land.Class == SceneClass.Sand ? 0 : random.Below(4);
        for (var i = 0; i < bushes; i++)
        {
            var green = random.Pick(Garden.Foliage[0], Garden.Foliage[1]).Value;
            var leaves = stage.Time == SceneTime.Snow ? Vector3.Lerp(green, Snow, 0.6f) : green;
            Garden.Bush(
                stage,
                Frame.On(random.Sign() * random.Range(0.35f, 0.8f) * width, 0, random.Range(2.4f, 3.2f)),
                random.Range(0.7f, 1.1f),
                leaves
            );
        }
    }

    private static void Fence(Stage stage, Frame frame)
    {
        var white = Stage.Matte(Palette.Srgb(236, 232, 224));
        for (var i = -4; i <= 4; i++)
        {
            stage.Block(
                frame,
                new Vector3(i * 0.45f, 0.5f, 0),
                new Vector3(0.09f, 0.5f, 0.03f),
                white,
                SceneClass.Fence
            );
        }

        foreach (var y in new[] { 0.3f, 0.75f })
        {
            stage.Block(frame, new Vector3(0, y, -0.04f), new Vector3(2, 0.06f, 0.025f), white, SceneClass.Fence);
        }
    }
}
