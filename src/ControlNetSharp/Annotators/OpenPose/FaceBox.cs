using System.Runtime.InteropServices;
using ControlNetSharp.Annotators.Poses;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// The square in which a face is looked for. Source: open_pose/util.py, faceDetect, controlnet_aux@b1aac31.
/// </summary>
/// <param name="X">Left column.</param>
/// <param name="Y">Upper row.</param>
/// <param name="Size">Columns and rows, at least 20; it can reach beyond the right and lower edges.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FaceBox(int X, int Y, int Size)
{
    private const int LeastSize = 20;
    private const int Nose = 0;

    /// <summary>How far a face reaches from the nose, in distances to an eye and to an ear.</summary>
    private static readonly (int Point, double Reach)[] Reaches = [(14, 3), (15, 3), (16, 1.5), (17, 1.5)];

    /// <summary>The box of a person; null where nose or all of eyes and ears are missing, or it is too small.</summary>
    public static FaceBox? Of(PosePerson person, int width, int height)
    {
        if (person.Body[Nose] is not { } nose)
        {
            return null;
        }

        var reach = Reaches.Max(row =>
            person.Body[row.Point] is { } other
                ? row.Reach * Math.Max(Math.Abs(nose.X - other.X), Math.Abs(nose.Y - other.Y))
                : 0
        );
        var (x, y) = (Math.Max(0, nose.X - reach), Math.Max(0, nose.Y - reach));
        // It is cut where half of it, not where the whole, would reach beyond the picture.
        var size = Math.Min(
            x + reach > width ? width - x : 2 * reach,
            y + reach > height ? height - y : 2 * reach
        );
        return size >= LeastSize ? new((int)x, (int)y, (int)size) : null;
    }
}
