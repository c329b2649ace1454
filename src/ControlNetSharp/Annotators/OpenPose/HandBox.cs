using System.Runtime.InteropServices;
using ControlNetSharp.Annotators.Poses;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// The square in which a hand is looked for. Source: annotator/openpose/util.py, handDetect,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
/// <param name="X">Left column.</param>
/// <param name="Y">Upper row.</param>
/// <param name="Size">Columns and rows, at least 20.</param>
/// <param name="IsLeft">Whether it is the person's left hand.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct HandBox(int X, int Y, int Size, bool IsLeft)
{
    /// <summary>The hand lies beyond the wrist by this share of the forearm.</summary>
    private const double BeyondWrist = 0.33;

    private const int LeastSize = 20;

    /// <summary>
    /// The boxes of a person, left hand first: for each arm of which shoulder, elbow and wrist are known and whose box
    /// is large enough.
    /// </summary>
    public static IEnumerable<HandBox> Of(PosePerson person, int width, int height)
    {
        foreach (var (shoulder, isLeft) in new[] { (5, true), (2, false) })
        {
            if (
                person.Body[shoulder] is { } s
                && person.Body[shoulder + 1] is { } e
                && person.Body[shoulder + 2] is { } w
                && Around(s, e, w, width, height) is { } box
            )
            {
                yield return new(box.X, box.Y, box.Size, isLeft);
            }
        }
    }

    private static (int X, int Y, int Size)? Around(
        PosePoint shoulder,
        PosePoint elbow,
        PosePoint wrist,
        int width,
        int height
    )
    {
        var size = 1.5 * Math.Max(Distance(elbow, wrist), 0.9 * Distance(shoulder, elbow));
        var x = Math.Max(0, wrist.X + BeyondWrist * (wrist.X - elbow.X) - size / 2);
        var y = Math.Max(0, wrist.Y + BeyondWrist * (wrist.Y - elbow.Y) - size / 2);
        size = Math.Min(x + size > width ? width - x : size, y + size > height ? height - y : size);
        return size >= LeastSize ? ((int)x, (int)y, (int)size) : null;
    }

    private static double Distance(PosePoint a, PosePoint b) =>
        Math.Sqrt(Math.Pow(b.X - a.X, 2) + Math.Pow(b.Y - a.Y, 2));
}
