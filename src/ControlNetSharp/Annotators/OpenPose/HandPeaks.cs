using ControlNetSharp.Annotators.Poses;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// Finds the points of a hand in the mean of its maps. Source: annotator/openpose/hand.py, Hand.__call__,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal static class HandPeaks
{
    /// <summary>Smoothed values up to this are no hand.</summary>
    private const double Threshold = 0.05;

    /// <summary>The point of each map, in pixels of the maps; null where nothing is above the threshold.</summary>
    /// <param name="scales">The maps at each scale, all of one size.</param>
    public static IReadOnlyList<PosePoint?> Find(IReadOnlyList<PoseMaps> scales) =>
        [
            .. Enumerable
                .Range(0, PosePerson.HandPoints)
                .Select(point => Find(Mean(scales, point), scales[0].Width, scales[0].Height)),
        ];

    /// <summary>The highest pixel of the heaviest of the connected areas above the threshold.</summary>
    private static PosePoint? Find(double[] map, int width, int height)
    {
        var smooth = GaussianSmoothing.Smooth(map, width, height);
        List<int>? heaviest = null;
        var (most, seen) = (double.NegativeInfinity, new bool[map.Length]);
        for (var at = 0; at < map.Length; at++)
        {
            if (smooth[at] > Threshold && !seen[at])
            {
                var area = Area(smooth, seen, at, width, height);
                var weight = area.Sum(pixel => map[pixel]);
                if (weight > most)
                {
                    (heaviest, most) = (area, weight);
                }
            }
        }

        return heaviest?.Order().MaxBy(pixel => map[pixel]) is { } peak
            ? new PosePoint(peak % width, peak / width)
            : null;
    }

    /// <summary>All pixels above the threshold that are linked to one, over eight neighbours.</summary>
    private static List<int> Area(double[] smooth, bool[] seen, int seed, int width, int height)
    {
        var area = new List<int> { seed };
        seen[seed] = true;
        for (var next = 0; next < area.Count; next++)
        {
            var (x, y) = (area[next] % width, area[next] / width);
            for (var row = Math.Max(0, y - 1); row <= Math.Min(height - 1, y + 1); row++)
            {
                for (var column = Math.Max(0, x - 1); column <= Math.Min(width - 1, x + 1); column++)
                {
                    var neighbour = row * width + column;
                    if (!seen[neighbour] && smooth[neighbour] > Threshold)
                    {
                        seen[neighbour] = true;
                        area.Add(neighbour);
                    }
                }
            }
        }

        return area;
    }

    private static double[] Mean(IReadOnlyList<PoseMaps> scales, int point)
    {
        var mean = new double[scales[0].Width * scales[0].Height];
        foreach (var scale in scales)
        {
            var map = scale.Map(point);
            for (var i = 0; i < mean.Length; i++)
            {
                mean[i] += map[i] / scales.Count;
            }
        }

        return mean;
    }
}
