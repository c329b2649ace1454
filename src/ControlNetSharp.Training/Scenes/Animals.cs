using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// Cats, dogs, horses, cows, sheep and birds where they live; cats and dogs also as portraits that fill the picture.
/// </summary>
internal static class Animals
{
    private const float CatSize = 0.08f;

    private static readonly (
        string Noun,
        NamedColour[] Coats,
        Action<Stage, Frame, NamedColour> Build,
        float Height,
        float Length
    )[] Grazers =
    [
        ("horse", AnimalBodies.HorseCoats, AnimalBodies.Horse, 2.4f, 3.1f),
        ("horse", AnimalBodies.HorseCoats, AnimalBodies.Horse, 2.4f, 3.1f),
        ("cow", AnimalBodies.CowCoats, AnimalBodies.Cow, 1.7f, 2.9f),
        ("sheep", AnimalBodies.SheepCoats, AnimalBodies.Sheep, 1.05f, 1.4f),
    ];

    public static void Build(Stage stage)
    {
        switch (stage.Random.Below(20))
        {
            case < 5:
                Portrait(stage, cat: true);
                break;
            case < 7:
                Portrait(stage, cat: false);
                break;
            case < 11:
                Cat(stage);
                break;
            case < 14:
                Dog(stage);
                break;
            case < 18:
                Grazing(stage);
                break;
            default:
                Bird(stage);
                break;
        }
    }

    private static void Portrait(Stage stage, bool cat)
    {
        var random = stage.Random;
        Place(stage, seat: false);
        var frame = Frame
            .On(0, 0.8f, 0, random.Range(-0.35f, 0.35f))
            .Pitched(random.Range(-0.12f, 0.1f))
            .Rolled(random.Range(-0.14f, 0.14f))
            .Scaled(CatSize);
        string animal;
        if (cat)
        {
            var coat = AnimalCats.Coat(random);
            AnimalCats.Bust(stage, frame, coat);
            animal = stage.Mention(coat.Noun, coat.Colour);
        }
        else
        {
            var colour = random.Pick(AnimalBodies.DogCoats);
            AnimalBodies.DogBust(stage, frame, colour);
            animal = stage.Mention("dog", colour);
        }

        stage.Subject = random
            .Pick("{0}", "the face of {0}", "a close-up of {0}", "the head of {0}", "{0} looking at the camera")
            .Replace("{0}", animal, StringComparison.Ordinal);
        stage.Where = random.Chance(0.5f) ? "" : stage.Where.Replace("on a rug", "in a room", StringComparison.Ordinal);
        stage.Camera = Camera.Framing(
            frame.At(random.Range(-0.15f, 0.15f), random.Range(-0.05f, 0.3f), 0),
            2.5f * CatSize,
            random.Range(0.68f, 1.05f),
            random.Range(-0.2f, 0.2f),
            random.Range(-0.05f, 0.25f),
            random.Range(26f, 38f)
        );
    }

    private static void Cat(Stage stage)
    {
        var random = stage.Random;
        var coat = AnimalCats.Coat(random);
        var height = Place(stage, seat: true);
        var pose = random.Pick("sitting", "sitting", "lying", "standing");
        var yaw = pose == "sitting" ? random.Range(-0.9f, 0.9f) : random.Sign() * random.Range(0.5f, 1.35f);
        var frame = Frame.On(0, height, 0.02f, yaw).Scaled(CatSize);
        Action<Stage, Frame, CatCoat> build = pose switch
        {
            "sitting" => AnimalCats.Sitting,
            "lying" => AnimalCats.Lying,
            _ => AnimalCats.Standing,
        };
        build(stage, frame, coat);
        stage.Subject = Doing(random, stage.Mention(coat.Noun, coat.Colour), pose);
        Aim(stage, height, (pose == "lying" ? 2.9f : 4.7f) * CatSize, (pose == "sitting" ? 3.4f : 6.2f) * CatSize);
    }

    private static void Dog(Stage stage)
    {
        var random = stage.Random;
        var colour = random.Pick(AnimalBodies.DogCoats);
        Place(stage, seat: false);
        var sitting = random.Chance(0.5f);
        var frame = Frame.On(0, 0, 0, sitting ? random.Range(-0.9f, 0.9f) : random.Sign() * random.Range(0.5f, 1.4f));
        (sitting ? AnimalBodies.SittingDog : (Action<Stage, Frame, NamedColour>)AnimalBodies.Dog)(stage, frame, colour);
        stage.Subject = Doing(random, stage.Mention("dog", colour), sitting ? "sitting" : "standing");
        Aim(stage, 0, 1, sitting ? 0.7f : 1.35f);
    }

    private static void Grazing(Stage stage)
    {
        var random = stage.Random;
        var (noun, coats, build, height, length) = random.Pick(Grazers);
        var colour = random.Pick(coats);
        Outdoors(stage, trees: true);
        var turn = random.Sign() * random.Range(0.6f, 1.45f);
        build(stage, Frame.On(0, 0, 0, turn), colour);
        var animal = stage.Mention(noun, colour);
        if (random.Chance(noun == "sheep" ? 0.6f : 0.25f))
        {
            build(
                stage,
                Frame.On(
                    random.Sign() * length * random.Range(0.6f, 0.75f),
                    0,
                    -length * random.Range(0.7f, 1),
                    turn + random.Range(-0.6f, 0.6f)
                ),
                colour
            );
            var colourless = stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch;
            animal = colourless ? $"two {Plural(noun)}" : $"two {colour.Name} {Plural(noun)}";
            length *= 1.6f;
        }

        stage.Subject = Doing(random, animal, "standing");
        Aim(stage, 0, height, length);
    }

    private static void Bird(Stage stage)
    {
        var random = stage.Random;
        var colour = random.Pick(AnimalBodies.BirdCoats);
        Outdoors(stage, trees: false);
        const float Height = 1;
        var fence = random.Chance(0.4f);
        var wood = Stage.Matte(fence ? Palette.Srgb(150, 118, 84) : Palette.Srgb(104, 72, 46));
        if (fence)
        {
            Rails(stage, wood, Height);
        }
        else
        {
            Branch(stage, wood, Height);
        }

        AnimalBodies.Bird(stage, Frame.On(0, Height, 0, random.Sign() * random.Range(0.4f, 1.4f)), colour);
        stage.Subject =
            $"{stage.Mention("bird", colour)} {random.Pick("on", "sitting on")} {(fence ? "a fence" : "a branch")}";
        stage.Where = "";
        stage.Camera = Camera.Framing(
            new Vector3(random.Range(-0.02f, 0.02f), Height + 0.08f, 0),
            0.22f,
            random.Range(0.45f, 0.75f),
            random.Range(-0.4f, 0.4f),
            random.Range(-0.05f, 0.3f),
            random.Range(28f, 40f)
        );
    }

    private static void Rails(Stage stage, Material wood, float height)
    {
        foreach (var y in new[] { height - 0.025f, height - 0.25f })
        {
            stage.Block(Frame.World, new Vector3(0, y, 0), new Vector3(2, 0.025f, 0.02f), wood, SceneClass.Fence);
        }

        foreach (var x in new[] { -0.9f, -0.22f, 0.46f, 1.1f })
        {
            stage.Block(
                Frame.World,
                new Vector3(x, height / 2, -0.04f),
                new Vector3(0.04f, height / 2 + 0.06f, 0.025f),
                wood,
                SceneClass.Fence
            );
        }
    }

    private static void Branch(Stage stage, Material wood, float height)
    {
        var random = stage.Random;
        var leaves = Stage.Matte(random.Pick(Garden.Foliage).Value);
        stage.Limb(
            Frame.World,
            new Vector3(-0.6f, height - 0.1f, 0),
            new Vector3(0, height - 0.016f, 0),
            0.028f,
            0.018f,
            wood,
            SceneClass.Tree
        );
        stage.Limb(
            Frame.World,
            new Vector3(0, height - 0.016f, 0),
            new Vector3(0.5f, height + 0.06f, 0),
            0.018f,
            0.01f,
            wood,
            SceneClass.Tree
        );
        for (var i = 0; i < 7; i++)
        {
            var x = random.Sign() * random.Range(0.1f, 0.34f);
            var leaf = Frame
                .On(
                    x,
                    height + x * 0.13f + random.Range(-0.05f, 0.04f),
                    random.Range(-0.03f, 0.03f),
                    random.Range(-0.5f, 0.5f)
                )
                .Rolled(random.Range(-1.2f, 1.2f));
            stage.Round(leaf, Vector3.Zero, new Vector3(0.04f, 0.018f, 0.008f), leaves, SceneClass.Tree);
        }
    }

    // Words, ground and backdrop; returns how high the animal sits.
    private static float Place(Stage stage, bool seat)
    {
        var random = stage.Random;
        var indoors = stage.Time is not (SceneTime.Snow or SceneTime.Fog) && random.Chance(0.55f);
        if (indoors)
        {
            return Room(stage, seat);
        }

        if (random.Chance(0.25f))
        {
            Roadside(stage);
            return 0;
        }

        Outdoors(stage, trees: true);
        return 0;
    }

    private static float Room(Stage stage, bool seat)
    {
        var random = stage.Random;
        stage.Light = Weather.Indoors(random, stage.Time);
        var wood = random.Pick(Palette.Srgb(168, 116, 70), Palette.Srgb(124, 82, 50), Palette.Srgb(190, 170, 146));
        var paint = Palette.Painted(random.Pick(Palette.Walls));
        stage.Ground(0, new Material(wood) { Pattern = Patterns.Planks(wood, 0.22f), Gloss = 0.1f }, SceneClass.Floor);
        stage.Block(
            Frame.World,
            new Vector3(0, 3, -1.9f),
            new Vector3(9, 4, 0.1f),
            Stage.Matte(paint),
            SceneClass.Wall,
            shadow: false
        );
        stage.Block(
            Frame.World,
            new Vector3(0, 0.06f, -1.79f),
            new Vector3(9, 0.06f, 0.02f),
            Stage.Matte(Palette.White.Value),
            SceneClass.Wall,
            shadow: false
        );
        var cloth = random.Pick(Palette.Vivid);
        stage.Place = "room";
        if (seat && random.Chance(0.45f))
        {
            Furniture.Sofa(stage, Frame.On(0, 0, -0.1f), cloth);
            stage.Where = On(stage, "sofa", cloth);
            return 0.47f;
        }

        if (random.Chance(0.6f))
        {
            Furniture.Rug(stage, Frame.On(0, 0, 0, random.Range(-0.2f, 0.2f)), cloth);
            stage.Where = On(stage, "rug", cloth);
            return 0.014f;
        }

        stage.Where = random.Pick("on a wooden floor", "on the floor", "in a room");
        return 0;
    }

    private static string On(Stage stage, string noun, NamedColour colour) =>
        stage.Random.Chance(0.5f) || stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch
            ? $"on a {noun}"
            : $"on {CaptionWriter.WithArticle($"{colour.Name} {noun}")}";

    private static void Roadside(Stage stage)
    {
        var random = stage.Random;
        stage.Light = Weather.Outdoors(random, stage.Time, 4);
        var paving = stage.Time == SceneTime.Snow ? Palette.Srgb(226, 229, 235) : Palette.Srgb(160, 156, 150);
        stage.Ground(0, Stage.Matte(paving), SceneClass.Sidewalk);
        Buildings.TownBuilding(
            stage,
            Frame.On(random.Range(-2f, 2f), 0, -7),
            new Vector3(9, 4, 3),
            random.Pick(Palette.Walls)
        );
        (stage.Place, stage.Where) = (
            "street",
            random.Pick("on the street", "in front of a building", "on the pavement")
        );
    }

    private static void Outdoors(Stage stage, bool trees)
    {
        var random = stage.Random;
        stage.Light = Weather.Outdoors(random, stage.Time, 5);
        var land = Landscape.Simple(random);
        Landscape.Ground(stage, land);
        Landscape.Distance(stage, land);
        for (var i = trees ? random.Below(4) : 0; i > 0; i--)
        {
            Garden.Tree(
                stage,
                Frame.On(random.Sign() * random.Range(1.5f, 5), 0, random.Range(-10, -5)),
                random.Range(2.6f, 4),
                random.Pick(Garden.Foliage)
            );
        }

        stage.Place = land.Name;
        stage.Where =
            stage.Time == SceneTime.Snow ? ""
            : land.Name == "sea" ? "on the beach"
            : land.Where;
    }

    private static void Aim(Stage stage, float foot, float height, float width)
    {
        var random = stage.Random;
        var extent = MathF.Max(height, width * 0.85f);
        stage.Camera = Camera.Framing(
            new Vector3(random.Range(-0.06f, 0.06f) * extent, foot + height * random.Range(0.45f, 0.55f), 0),
            extent,
            random.Range(0.6f, 0.88f),
            random.Range(-0.35f, 0.35f),
            random.Range(0.04f, 0.4f),
            random.Range(32f, 46f)
        );
    }

    private static string Plural(string noun) => noun == "sheep" ? noun : noun + "s";

    private static string Doing(SceneRandom random, string animal, string doing) =>
        random.Chance(0.5f) ? animal : $"{animal} {doing}";
}
