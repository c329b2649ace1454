using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// Draws key points as the hint that pose ControlNets were trained with: joints as disks of radius 4, limbs as ellipses
/// 9 pixels wide laid over them with 60 % opacity, hands as lines of two
/// pixels with blue joints, faces as white disks. Colours are RGB. Source: annotator/openpose/util.py, draw_bodypose
/// and draw_handpose, lllyasviel/ControlNet@ed85cd1; faces as controlnet_aux@b1aac31 draws them; the bodies of
/// <see cref="PoseStyle.Xinsir"/>: xinsir6/ControlNetPlus@b484205, README.
/// </summary>
public static class PoseDrawing
{
    private const int JointRadius = 4;
    private const int HalfLimbWidth = 4;
    private const int FaceRadius = 3;
    private const int FingerThickness = 2;

    /// <summary>The share of a limb's colour in what lies under it.</summary>
    private const float Opacity = 0.6f;

    /// <summary>Colours of the joints, and of the limbs in the order of <see cref="Limbs"/>: 18 steps of hue.</summary>
    internal static readonly byte[][] Colours =
    [
        [255, 0, 0],
        [255, 85, 0],
        [255, 170, 0],
        [255, 255, 0],
        [170, 255, 0],
        [85, 255, 0],
        [0, 255, 0],
        [0, 255, 85],
        [0, 255, 170],
        [0, 255, 255],
        [0, 170, 255],
        [0, 85, 255],
        [0, 0, 255],
        [85, 0, 255],
        [170, 0, 255],
        [255, 0, 255],
        [255, 0, 170],
        [255, 0, 85],
    ];

    /// <summary>The joints that a limb is drawn between: arms, legs, head.</summary>
    internal static readonly (int From, int To)[] Limbs =
    [
        (1, 2),
        (1, 5),
        (2, 3),
        (3, 4),
        (5, 6),
        (6, 7),
        (1, 8),
        (8, 9),
        (9, 10),
        (1, 11),
        (11, 12),
        (12, 13),
        (1, 0),
        (0, 14),
        (14, 16),
        (0, 15),
        (15, 17),
    ];

    private static readonly byte[] HandJoint = [0, 0, 255];
    private static readonly byte[] FacePoint = [255, 255, 255];

    /// <summary>Draws persons and animals on black.</summary>
    /// <param name="pose">Who is drawn; the picture is black where there is nobody.</param>
    /// <param name="style">How bodies are drawn.</param>
    /// <returns>A picture of the size of the canvas, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The canvas has more than 67 108 864 pixels.</exception>
    public static Picture Draw(PoseKeypoints pose, PoseStyle style = PoseStyle.OpenPose)
    {
        ArgumentNullException.ThrowIfNull(pose);
        if (pose.Width > PictureLimits.Default.MaxPixels / pose.Height)
        {
            throw new ArgumentException(
                $"A canvas of {pose.Width} x {pose.Height} has more than {PictureLimits.Default.MaxPixels} pixels.",
                nameof(pose)
            );
        }

        var canvas = new PoseCanvas(pose.Width, pose.Height);
        if (style == PoseStyle.Xinsir)
        {
            var scale = ScaleBySize(Math.Max(pose.Width, pose.Height));
            DrawLimbs(canvas, pose, HalfLimbWidth * scale, 1, [.. Colours.Select(Darkened)]);
            DrawJoints(canvas, pose, JointRadius * scale);
        }
        else
        {
            DrawJoints(canvas, pose, JointRadius);
            DrawLimbs(canvas, pose, HalfLimbWidth, Opacity, Colours);
        }

        foreach (var person in pose.People)
        {
            DrawHand(canvas, person.LeftHand);
            DrawHand(canvas, person.RightHand);
            foreach (var point in person.Face ?? [])
            {
                canvas.Disk(Seen(point), FaceRadius, FacePoint);
            }
        }

        foreach (var animal in pose.Animals)
        {
            AnimalDrawing.Draw(canvas, animal);
        }

        return canvas.Picture;
    }

    /// <summary>How many times larger bodies are drawn in a hint whose longer side has so many pixels.</summary>
    internal static int ScaleBySize(int side) =>
        side switch
        {
            < 500 => 1,
            < 1000 => 2,
            < 5000 => side / 1000 + 2,
            _ => 7,
        };

    private static void DrawJoints(PoseCanvas canvas, PoseKeypoints pose, int radius)
    {
        for (var part = 0; part < PosePerson.BodyPoints; part++)
        {
            foreach (var person in pose.People)
            {
                canvas.Disk(person.Body[part], radius, Colours[part]);
            }
        }
    }

    private static void DrawLimbs(
        PoseCanvas canvas,
        PoseKeypoints pose,
        int halfWidth,
        float opacity,
        byte[][] colours
    )
    {
        foreach (var (limb, (from, to)) in Limbs.Index())
        {
            foreach (var person in pose.People)
            {
                canvas.Limb(person.Body[from], person.Body[to], halfWidth, colours[limb], opacity);
            }
        }
    }

    /// <summary>The colour as it is on black under <see cref="Opacity"/>.</summary>
    private static byte[] Darkened(byte[] colour) => Array.ConvertAll(colour, level => (byte)(level * Opacity));

    /// <summary>From the wrist to each finger and along it, each line in a hue of its own.</summary>
    private static void DrawHand(PoseCanvas canvas, IReadOnlyList<PosePoint?>? hand)
    {
        const int FingerJoints = 4;
        if (hand is null)
        {
            return;
        }

        var lines = PosePerson.HandPoints - 1;
        for (var line = 0; line < lines; line++)
        {
            var from = hand[line % FingerJoints == 0 ? 0 : line];
            canvas.Line(Seen(from), Seen(hand[line + 1]), FingerThickness, Hue((double)line / lines));
        }

        foreach (var point in hand)
        {
            canvas.Disk(Seen(point), JointRadius, HandJoint);
        }
    }

    /// <summary>
    /// A point of a hand or a face; null where it lies in the first column or row, or before: there the originals put
    /// points that they did not find, and A1111's files have them so.
    /// </summary>
    private static PosePoint? Seen(PosePoint? point) => point is { X: >= 1, Y: >= 1 } ? point : null;

    /// <summary>A fully saturated colour; hue from 0 (red) to below 1.</summary>
    private static byte[] Hue(double hue)
    {
        var sector = (int)(hue * 6);
        var rising = Level(hue * 6 - sector);
        var falling = Level(1 - (hue * 6 - sector));
        return sector switch
        {
            0 => [255, rising, 0],
            1 => [falling, 255, 0],
            2 => [0, 255, rising],
            3 => [0, falling, 255],
            4 => [rising, 0, 255],
            _ => [255, 0, falling],
        };

        static byte Level(double share) => (byte)Math.Round(share * 255, MidpointRounding.ToEven);
    }
}
