using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>One to three persons in poses: whole, from the waist up, or head and shoulders.</summary>
internal static class Portraits
{
    private static readonly Pose[] Standing =
    [
        new("standing") { ArmSwing = new(0.05f, -0.05f) },
        new("standing")
        {
            ArmSpread = new(0.25f, 0.2f),
            ElbowBend = new(0.3f),
            LegSpread = new(0.14f),
        },
        new("waving")
        {
            ArmSpread = new(0.1f, 1.75f),
            ArmSwing = new(0, 0.1f),
            ForearmSpread = new(0.1f, 2.85f),
            ElbowBend = new(0.15f, 0.1f),
        },
        new("waving")
        {
            ArmSpread = new(1.6f, 0.15f),
            ArmSwing = new(0.1f, 0),
            ForearmSpread = new(2.7f, 0.1f),
            ElbowBend = new(0.1f, 0.2f),
        },
        new("with arms raised")
        {
            ArmSpread = new(2.3f, 2.35f),
            ForearmSpread = new(2.8f, 2.75f),
            ElbowBend = new(0),
        },
        new("with open arms")
        {
            ArmSpread = new(1.5f, 1.45f),
            ForearmSpread = new(1.6f, 1.7f),
            ElbowBend = new(0.1f),
            LegSpread = new(0.16f),
        },
        new("with hands on hips")
        {
            ArmSpread = new(0.75f, 0.75f),
            ForearmSpread = new(-0.65f, -0.65f),
            ElbowBend = new(0.35f),
            ArmSwing = new(-0.1f),
            LegSpread = new(0.14f),
        },
        new("pointing up")
        {
            ArmSpread = new(0.15f, 2.6f),
            ForearmSpread = new(0.1f, 2.9f),
            ElbowBend = new(0.2f, 0),
        },
    ];

    private static readonly Pose[] Moving =
    [
        new("walking")
        {
            ArmSwing = new(0.5f, -0.5f),
            ElbowBend = new(0.4f, 0.3f),
            LegSwing = new(-0.4f, 0.45f),
            KneeBend = new(0.25f, 0.08f),
            Lean = 0.04f,
        },
        new("running")
        {
            ArmSwing = new(0.9f, -0.8f),
            ElbowBend = new(1.4f, 1.2f),
            LegSwing = new(-0.55f, 1f),
            KneeBend = new(1f, 1f),
            Lean = 0.22f,
            Lift = 0.05f,
        },
        new("jumping")
        {
            ArmSpread = new(2.2f, 2.2f),
            ForearmSpread = new(2.6f, 2.6f),
            ElbowBend = new(0),
            LegSpread = new(0.4f, 0.4f),
            LegSwing = new(0.2f, -0.1f),
            KneeBend = new(0.7f, 0.4f),
            Lift = 0.35f,
        },
        new("dancing")
        {
            ArmSpread = new(1.5f, 2.2f),
            ForearmSpread = new(2.5f, 1.2f),
            ElbowBend = new(0.2f),
            LegSpread = new(0.1f, 0.5f),
            LegSwing = new(0, 0.3f),
            KneeBend = new(0, 0.9f),
        },
        new("kicking a ball")
        {
            ArmSpread = new(0.8f, 0.7f),
            ForearmSpread = new(0.9f, 0.8f),
            LegSwing = new(-0.1f, 0.85f),
            KneeBend = new(0.1f, 0.15f),
            Lean = -0.12f,
        },
    ];

    private static readonly Pose Sitting = new("sitting")
    {
        Seated = true,
        LegSwing = new(1.45f, 1.5f),
        KneeBend = new(1.45f, 1.42f),
        LegSpread = new(0.14f),
        ArmSwing = new(0.35f),
        ElbowBend = new(0.75f, 0.8f),
        ForearmSpread = new(-0.12f),
    };

    public static void Build(Stage stage)
    {
        var random = stage.Random;
        stage.Light = Weather.Outdoors(random, stage.Time, 5);
        Background(stage);
        switch (random.Below(10))
        {
            case < 3:
                Group(stage, 1, Standing);
                break;
            case < 5:
                Group(stage, 1, Moving);
                break;
            case 5:
                Seated(stage);
                break;
            case < 8:
                Group(stage, 1, Standing, closeUp: true);
                break;
            case 8:
                Group(stage, 2, Standing);
                break;
            default:
                Group(stage, random.Chance(0.5f) ? 3 : 2, random.Chance(0.5f) ? Moving : Standing);
                break;
        }
    }

    private static void Background(Stage stage)
    {
        var random = stage.Random;
        var colourless = stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch;
        if (stage.Time != SceneTime.Snow && stage.Time != SceneTime.Fog && random.Chance(0.4f))
        {
            stage.Light = Weather.Indoors(random, stage.Time);
            var colour = random.Pick(Palette.Walls);
            var wood = random.Pick(Palette.Srgb(168, 116, 70), Palette.Srgb(124, 82, 50), Palette.Srgb(190, 184, 176));
            stage.Ground(0, new Material(wood) { Pattern = Patterns.Planks(wood, 0.3f) }, SceneClass.Floor);
            stage.Block(
                Frame.World,
                new Vector3(0, 3, -1.9f),
                new Vector3(9, 4, 0.1f),
                Stage.Matte(Palette.Painted(colour)),
                SceneClass.Wall,
                shadow: false
            );
            stage.Place = $"{colour.Name} wall";
            stage.Where = colourless
                ? random.Pick("in a room", "in front of a wall")
                : $"in front of {CaptionWriter.WithArticle(colour.Name)} wall";
            return;
        }

        var land = Landscape.Simple(random);
        Landscape.Ground(stage, land);
        Landscape.Distance(stage, land);
        for (var i = 0; i < random.Below(4); i++)
        {
            Garden.Tree(
                stage,
                Frame.On(random.Sign() * random.Range(2, 5), 0, random.Range(-9, -4)),
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

    private static void Group(Stage stage, int count, Pose[] poses, bool closeUp = false)
    {
        var random = stage.Random;
        var pose = random.Pick(poses);
        var words = new List<string>();
        var height = 0f;
        for (var i = 0; i < count; i++)
        {
            var looks = Persons.Draw(random);
            var turn =
                closeUp ? random.Range(-0.45f, 0.45f)
                : poses == Moving && pose.Doing is "walking" or "running" ? random.Sign() * random.Range(0.4f, 1.2f)
                : random.Range(-0.5f, 0.5f);
            var x = (i - (count - 1) / 2f) * random.Range(0.95f, 1.15f);
            var frame = Frame.On(x, 0, count > 1 ? random.Range(-0.25f, 0.25f) : 0, turn);
            Persons.Build(stage, frame, pose, looks);
            if (pose.Doing == "kicking a ball")
            {
                var ball = random.Pick(Palette.White, Palette.Red, Palette.Yellow, Palette.Orange);
                stage.Sphere(
                    frame,
                    new Vector3(0.15f, 0.28f, 0.95f) * looks.Size,
                    0.14f,
                    Stage.Glazed(ball.Value, 0.3f),
                    SceneClass.Ball
                );
            }

            words.Add(Describe(stage, looks));
            height = MathF.Max(
                height,
                Skeleton.Height * looks.Size
                    + pose.Lift
                    + (pose.ArmSpread.Y > 1.6f || pose.ArmSpread.X > 1.6f ? 0.3f : 0)
            );
        }

        stage.Subject = Sentence(random, words, closeUp && pose.Doing == "standing" ? "" : pose.Doing);
        Aim(stage, count, height, closeUp);
    }

    private static string Sentence(SceneRandom random, List<string> words, string doing) =>
        words.Count > 1 && (doing.Length == 0 || doing == "standing") ? CaptionWriter.List(words)
        : words.Count > 1 ? $"{CaptionWriter.List(words)} {doing}"
        : doing.Length == 0 || (doing == "standing" && random.Chance(0.4f)) ? words[0]
        : $"{words[0]} {doing}";

    private static void Aim(Stage stage, int count, float height, bool closeUp)
    {
        var random = stage.Random;
        var yaw = random.Range(-0.35f, 0.35f);
        if (closeUp)
        {
            var scale = height > 1.65f ? 1 : 0.78f;
            var face = random.Chance(0.5f);
            var (shown, at) = face ? (0.62f, 1.5f) : (1.0f, 1.32f);
            stage.Camera = Camera.Framing(
                new Vector3(random.Range(-0.05f, 0.05f), at * scale, 0),
                shown * scale,
                0.95f,
                yaw,
                random.Range(-0.05f, 0.18f),
                random.Range(30, 42)
            );
            return;
        }

        var extent = MathF.Max(height, count * 1.25f);
        stage.Camera = Camera.Framing(
            new Vector3(random.Range(-0.12f, 0.12f), height * random.Range(0.46f, 0.52f), 0),
            extent,
            random.Range(0.62f, 0.86f),
            yaw,
            random.Range(-0.02f, 0.3f),
            random.Range(34, 50)
        );
    }

    private static void Seated(Stage stage)
    {
        var random = stage.Random;
        var looks = Persons.Draw(random);
        var seat = random.Pick(Palette.Vivid);
        var frame = Frame.On(0, 0, 0, random.Range(-0.7f, 0.7f));
        var person = frame.Moved(0, looks.Size < 1 ? 0.46f - 0.4f * looks.Size : 0.06f, 0);
        Persons.Build(stage, person, Sitting, looks);
        string noun;
        if (random.Chance(0.5f))
        {
            Furniture.Chair(stage, frame.Moved(0, 0, -0.03f), seat);
            noun = "chair";
        }
        else
        {
            var paint = Stage.Matte(seat.Value);
            stage.Block(frame, new Vector3(0, 0.45f, 0), new Vector3(0.75f, 0.03f, 0.22f), paint, SceneClass.Bench);
            stage.Block(
                frame,
                new Vector3(0, 0.78f, -0.24f),
                new Vector3(0.75f, 0.13f, 0.02f),
                paint,
                SceneClass.Bench
            );
            foreach (var side in new[] { -1, 1 })
            {
                stage.Block(
                    frame,
                    new Vector3(side * 0.6f, 0.22f, 0),
                    new Vector3(0.04f, 0.22f, 0.2f),
                    Stage.Matte(seat.Value * 0.6f),
                    SceneClass.Bench
                );
                stage.Block(
                    frame,
                    new Vector3(side * 0.6f, 0.65f, -0.25f),
                    new Vector3(0.04f, 0.25f, 0.02f),
                    Stage.Matte(seat.Value * 0.6f),
                    SceneClass.Bench
                );
            }

            noun = "bench";
        }

        stage.Subject = $"{Describe(stage, looks)} sitting on {stage.Mention(noun, seat)}";
        Aim(stage, 1, 1.35f, closeUp: false);
    }

    private static string Describe(Stage stage, Looks looks)
    {
        var random = stage.Random;
        var garment = looks.Dress ? "dress" : random.Pick("shirt", "sweater");
        var wearing = $"{CaptionWriter.WithArticle(looks.Noun)} in {stage.Mention(garment, looks.Top)}";
        if (looks.Hat is { } hat)
        {
            return $"{wearing} and {stage.Mention("hat", hat)}";
        }

        var colourless = stage.Style is SceneStyle.BlackAndWhite or SceneStyle.Sketch;
        return !colourless && random.Chance(0.3f)
            ? $"{CaptionWriter.WithArticle(looks.Noun)} with {looks.Hair.Name} hair in "
                + $"{CaptionWriter.WithArticle($"{looks.Top.Name} {garment}")}"
            : wearing;
    }
}
