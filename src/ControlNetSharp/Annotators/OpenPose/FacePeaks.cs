using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Annotators.Poses;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// Finds the points of a face in its maps. Source: open_pose/face.py, Face.__call__ and compute_peaks_from_heatmaps,
/// controlnet_aux@b1aac31.
/// </summary>
internal static class FacePeaks
{
    /// <summary>Values up to this are no point.</summary>
    private const float Threshold = 0.05f;

    /// <summary>
    /// The highest pixel of each map that has one above the threshold, the first in row order; later points move up
    /// where a map has none.
    /// </summary>
    /// <param name="maps">[1, maps, h, w]. Borrowed.</param>
    /// <param name="width">Columns of the square that the maps are of.</param>
    /// <param name="height">Rows of it.</param>
    public static IReadOnlyList<PosePoint> Find(Tensor maps, int width, int height)
    {
        var points = new List<PosePoint>();
        // One map after the other: at the size of a large face all of them would take gigabytes.
        for (var map = 0; map < maps.shape[1]; map++)
        {
            using var scope = NewDisposeScope();
            var large = Enlarged(maps.narrow(1, map, 1), width, height).contiguous().data<float>().ToArray();
            var peak = large.AsSpan().IndexOf(large.Max());
            if (large[peak] > Threshold)
            {
                points.Add(new(peak % width, peak / width));
            }
        }

        return points;
    }

    /// <summary>Maps at the size of the square.</summary>
    internal static Tensor Enlarged(Tensor maps, int width, int height) => Upsampling.Corners(maps, height, width);
}
