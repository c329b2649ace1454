using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// Draws key points as the hint that pose ControlNets were trained with: joints as disks of radius 4, limbs as ellipses
/// 9 pixels wide laid over them with 60 % opacity, hands as lines of two
/// pixels with blue joints, faces as white disks. Colours are RGB. Source: annotator/openpose/util.py, draw_bodypose
/// and draw_handpose, lllyasviel/ControlNet@ed85cd1; faces as in A1111.
/// </summary>
public static class PoseDrawing
{
    private const int JointRadius = 4;
    private const int HalfLimbWidth = 4;
    private const int FaceRadius = 3;

    /// <summary>The share of a limb's colour in what lies under it.</summary>
    private const float Opacity = 0.6f;

    /// <summary>Colours of the joints, and of the limbs in the order of <see cref="Limbs"/>: 18 steps of hue.</summary>
    private static readonly byte[][] Colours =
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
    private static readonly (int From, int To)[] Limbs =
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

    /// <summary>Draws persons on black.</summary>
    /// <param name="pose">The persons; the picture is black where there are none.</param>
    /// <returns>A picture of the size of the canvas, owned by the caller.</returns>
    /// <exception cref="ArgumentException">The canvas has more than 67 108 864 pixels.</exception>
    public static Picture Draw(PoseKeypoints pose)
    {
        ArgumentNullException.ThrowIfNull(pose);
        if (pose.Width > PictureLimits.Default.MaxPixels / pose.Height)
        {
            throw new ArgumentException(
                $"A canvas of {pose.Width} x {pose.Height} has more than {PictureLimits.Default.MaxPixels} pixels.",
                nameof(pose)
            );
        }

        var canvas = Picture.Black(pose.Width, pose.Height);
        for (var part = 0; part < PosePerson.BodyPoints; part++)
        {
            foreach (var person in pose.People)
            {
                DrawPoint(canvas, person.Body[part], JointRadius, Colours[part]);
            }
        }

        foreach (var (limb, (from, to)) in Limbs.Index())
        {
            foreach (var person in pose.People)
            {
                DrawLimb(canvas, person.Body[from], person.Body[to], Colours[limb]);
            }
        }

        foreach (var person in pose.People)
        {
            DrawHand(canvas, person.LeftHand);
            DrawHand(canvas, person.RightHand);
            foreach (var point in person.Face ?? [])
            {
                DrawPoint(canvas, point, FaceRadius, FacePoint);
            }
        }

        return canvas;
    }

    /// <summary>From the wrist to each finger and along it, each line in a hue of its own.</summary>
    private static void DrawHand(Picture canvas, IReadOnlyList<PosePoint?>? hand)
    {
        const int FingerJoints = 4;
        if (hand is null)
        {
            return;
        }

        var lines = PosePerson.HandPoints - 1;
        for (var line = 0; line < lines; line++)
        {
            if (Pixel(hand[line % FingerJoints == 0 ? 0 : line]) is { } from && Pixel(hand[line + 1]) is { } to)
            {
                Paint(canvas, Shape(canvas).AddThickLine(from.X, from.Y, to.X, to.Y), Hue((double)line / lines));
            }
        }

        foreach (var point in hand)
        {
            DrawPoint(canvas, point, JointRadius, HandJoint);
        }
    }

    private static void DrawPoint(Picture canvas, PosePoint? point, int radius, byte[] colour)
    {
        if (Pixel(point) is { } pixel)
        {
            Paint(canvas, Shape(canvas).AddDisk(pixel.X, pixel.Y, radius), colour);
        }
    }

    private static void DrawLimb(Picture canvas, PosePoint? from, PosePoint? to, byte[] colour)
    {
        if (from is not { } a || to is not { } b)
        {
            return;
        }

        var length = Math.Sqrt(Math.Pow(a.X - b.X, 2) + Math.Pow(a.Y - b.Y, 2));
        var degrees = Math.Atan2(a.Y - b.Y, a.X - b.X) * 180 / Math.PI;
        var shape = Shape(canvas)
            .AddEllipse((int)((a.X + b.X) / 2), (int)((a.Y + b.Y) / 2), (int)(length / 2), HalfLimbWidth, (int)degrees);
        shape.ForEach(
            (first, count) =>
            {
                for (var i = 3 * first; i < 3 * (first + count); i++)
                {
                    canvas.Canvas[i] = (byte)
                        MathF.Round(canvas.Rgb[i] * (1 - Opacity) + colour[i % 3] * Opacity, MidpointRounding.ToEven);
                }
            }
        );
    }

    private static RowSpans Shape(Picture canvas) => new(canvas.Width, canvas.Height);

    private static (int X, int Y)? Pixel(PosePoint? point) => point is { } p ? ((int)p.X, (int)p.Y) : null;

    private static void Paint(Picture canvas, RowSpans shape, byte[] colour)
    {
        shape.ForEach(
            (first, count) =>
            {
                for (var pixel = first; pixel < first + count; pixel++)
                {
                    colour.CopyTo(canvas.Canvas[(3 * pixel)..]);
                }
            }
        );
    }

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
