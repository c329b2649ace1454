using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>What a person looks like.</summary>
internal sealed record Looks(string Noun, NamedColour Top, NamedColour Bottom, Vector3 Skin, NamedColour Hair)
{
    public bool LongHair { get; init; }

    /// <summary>A dress in the top's colour instead of shirt and trousers.</summary>
    public bool Dress { get; init; }

    public bool ShortSleeves { get; init; }

    public NamedColour? Hat { get; init; }

    public float Size { get; init; } = 1;
}

/// <summary>Builds a clothed body around a skeleton and notes its key points.</summary>
internal static class Persons
{
    private static readonly Material Eye = Stage.Glazed(Palette.Srgb(40, 30, 26), 0.8f);
    private static readonly Material EyeWhite = Stage.Matte(Palette.Srgb(240, 238, 234));
    private static readonly Material Lips = Stage.Matte(Palette.Srgb(176, 76, 72));
    private static readonly Material Shoes = Stage.Matte(Palette.Srgb(52, 44, 42));

    private static readonly Vector3[] Skins =
    [
        Palette.Srgb(240, 204, 176),
        Palette.Srgb(226, 178, 142),
        Palette.Srgb(190, 136, 98),
        Palette.Srgb(140, 94, 64),
        Palette.Srgb(98, 66, 48),
    ];

    private static readonly NamedColour[] Hairs =
    [
        new("black", Palette.Srgb(36, 28, 26)),
        new("brown", Palette.Srgb(94, 60, 36)),
        new("brown", Palette.Srgb(128, 84, 48)),
        new("blond", Palette.Srgb(222, 182, 104)),
        new("red", Palette.Srgb(176, 82, 38)),
        new("grey", Palette.Srgb(176, 174, 170)),
    ];

    public static Looks Draw(SceneRandom random)
    {
        var noun = random.Pick("man", "woman", "man", "woman", "person", "boy", "girl");
        var female = noun is "woman" or "girl" || (noun == "person" && random.Chance(0.5f));
        return new Looks(
            noun,
            random.Pick(Palette.Vivid),
            random.Pick(
                Palette.Blue,
                Palette.Black,
                Palette.Grey,
                Palette.Brown,
                Palette.Beige,
                Palette.White,
                Palette.Red,
                Palette.Green
            ),
            random.Pick(Skins),
            random.Pick(Hairs)
        )
        {
            LongHair = female && random.Chance(0.85f),
            Dress = female && random.Chance(0.4f),
            ShortSleeves = random.Chance(0.5f),
            Hat = random.Chance(0.15f)
                ? random.Pick(Palette.Red, Palette.Black, Palette.Blue, Palette.Yellow, Palette.Green)
                : null,
            Size = noun is "boy" or "girl" ? 0.78f : 1,
        };
    }

    public static void Build(Stage stage, Frame frame, Pose pose, Looks looks)
    {
        stage.Person = stage.People.Count;
        var scaled = frame.Scaled(looks.Size);
        var s = new Skeleton(pose);
        Torso(stage, scaled, s, looks);
        Limbs(stage, scaled, s, looks);
        var head = HeadFrame(scaled, s);
        Head(stage, head, looks);
        stage.Limb(
            scaled,
            s.Neck - s.Spine * 0.02f,
            s.Head - new Vector3(0, 0.06f, 0),
            0.055f,
            0.05f,
            Stage.Matte(looks.Skin),
            SceneClass.Person
        );
        stage.Person = -1;
        stage.AddPerson(Joints(scaled, head, s));
        stage.Occlude(scaled, new Vector3(0, 0.1f, 0), new Vector3(0.22f, 0.14f, 0.22f));
        if (pose.Seated)
        {
            stage.Occlude(scaled, new Vector3(0, 0.3f, 0.1f), new Vector3(0.3f, 0.3f, 0.3f));
        }
    }

    private static Frame HeadFrame(Frame frame, Skeleton s) => frame.Moved(s.Head.X, s.Head.Y, s.Head.Z);

    private static void Torso(Stage stage, Frame frame, Skeleton s, Looks looks)
    {
        var top = Stage.Matte(looks.Top.Value);
        var bottom = looks.Dress ? top : Stage.Matte(looks.Bottom.Value);
        var chest = s.Pelvis + s.Spine * 0.4f;
        stage.Limb(frame, s.Pelvis + s.Spine * 0.06f, chest, 0.135f, 0.15f, top, SceneClass.Person);
        stage.Limb(
            frame,
            s.Shoulders[0] + new Vector3(0.05f, -0.015f, 0),
            s.Shoulders[1] + new Vector3(-0.05f, -0.015f, 0),
            0.085f,
            0.085f,
            top,
            SceneClass.Person
        );
        foreach (var side in new[] { -1, 1 })
        {
            stage.Limb(
                frame,
                s.Pelvis + s.Spine * 0.1f + new Vector3(side * 0.04f, 0, 0),
                s.Neck - s.Spine * 0.1f + new Vector3(side * 0.09f, 0, 0),
                0.115f,
                0.095f,
                top,
                SceneClass.Person
            );
        }

        stage.Limb(
            frame,
            s.Hips[0] + new Vector3(0.02f, 0.02f, 0),
            s.Hips[1] + new Vector3(-0.02f, 0.02f, 0),
            0.12f,
            0.12f,
            bottom,
            SceneClass.Person
        );
        if (looks.Dress)
        {
            var knees = (s.Knees[0] + s.Knees[1]) / 2;
            var hem = s.Pelvis + (knees - s.Pelvis) * 0.95f;
            stage.Rod(frame, hem, s.Pelvis + s.Spine * 0.18f, 0.27f, 0.13f, top, SceneClass.Person);
        }
    }

    private static void Limbs(Stage stage, Frame frame, Skeleton s, Looks looks)
    {
        var skin = Stage.Matte(looks.Skin);
        var top = Stage.Matte(looks.Top.Value);
        var legs = looks.Dress ? skin : Stage.Matte(looks.Bottom.Value);
        for (var side = 0; side < 2; side++)
        {
            var forearm = looks.ShortSleeves || looks.Dress ? skin : top;
            stage.Limb(frame, s.Shoulders[side], s.Elbows[side], 0.066f, 0.052f, top, SceneClass.Person);
            stage.Limb(frame, s.Elbows[side], s.Wrists[side], 0.05f, 0.038f, forearm, SceneClass.Person);
            var hand = Vector3.Normalize(s.Wrists[side] - s.Elbows[side]);
            stage.Limb(
                frame,
                s.Wrists[side] + hand * 0.03f,
                s.Wrists[side] + hand * 0.09f,
                0.043f,
                0.036f,
                skin,
                SceneClass.Person
            );
            stage.Limb(frame, s.Hips[side], s.Knees[side], 0.105f, 0.072f, legs, SceneClass.Person);
            stage.Limb(frame, s.Knees[side], s.Ankles[side], 0.07f, 0.05f, legs, SceneClass.Person);
            stage.Limb(
                frame,
                s.Ankles[side] + new Vector3(0, -0.025f, 0.01f),
                s.Ankles[side] + new Vector3(0, -0.035f, 0.15f),
                0.055f,
                0.045f,
                Shoes,
                SceneClass.Person
            );
        }
    }

    private static void Head(Stage stage, Frame head, Looks looks)
    {
        var skin = Stage.Matte(looks.Skin);
        var hair = Stage.Matte(looks.Hair.Value);
        stage.Round(head, new Vector3(0, 0, 0), new Vector3(0.1f, 0.13f, 0.115f), skin, SceneClass.Person);
        // A cap of hair: the upper and back part of a slightly larger head.
        var clip = Vector3.Normalize(new Vector3(0, -0.75f, 0.75f));
        stage.Round(
            head,
            new Vector3(0, 0.012f, -0.006f),
            new Vector3(0.112f, 0.138f, 0.126f),
            hair,
            SceneClass.Person,
            new Vector4(clip, 0.02f)
        );
        if (looks.LongHair)
        {
            stage.Round(
                head,
                new Vector3(0, -0.07f, -0.06f),
                new Vector3(0.125f, 0.18f, 0.075f),
                hair,
                SceneClass.Person
            );
        }

        foreach (var side in new[] { -1, 1 })
        {
            stage.Round(
                head,
                new Vector3(side * 0.04f, 0.018f, 0.1f),
                new Vector3(0.021f, 0.014f, 0.01f),
                EyeWhite,
                SceneClass.Person
            );
            stage.Sphere(head, new Vector3(side * 0.04f, 0.018f, 0.104f), 0.0105f, Eye, SceneClass.Person);
            stage.Limb(
                head,
                new Vector3(side * 0.022f, 0.047f, 0.106f),
                new Vector3(side * 0.06f, 0.046f, 0.094f),
                0.006f,
                0.005f,
                hair,
                SceneClass.Person
            );
            stage.Round(
                head,
                new Vector3(side * 0.1f, -0.005f, -0.005f),
                new Vector3(0.017f, 0.032f, 0.024f),
                skin,
                SceneClass.Person
            );
        }

        stage.Limb(
            head,
            new Vector3(0, 0.015f, 0.113f),
            new Vector3(0, -0.022f, 0.124f),
            0.011f,
            0.016f,
            skin,
            SceneClass.Person
        );
        stage.Arc(
            head,
            new Vector3(0, -0.045f, 0.1f),
            new Vector2(0.034f, 0.018f),
            MathF.PI + 0.35f,
            2 * MathF.PI - 0.35f,
            4,
            0.0075f,
            0.004f,
            Lips,
            SceneClass.Person
        );
        if (looks.Hat is { } colour)
        {
            var felt = Stage.Matte(colour.Value);
            var tilted = head.Moved(0, 0.075f, -0.01f).Pitched(-0.08f);
            stage.Cone(tilted, Vector3.Zero, 0.012f, 0.185f, 0.18f, felt, SceneClass.Person);
            stage.Cone(tilted, new Vector3(0, 0.01f, 0), 0.1f, 0.122f, 0.1f, felt, SceneClass.Person);
        }
    }

    // OpenPose's order; what hides a joint is judged by how deep it lies under the person's own surface.
    private static Joint[] Joints(Frame frame, Frame head, Skeleton s)
    {
        const float Deep = 0.2f;
        const float Shallow = 0.05f;
        return
        [
            Of(head, new Vector3(0, -0.02f, 0.128f), Shallow),
            Of(frame, s.Neck, Deep),
            Of(frame, s.Shoulders[0], 0.16f),
            Of(frame, s.Elbows[0], 0.1f),
            Of(frame, s.Wrists[0], 0.09f),
            Of(frame, s.Shoulders[1], 0.16f),
            Of(frame, s.Elbows[1], 0.1f),
            Of(frame, s.Wrists[1], 0.09f),
            Of(frame, s.Hips[0], Deep),
            Of(frame, s.Knees[0], 0.12f),
            Of(frame, s.Ankles[0], 0.1f),
            Of(frame, s.Hips[1], Deep),
            Of(frame, s.Knees[1], 0.12f),
            Of(frame, s.Ankles[1], 0.1f),
            Of(head, new Vector3(-0.04f, 0.018f, 0.107f), Shallow),
            Of(head, new Vector3(0.04f, 0.018f, 0.107f), Shallow),
            Of(head, new Vector3(-0.106f, -0.005f, -0.002f), Shallow),
            Of(head, new Vector3(0.106f, -0.005f, -0.002f), Shallow),
        ];

        static Joint Of(Frame at, Vector3 local, float cover) => new(at.At(local), cover * at.Scale);
    }
}
