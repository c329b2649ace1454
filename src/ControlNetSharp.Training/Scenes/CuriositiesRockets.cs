using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>A rocket with its tower on a launch pad, waiting or rising on its flame; ten units tall.</summary>
internal static class CuriositiesRockets
{
    private const byte Kind = SceneClass.Tower;
    private static readonly Material Steel = Stage.Matte(Palette.Srgb(112, 118, 128));
    private static readonly Material Concrete = Stage.Matte(Palette.Srgb(168, 166, 160));
    private static readonly Vector3 Fire = new(1, 0.62f, 0.18f);

    public static void Build(Stage stage)
    {
        var random = stage.Random;
        var (paint, trim) = (
            random.Pick(Palette.White, Palette.White, Palette.White, Palette.Grey, Palette.Red, Palette.Orange),
            random.Pick(Palette.Black, Palette.Red, Palette.Blue, Palette.Grey, Palette.Orange)
        );
        var launching = random.Chance(0.4f);
        var lift = launching ? random.Range(0.6f, 4) : 0.5f;
        Site(stage);
        Body(stage, Frame.On(0, lift, 0, random.Range(0, 3)), paint, trim);
        Tower(stage, Frame.On(random.Sign() * 2, 0, -0.6f));
        var smoke = launching || random.Chance(0.3f);
        if (launching)
        {
            Flame(stage, lift);
        }

        if (smoke)
        {
            Smoke(stage, launching ? random.Range(1, 1.6f) : 0.6f, launching);
        }

        Lights(stage);
        var rocket = stage.Mention("rocket", paint);
        stage.Subject =
            launching ? random.Pick($"{rocket} lifting off", $"{rocket} launching", $"{rocket} with fire and smoke")
            : smoke ? random.Pick(rocket, $"{rocket} with smoke")
            : rocket;
        (stage.Place, stage.Where) = (
            "launch pad",
            launching
                ? random.Pick("from a launch pad", "", "above a launch pad")
                : random.Pick("on a launch pad", "on the launch pad", "next to a launch tower")
        );
        if (stage.Subject.EndsWith("smoke", StringComparison.Ordinal) && launching)
        {
            stage.Where = "";
        }

        var top = 9.6f + lift;
        stage.Camera = Camera.Framing(
            new Vector3(random.Range(-0.8f, 1.2f), top * random.Range(0.44f, 0.54f), 0),
            top,
            random.Range(0.62f, 0.92f),
            random.Range(-0.45f, 0.45f),
            random.Range(-0.06f, 0.12f),
            random.Range(28f, 42f)
        );
    }

    private static void Site(Stage stage)
    {
        var random = stage.Random;
        stage.Light = Weather.Outdoors(random, stage.Time, 18);
        var land = Landscape.Simple(random) with { Name = "hills" };
        Landscape.Ground(stage, land);
        if (random.Chance(0.4f))
        {
            var water = Stage.Glazed(
                Vector3.Lerp(Palette.Srgb(36, 92, 138), stage.Light.Sky.Horizon, 0.3f) * (stage.IsNight ? 0.5f : 1),
                0.6f
            );
            stage.Block(
                Frame.World,
                new Vector3(0, 0.02f, 36),
                new Vector3(200, 0.02f, 30),
                water,
                SceneClass.Water,
                shadow: false
            );
        }

        stage.Cone(Frame.World, Vector3.Zero, 0.35f, 5, 4.2f, Concrete, SceneClass.Earth);
        stage.Block(Frame.World, new Vector3(0, 0.3f, 0), new Vector3(1.3f, 0.3f, 1.3f), Steel, Kind);
        for (var i = random.Below(4); i > 0; i--)
        {
            var x = random.Sign() * random.Range(3.2f, 6);
            stage.Rod(
                Frame.World,
                new Vector3(x, 0, -3),
                new Vector3(x, random.Range(8, 11.5f), -3),
                0.1f,
                0.03f,
                Steel,
                SceneClass.Pole
            );
        }
    }

    private static void Body(Stage stage, Frame frame, NamedColour paint, NamedColour trim)
    {
        var random = stage.Random;
        var (radius, edge) = (random.Range(0.42f, 0.62f), random.Range(0.8f, 1.8f));
        var second = edge + random.Range(1.5f, 2.2f);
        Pattern bands = (p, _) =>
            new Vector4(
                MathF.Abs(p.Y - edge) < 0.22f || p.Y < -3.1f || MathF.Abs(p.Y - second) < 0.07f
                    ? trim.Value
                    : paint.Value,
                0
            );
        stage.Cone(
            frame,
            new Vector3(0, 0.3f, 0),
            7,
            radius,
            radius,
            new Material(paint.Value) { Pattern = bands, Gloss = 0.3f },
            Kind
        );
        var hull = Stage.Glazed(random.Chance(0.4f) ? trim.Value : paint.Value, 0.3f);
        stage.Round(frame, new Vector3(0, 7.3f, 0), new Vector3(radius, random.Range(1, 1.8f), radius), hull, Kind);
        stage.Cone(frame, Vector3.Zero, 0.35f, radius * 0.8f, radius * 0.45f, Steel, Kind);
        if (random.Chance(0.45f))
        {
            Boosters(stage, frame, radius, Stage.Glazed(paint.Value, 0.3f), hull);
        }
        else if (random.Chance(0.5f))
        {
            Fins(stage, frame, radius, Stage.Matte(trim.Value));
        }
    }

    private static void Boosters(Stage stage, Frame frame, float radius, Material hull, Material nose)
    {
        var tall = stage.Random.Range(3, 5.2f);
        foreach (var side in new[] { -1, 1 })
        {
            var x = side * radius * 1.55f;
            stage.Cylinder(frame, new Vector3(x, 0.2f, 0), tall, radius * 0.5f, hull, Kind);
            stage.Cone(frame, new Vector3(x, 0.2f + tall, 0), 0.8f, radius * 0.5f, 0.03f, nose, Kind);
            stage.Cone(frame, new Vector3(x, 0, 0), 0.25f, radius * 0.5f, radius * 0.25f, Steel, Kind);
        }
    }

    private static void Fins(Stage stage, Frame frame, float radius, Material material)
    {
        for (var i = 0; i < 4; i++)
        {
            var (sin, cos) = MathF.SinCos(MathF.PI / 2 * i);
            stage.Limb(
                frame,
                new Vector3(cos * radius, 1.7f, sin * radius),
                new Vector3(cos * radius * 2, 0.15f, sin * radius * 2),
                0.1f,
                0.14f,
                material,
                Kind
            );
            stage.Limb(
                frame,
                new Vector3(cos * radius, 0.7f, sin * radius),
                new Vector3(cos * radius * 2, 0.15f, sin * radius * 2),
                0.16f,
                0.12f,
                material,
                Kind
            );
        }
    }

    // Posts and braces: the sky shows through.
    private static void Tower(Stage stage, Frame frame)
    {
        var random = stage.Random;
        var iron = random.Chance(0.4f) ? Stage.Matte(Palette.Srgb(168, 62, 44)) : Steel;
        var floors = 5 + random.Below(3);
        foreach (var (x, z) in new[] { (-0.5f, -0.5f), (0.5f, -0.5f), (-0.5f, 0.5f), (0.5f, 0.5f) })
        {
            stage.Block(
                frame,
                new Vector3(x, floors * 0.65f, z),
                new Vector3(0.07f, floors * 0.65f, 0.07f),
                iron,
                Kind
            );
        }

        for (var i = 1; i <= floors; i++)
        {
            var lean = (i & 1) == 0 ? 0.5f : -0.5f;
            stage.Block(frame, new Vector3(0, i * 1.3f, 0), new Vector3(0.58f, 0.05f, 0.58f), iron, Kind);
            stage.Rod(
                frame,
                new Vector3(lean, i * 1.3f - 1.3f, 0.5f),
                new Vector3(-lean, i * 1.3f, 0.5f),
                0.05f,
                0.05f,
                iron,
                Kind
            );
        }

        var arm = -MathF.Sign(frame.Origin.X);
        stage.Block(
            frame,
            new Vector3(arm * 0.95f, 1.3f * (floors - 1), 0.2f),
            new Vector3(0.5f, 0.1f, 0.12f),
            iron,
            Kind
        );
        stage.Rod(
            frame,
            new Vector3(0, floors * 1.3f, 0),
            new Vector3(0, floors * 1.3f + 1.8f, 0),
            0.06f,
            0.02f,
            iron,
            SceneClass.Pole
        );
        stage.Sphere(
            frame,
            new Vector3(0, floors * 1.3f + 1.8f, 0),
            0.1f,
            new Material(Palette.Red.Value) { Emission = stage.IsNight ? 1 : 0 },
            Kind
        );
    }

    private static void Flame(Stage stage, float lift)
    {
        var length = MathF.Max(lift, 1.2f);
        stage.Limb(
            Frame.World,
            new Vector3(0, lift, 0),
            new Vector3(0, lift - length, 0),
            0.36f,
            0.62f,
            Stage.Shining(Fire),
            Kind
        );
        stage.Limb(
            Frame.World,
            new Vector3(0, lift, 0.3f),
            new Vector3(0, lift - length * 0.6f, 0.42f),
            0.26f,
            0.16f,
            Stage.Shining(new Vector3(1, 0.95f, 0.7f)),
            Kind
        );
        stage.Glow(new Vector3(0, MathF.Max(0.5f, lift - 1), 1.6f), Fire * (stage.IsNight ? 1.1f : 0.4f), 3.5f);
    }

    private static void Smoke(Stage stage, float size, bool both)
    {
        var random = stage.Random;
        var smoke = Stage.Matte(Palette.Srgb(228, 226, 224));
        var side = random.Sign();
        for (var i = 0; i < 14; i++)
        {
            var way = both && i % 2 == 0 ? -side : side;
            var out1 = i * 0.28f * size;
            var radius = size * random.Range(0.5f, 0.85f);
            stage.Sphere(
                Frame.World,
                new Vector3(
                    way * (0.5f + out1),
                    0.4f * radius + random.Range(0, 0.5f) * out1,
                    random.Range(-0.8f, 1) * size
                ),
                radius,
                smoke,
                SceneClass.Sky
            );
        }
    }

    private static void Lights(Stage stage)
    {
        if (!stage.IsNight)
        {
            return;
        }

        // Floodlights at the foot, as on real pads: the rocket is the brightest thing of the night.
        var lamp = Stage.Shining(new Vector3(1, 0.95f, 0.8f));
        foreach (var x in new[] { -3.4f, 3.4f })
        {
            stage.Rod(Frame.World, new Vector3(x, 0, 1), new Vector3(x, 1.1f, 1), 0.06f, 0.05f, Steel, SceneClass.Pole);
            stage.Sphere(
                Frame.World,
                new Vector3(x, 1.25f, 1),
                stage.Random.Range(0.15f, 0.26f),
                lamp,
                SceneClass.Lamp
            );
            stage.Glow(new Vector3(x, 1.8f, 3), new Vector3(0.62f, 0.56f, 0.44f), 4.2f);
        }

        stage.Glow(new Vector3(0, 7, 4), new Vector3(0.32f, 0.31f, 0.3f), 3.5f);
    }
}
