using System.Runtime.InteropServices;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>A place where a part of a body may be.</summary>
/// <param name="X">Column in the picture.</param>
/// <param name="Y">Row in the picture.</param>
/// <param name="Score">Value of the part's map, about 0..1.</param>
/// <param name="Part">Index of the part, 0 to 17.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BodyPeak(int X, int Y, double Score, int Part);

/// <summary>
/// Finds the peaks in part maps. Source: annotator/openpose/body.py, Body.__call__, lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal static class BodyPeaks
{
    /// <summary>Smoothed values up to this are no part.</summary>
    private const double Threshold = 0.1;

    /// <summary>All peaks, part after part, within a part row by row.</summary>
    public static List<BodyPeak> Find(PoseMaps parts)
    {
        var peaks = new List<BodyPeak>();
        for (var part = 0; part < Poses.PosePerson.BodyPoints; part++)
        {
            var map = parts.Map(part);
            peaks.AddRange(
                Find(Smoothed(map, parts.Width, parts.Height), parts.Width, parts.Height)
                    .Select(at => new BodyPeak(at % parts.Width, at / parts.Width, map[at], part))
            );
        }

        return peaks;
    }

    /// <summary>A map in double precision after the Gaussian.</summary>
    internal static double[] Smoothed(float[] map, int width, int height) =>
        GaussianSmoothing.Smooth(Array.ConvertAll(map, value => (double)value), width, height);

    /// <summary>
    /// Pixels above the threshold of which no neighbour to the left, right, above or below is higher; outside of the
    /// picture is 0.
    /// </summary>
    private static IEnumerable<int> Find(double[] map, int width, int height)
    {
        for (var at = 0; at < map.Length; at++)
        {
            var (x, y, value) = (at % width, at / width, map[at]);
            if (
                value > Threshold
                && (x == 0 || value >= map[at - 1])
                && (x == width - 1 || value >= map[at + 1])
                && (y == 0 || value >= map[at - width])
                && (y == height - 1 || value >= map[at + width])
            )
            {
                yield return at;
            }
        }
    }
}
