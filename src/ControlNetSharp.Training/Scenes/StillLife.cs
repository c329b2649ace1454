using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>One to four things on a table, from the side, from above or close up.</summary>
internal static class StillLife
{
    private static readonly (string Name, Vector3 Colour)[] Woods =
    [
        ("wooden", Palette.Srgb(176, 118, 68)),
        ("wooden", Palette.Srgb(142, 88, 48)),
        ("wooden", Palette.Srgb(198, 152, 102)),
        ("dark wooden", Palette.Srgb(92, 56, 36)),
    ];

    public static void Build(Stage stage)
    {
        var random = stage.Random;
        stage.Light = Weather.Indoors(random, stage.Time);
        var table = Table(stage);
        var (wallName, wall) = Wall(stage);
        var placed = Arrange(stage);
        var words = new List<string>();
        foreach (var (prop, place, yaw) in placed)
        {
            var colour = random.Pick(prop.Colours);
            prop.Build(stage, Frame.On(place.X, 0, place.Y, yaw), colour);
            words.Add(stage.Mention(prop.Noun, colour));
        }

        var pitch = Aim(stage, placed);
        stage.Subject = CaptionWriter.List(words);
        stage.Place = table;
        stage.Where =
            $"on {CaptionWriter.WithArticle(table)}"
            + (pitch < 0.5f && wallName is not null && random.Chance(0.35f) ? $", {wallName} wall" : "");
        _ = wall;
    }

    private static string Table(Stage stage)
    {
        var random = stage.Random;
        var (name, colour) = random.Pick(Woods);
        Material top;
        switch (random.Below(8))
        {
            case 0:
                var cloth = random.Pick(Palette.Red, Palette.Blue, Palette.Green, Palette.Yellow);
                name = "checkered";
                top = new Material(cloth.Value) { Pattern = Patterns.Checks(cloth.Value, Palette.White.Value, 0.06f) };
                break;
            case 1 or 2:
                var paint = random.Pick(
                    Palette.White,
                    Palette.Grey,
                    Palette.Blue,
                    Palette.Teal,
                    Palette.Black,
                    Palette.Red,
                    Palette.Yellow
                );
                name = stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch ? "plain" : paint.Name;
                top = Stage.Glazed(paint.Value, 0.25f);
                break;
            default:
                top = new Material(colour)
                {
                    Pattern = Patterns.Planks(colour, random.Range(0.09f, 0.14f)),
                    Gloss = 0.15f,
                };
                break;
        }

        var frame = Frame.On(0, 0, 0, random.Range(-0.5f, 0.5f));
        if (random.Chance(0.2f))
        {
            stage.Cone(frame, new Vector3(0, -0.03f, 0), 0.03f, 0.55f, 0.55f, top, SceneClass.Table);
        }
        else
        {
            stage.Block(frame, new Vector3(0, -0.02f, 0), new Vector3(0.75f, 0.02f, 0.48f), top, SceneClass.Table);
        }

        return $"{name} table";
    }

    private static (string? Name, Vector3 Colour) Wall(Stage stage)
    {
        var random = stage.Random;
        var colour = random.Pick(Palette.Walls);
        var value = Palette.Painted(colour) * (random.Chance(0.25f) ? 0.25f : 0.9f);
        stage.Ground(-0.75f, Stage.Matte(Palette.Srgb(120, 96, 76)), SceneClass.Floor);
        stage.Block(
            Frame.World,
            new Vector3(0, 1, -1.1f),
            new Vector3(4, 3, 0.05f),
            Stage.Matte(value),
            SceneClass.Wall,
            shadow: false
        );
        return (stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch ? null : colour.Name, value);
    }

    // The main thing in the middle, the others around it: taller ones behind, smaller ones in front.
    private static List<(Prop Prop, Vector2 Place, float Yaw)> Arrange(Stage stage)
    {
        var random = stage.Random;
        var count = random.Pick(1, 1, 2, 2, 2, 3, 3, 4);
        var placed = new List<(Prop Prop, Vector2 Place, float Yaw)>();
        for (var i = 0; i < count; i++)
        {
            var prop = random.Chance(0.33f) ? random.Pick(Fruit.Props) : random.Pick(Tableware.Props);
            if (placed.Any(p => p.Prop.Noun == prop.Noun))
            {
                continue;
            }

            var place = Vector2.Zero;
            if (placed.Count > 0)
            {
                var behind = prop.Height > placed[0].Prop.Height;
                var side = (placed.Count & 1) == 0 ? -1 : 1;
                var (sin, cos) = MathF.SinCos(random.Range(0.1f, 0.8f));
                var direction = new Vector2(side * cos, behind ? -sin : sin);
                var distance = placed[0].Prop.Radius + prop.Radius + random.Range(0.005f, 0.04f);
                while (placed.Any(p => Vector2.Distance(p.Place, direction * distance) < p.Prop.Radius + prop.Radius))
                {
                    distance += 0.02f;
                }

                place = direction * distance;
            }

            placed.Add((prop, place, random.Range(-0.8f, 0.8f)));
        }

        return placed;
    }

    private static float Aim(Stage stage, List<(Prop Prop, Vector2 Place, float Yaw)> placed)
    {
        var random = stage.Random;
        var pitch = random.Below(10) switch
        {
            < 5 => random.Range(0.22f, 0.5f),
            < 8 => random.Range(0.5f, 0.85f),
            _ => random.Range(0.85f, 1.3f),
        };
        var low = new Vector2(placed.Min(p => p.Place.X - p.Prop.Radius), placed.Min(p => p.Place.Y - p.Prop.Radius));
        var high = new Vector2(placed.Max(p => p.Place.X + p.Prop.Radius), placed.Max(p => p.Place.Y + p.Prop.Radius));
        var height = placed.Max(p => p.Prop.Height);
        var middle = (low + high) / 2;
        var (sin, cos) = MathF.SinCos(pitch);
        var upright = height * cos + (high.Y - low.Y) * sin;
        var across = high.X - low.X;
        var extent = MathF.Max(upright, across * 0.85f);
        var fraction = random.Range(0.55f, placed.Count == 1 ? 0.85f : 0.72f);
        var target = new Vector3(middle.X + random.Range(-0.04f, 0.04f) * extent, height * 0.45f, middle.Y);
        stage.Camera = Camera.Framing(
            target,
            extent,
            fraction,
            random.Range(-0.5f, 0.5f),
            pitch,
            random.Range(32f, 48f)
        );
        return pitch;
    }
}
