using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Scenes;

/// <summary>Hints of what is exactly known of a scene, in the forms that annotators guess.</summary>
internal static class TruthHints
{
    private static readonly (string Kind, Func<SceneTruth, int, Picture> Make)[] Rows =
    [
        ("hed", Edges),
        ("scribble", Strokes),
        ("pose", Pose),
        ("depth", Depth),
        ("normal", Normals),
        ("segmentation", Segmentation),
    ];

    /// <summary>
    /// What makes the hints of a condition kind, given the truth and its pixels a side; null for a kind whose hints are
    /// an annotator's matter.
    /// </summary>
    public static Func<SceneTruth, int, Picture>? Of(string kind) => Rows.FirstOrDefault(row => row.Kind == kind).Make;

    /// <summary>
    /// Grey: near is bright. Like the depth networks' output it is the inverse of the distance, spread over 0 to 255;
    /// the sky is 0.
    /// </summary>
    public static Picture Depth(SceneTruth truth, int size)
    {
        // One over infinity is 0.
        var near = Array.ConvertAll(truth.Depth, metres => 1 / metres);
        var (least, most) = (near.Min(), near.Max());
        var scale = most > least ? 255 / (most - least) : 0;
        return Of(
            size,
            i =>
            {
                var level = (byte)MathF.Round((near[i] - least) * scale);
                return (level, level, level);
            }
        );
    }

    /// <summary>Colours of surface directions, <see cref="NormalColours"/>; the sky looks towards the viewer.</summary>
    public static Picture Normals(SceneTruth truth, int size) =>
        NormalColours.Paint(
            i =>
                float.IsFinite(truth.Depth[i])
                    ? (truth.Normals[3 * i], truth.Normals[3 * i + 1], truth.Normals[3 * i + 2])
                    : (0, 0, 1),
            size,
            size
        );

    /// <summary>
    /// Edges of surfaces, bright on black and soft, as networks that were trained on many people's drawings give them.
    /// </summary>
    public static Picture Edges(SceneTruth truth, int size)
    {
        const double Softness = 0.7;
        var soft = GaussianBlur.Blur([.. truth.Edges.Select(edge => edge ? 255f : 0)], size, size, 1, Softness);
        return Of(size, i => ((byte)MathF.Round(soft[i]), (byte)MathF.Round(soft[i]), (byte)MathF.Round(soft[i])));
    }

    /// <summary>White strokes, a little thicker than a pixel, along the edges of surfaces.</summary>
    public static Picture Strokes(SceneTruth truth, int size) =>
        Greyscale.ToPicture(
            Dilation.Square([.. truth.Edges.Select(edge => edge ? byte.MaxValue : byte.MinValue)], size, size, 1),
            size,
            size
        );

    /// <summary>
    /// Coloured skeletons of the persons; parts that are hidden are not drawn, as detectors do not find them.
    /// </summary>
    public static Picture Pose(SceneTruth truth, int size) => PoseDrawing.Draw(truth.Pose);

    /// <summary>Areas in the colours of <see cref="Ade20kPalette"/>.</summary>
    public static Picture Segmentation(SceneTruth truth, int size) =>
        Ade20kPalette.Paint(truth.Segmentation, size, size);

    private static Picture Of(int size, Func<int, (byte R, byte G, byte B)> colour)
    {
        var rgb = new byte[3 * size * size];
        for (var i = 0; i < size * size; i++)
        {
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = colour(i);
        }

        return Picture.Owning(size, size, rgb);
    }
}
