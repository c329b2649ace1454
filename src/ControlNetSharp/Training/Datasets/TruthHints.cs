using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;

namespace ControlNetSharp.Training.Datasets;

/// <summary>Hints of what is exactly known of a scene, in the forms that annotators guess.</summary>
internal static class TruthHints
{
    /// <summary>Grey: near is bright. Like the depth networks' output it is the inverse of the distance, spread over 0 to 255; the sky is 0.</summary>
    public static Picture Depth(SceneTruth truth, int size)
    {
        // One over infinity is 0.
        var near = Array.ConvertAll(truth.Depth, metres => 1 / metres);
        var (least, most) = (near.Min(), near.Max());
        var scale = most > least ? 255 / (most - least) : 0;
        return Of(size, i =>
        {
            var level = (byte)MathF.Round((near[i] - least) * scale);
            return (level, level, level);
        });
    }

    /// <summary>
    /// Colours of surface directions: red is left, green is up, blue is towards the viewer, from 0 for −1 to 255 for 1; the sky looks towards the viewer.
    /// Source: the normal model of ControlNet 1.1 (lllyasviel/ControlNet-v1-1-nightly, README), whose annotator NormalBae colours so.
    /// </summary>
    public static Picture Normals(SceneTruth truth, int size) => Of(size, i =>
    {
        var (x, y, z) = (truth.Normals[3 * i], truth.Normals[3 * i + 1], truth.Normals[3 * i + 2]);
        return float.IsFinite(truth.Depth[i]) ? (Level(-x), Level(y), Level(z)) : (Level(0), Level(0), Level(1));
    });

    /// <summary>Areas in the colours of <see cref="Ade20kPalette"/>.</summary>
    public static Picture Segmentation(SceneTruth truth, int size) => Ade20kPalette.Paint(truth.Segmentation, size, size);

    private static byte Level(float component) => (byte)MathF.Round(Math.Clamp((component + 1) * 127.5f, 0, 255));

    private static Picture Of(int size, Func<int, (byte R, byte G, byte B)> colour)
    {
        var rgb = new byte[3 * size * size];
        for (var i = 0; i < size * size; i++)
        {
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = colour(i);
        }

        return new Picture(size, size, rgb);
    }
}
