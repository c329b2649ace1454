using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>A furnished room with a back wall, a side wall or two, a window and a picture.</summary>
internal static class Interior
{
    private const float Height = 2.6f;
    private const float Back = -2.2f;

    private static readonly (string Noun, Action<Stage, Frame, NamedColour> Build, float Width)[] MainPieces =
    [
        ("sofa", (s, f, c) => Furniture.Sofa(s, f, c), 2),
        ("sofa", (s, f, c) => Furniture.Sofa(s, f, c), 2),
        ("bed", Furniture.Bed, 1.8f),
        ("armchair", Furniture.Armchair, 1),
        ("table", Furniture.DiningTable, 1.4f),
        ("cabinet", Furniture.Cabinet, 1.3f),
    ];

    private static readonly (string Noun, Action<Stage, Frame, NamedColour> Build)[] SidePieces =
    [
        ("lamp", Furniture.FloorLamp),
        ("lamp", Furniture.FloorLamp),
        ("plant", Furniture.PottedPlant),
        ("bookcase", Furniture.Bookcase),
        ("chair", Furniture.Chair),
        ("armchair", Furniture.Armchair),
    ];

    public static void Build(Stage stage)
    {
        var random = stage.Random;
        stage.Light = Weather.Indoors(random, stage.Time);
        var half = random.Range(2.1f, 2.9f);
        var walls = random.Pick(Palette.Walls);
        var floor = Room(stage, half, Palette.Painted(walls));
        var words = new List<string>();
        var x = Main(stage, words);
        OnTheWall(stage, words, x, half);
        Sides(stage, words, x, half);
        if (random.Chance(0.5f))
        {
            var colour = random.Pick(Palette.Vivid);
            Furniture.Rug(
                stage,
                Frame.On(x * 0.6f, 0, Back + random.Range(1.5f, 1.9f), random.Range(-0.1f, 0.1f)),
                colour
            );
            words.Add(stage.Mention("rug", colour));
        }

        stage.Glow(
            new Vector3(random.Range(-0.6f, 0.6f), Height - 0.35f, 0.2f),
            stage.IsNight ? new Vector3(0.3f, 0.24f, 0.15f) : new Vector3(0.22f, 0.21f, 0.19f),
            2.2f
        );
        var pitch = random.Range(0.08f, 0.35f);
        stage.Camera = Camera.Framing(
            new Vector3(x * 0.7f + random.Range(-0.2f, 0.2f), random.Range(0.7f, 0.95f), Back + 0.6f),
            random.Range(2.1f, 2.7f),
            0.9f,
            random.Range(-0.4f, 0.4f),
            pitch,
            random.Range(44f, 58f)
        );
        var colourless = stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch;
        stage.Subject = CaptionWriter.List(words.Take(3).ToArray());
        stage.Where = random.Below(4) switch
        {
            0 => $"in a room with a {floor} floor",
            1 when !colourless => $"in {CaptionWriter.WithArticle(walls.Name)} room",
            _ when !colourless => $"in a room with {walls.Name} walls",
            _ => "in a room",
        };
        stage.Place = colourless ? "room" : $"room with {walls.Name} walls";
    }

    private static string Room(Stage stage, float half, Vector3 paint)
    {
        var random = stage.Random;
        var wood = random.Pick(Palette.Srgb(168, 116, 70), Palette.Srgb(124, 82, 50), Palette.Srgb(200, 160, 114));
        var (name, floor) = random.Below(5) switch
        {
            0 => (
                "tiled",
                new Material(wood)
                {
                    Pattern = Patterns.Checks(Palette.Srgb(214, 210, 202), Palette.Srgb(150, 152, 156), 0.5f),
                    Gloss = 0.25f,
                }
            ),
            1 => (
                "carpet",
                Stage.Matte(
                    Palette.Painted(
                        random.Pick(Palette.Grey, Palette.Beige, Palette.Blue, Palette.Green, Palette.Brown)
                    ) * 0.8f
                )
            ),
            _ => ("wooden", new Material(wood) { Pattern = Patterns.Planks(wood, 0.3f), Gloss = 0.15f }),
        };
        stage.Ground(0, floor, SceneClass.Floor);
        var wall = Stage.Matte(paint);
        stage.Block(
            Frame.World,
            new Vector3(0, Height / 2, Back - 0.1f),
            new Vector3(half + 0.2f, Height / 2, 0.1f),
            wall,
            SceneClass.Wall,
            shadow: false
        );
        foreach (var side in new[] { -1, 1 })
        {
            stage.Block(
                Frame.World,
                new Vector3(side * (half + 0.1f), Height / 2, 3.9f),
                new Vector3(0.1f, Height / 2, 6.2f),
                Stage.Matte(paint * 0.96f),
                SceneClass.Wall,
                shadow: false
            );
        }

        stage.Block(
            Frame.World,
            new Vector3(0, Height + 0.1f, 3.8f),
            new Vector3(half + 0.2f, 0.1f, 6.2f),
            Stage.Matte(Palette.Srgb(236, 234, 228)),
            SceneClass.Ceiling,
            shadow: false
        );
        stage.Block(
            Frame.World,
            new Vector3(0, 0.06f, Back + 0.012f),
            new Vector3(half, 0.06f, 0.012f),
            Stage.Matte(Palette.Srgb(232, 230, 224)),
            SceneClass.Wall,
            shadow: false
        );
        return name;
    }

    private static float Main(Stage stage, List<string> words)
    {
        var random = stage.Random;
        var piece = random.Pick(MainPieces);
        var colour = random.Pick(Palette.Vivid);
        var x = random.Range(-0.6f, 0.6f);
        var bed = piece.Noun == "bed";
        var frame = Frame.On(
            x,
            0,
            Back
                + (
                    bed ? 1.15f
                    : piece.Noun is "table" ? 1.1f
                    : 0.6f
                ),
            random.Range(-0.2f, 0.2f)
        );
        piece.Build(stage, frame, colour);
        words.Add(stage.Mention(piece.Noun, colour));
        if (piece.Noun == "table")
        {
            var chairs = random.Pick(Palette.Vivid);
            foreach (var side in new[] { -1, 1 })
            {
                Furniture.Chair(stage, frame.Moved(side * 0.75f, 0, 0.1f).Turned(-side * 1.4f), chairs);
            }

            words.Add(stage.Mention("chair", chairs));
        }
        else if (piece.Noun is "sofa" && random.Chance(0.5f))
        {
            var table = random.Pick(
                Palette.Brown,
                Palette.White,
                Palette.Black,
                Palette.Brown,
                Palette.Red,
                Palette.Blue,
                Palette.Yellow
            );
            Furniture.CoffeeTable(stage, frame.Moved(random.Range(-0.3f, 0.3f), 0, 1.05f), table);
            words.Add(stage.Mention("table", table));
        }

        return x;
    }

    private static void OnTheWall(Stage stage, List<string> words, float x, float half)
    {
        var random = stage.Random;
        var window = random.Chance(0.65f);
        var side = random.Sign();
        var at = Math.Clamp(window ? x + side * random.Range(0.2f, 0.9f) : x, -half + 0.9f, half - 0.9f);
        if (window)
        {
            Window(stage, at);
            words.Add(random.Chance(0.5f) ? "a window" : "a big window");
            at -= MathF.Sign(at - x) * 1.6f;
        }

        if (MathF.Abs(at) < half - 0.4f && random.Chance(0.6f))
        {
            Picture(stage, at);
        }
    }

    private static void Window(Stage stage, float x)
    {
        var random = stage.Random;
        var (wide, tall) = (random.Range(0.5f, 0.75f), random.Range(0.45f, 0.6f));
        var sky = stage.Light!.Sky;
        var frame = Frame.On(x, 1.6f, Back + 0.02f);
        var white = Stage.Matte(Palette.Srgb(242, 240, 236));
        stage.Block(
            frame,
            Vector3.Zero,
            new Vector3(wide + 0.07f, tall + 0.07f, 0.03f),
            white,
            SceneClass.Window,
            shadow: false
        );
        Pattern view = (p, _) =>
        {
            var up = p.Y / tall;
            var hill = stage.IsNight ? new Vector3(0.01f, 0.02f, 0.03f) : new Vector3(0.12f, 0.25f, 0.1f);
            return new Vector4(
                up < -0.45f + 0.12f * MathF.Cos(p.X * 3.5f + x)
                    ? hill
                    : Vector3.Lerp(sky.Horizon, sky.Zenith, Math.Clamp(up * 0.35f + 0.35f, 0, 1)),
                1
            );
        };
        stage.Block(
            frame,
            new Vector3(0, 0, 0.02f),
            new Vector3(wide, tall, 0.02f),
            new Material(sky.Horizon) { Pattern = view },
            SceneClass.Window,
            shadow: false
        );
        stage.Block(
            frame,
            new Vector3(0, 0, 0.035f),
            new Vector3(0.025f, tall, 0.02f),
            white,
            SceneClass.Window,
            shadow: false
        );
        stage.Block(
            frame,
            new Vector3(0, 0, 0.035f),
            new Vector3(wide, 0.025f, 0.02f),
            white,
            SceneClass.Window,
            shadow: false
        );
        stage.Block(
            frame,
            new Vector3(0, -tall - 0.09f, 0.08f),
            new Vector3(wide + 0.14f, 0.03f, 0.1f),
            white,
            SceneClass.Window
        );
        if (random.Chance(0.45f))
        {
            var cloth = Stage.Matte(Palette.Painted(random.Pick(Palette.Vivid)));
            foreach (var side in new[] { -1, 1 })
            {
                stage.Block(
                    frame,
                    new Vector3(side * (wide + 0.16f), -0.1f, 0.06f),
                    new Vector3(0.17f, tall + 0.3f, 0.04f),
                    cloth,
                    SceneClass.Curtain
                );
            }
        }
    }

    private static void Picture(Stage stage, float x)
    {
        var random = stage.Random;
        var (wide, tall) = (random.Range(0.26f, 0.45f), random.Range(0.25f, 0.38f));
        var frame = Frame.On(x, random.Range(1.55f, 1.7f), Back + 0.02f);
        stage.Block(
            frame,
            Vector3.Zero,
            new Vector3(wide + 0.05f, tall + 0.05f, 0.025f),
            Stage.Matte(random.Pick(Palette.Black, Palette.Brown, Palette.White, Palette.Yellow).Value),
            SceneClass.Painting
        );
        var (sky, land, sun) = (
            random.Pick(Palette.Blue, Palette.Orange, Palette.Pink, Palette.Teal, Palette.White).Value,
            random.Pick(Palette.Green, Palette.Blue, Palette.Brown, Palette.Purple).Value,
            random.Pick(Palette.Yellow, Palette.Red, Palette.White).Value
        );
        var (sunX, rise) = (random.Range(-0.5f, 0.5f) * wide, random.Range(2f, 7f));
        Pattern painting = (p, _) =>
        {
            var hill = p.Y < tall * (-0.25f + 0.3f * MathF.Sin(p.X * rise + rise));
            var disc = (p.X - sunX) * (p.X - sunX) + (p.Y - tall * 0.4f) * (p.Y - tall * 0.4f) < tall * tall * 0.08f;
            return new Vector4(
                hill ? land
                    : disc ? sun
                    : Vector3.Lerp(sky, new Vector3(0.8f), 0.3f),
                0
            );
        };
        stage.Block(
            frame,
            new Vector3(0, 0, 0.01f),
            new Vector3(wide, tall, 0.02f),
            new Material(land) { Pattern = painting },
            SceneClass.Painting
        );
    }

    private static void Sides(Stage stage, List<string> words, float x, float half)
    {
        var random = stage.Random;
        var side = random.Sign();
        var count = 1 + random.Below(2);
        var used = "";
        for (var i = 0; i < count; i++)
        {
            var piece = random.Pick(SidePieces);
            if (piece.Noun == used)
            {
                break;
            }

            used = piece.Noun;
            var colour = random.Pick(Palette.Vivid);
            var place = Math.Clamp(x + side * random.Range(1.45f, 1.7f), -half + 0.45f, half - 0.45f);
            piece.Build(
                stage,
                Frame.On(place, 0, Back + random.Range(0.4f, 0.7f), -side * random.Range(0, 0.5f)),
                colour
            );
            words.Add(stage.Mention(piece.Noun, piece.Noun == "plant" ? Palette.Green : colour));
            side = -side;
        }
    }
}
