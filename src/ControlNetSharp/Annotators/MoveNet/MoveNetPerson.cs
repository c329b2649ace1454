using System.Runtime.InteropServices;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>A key point and how sure it is.</summary>
/// <param name="X">Pixels from the left edge.</param>
/// <param name="Y">Pixels from the upper edge.</param>
/// <param name="Score">0..1.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MoveNetPoint(double X, double Y, double Score);

/// <summary>A rectangle in pixels.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MoveNetBox(double Left, double Top, double Right, double Bottom)
{
    public double LongerSide => Math.Max(Right - Left, Bottom - Top);

    /// <summary>Common area, as a share of the area of both together.</summary>
    public double Overlap(MoveNetBox other)
    {
        var common = new MoveNetBox(
            Math.Max(Left, other.Left),
            Math.Max(Top, other.Top),
            Math.Min(Right, other.Right),
            Math.Min(Bottom, other.Bottom)
        ).Area;
        var all = Area + other.Area - common;
        return all > 0 ? common / all : 0;
    }

    private double Area => Math.Max(Right - Left, 0) * Math.Max(Bottom - Top, 0);
}

/// <summary>A person as MoveNet sees it.</summary>
/// <param name="Points">
/// COCO's 17 points: nose, left eye, right eye, ears, shoulders, elbows, wrists, hips, knees, ankles, the person's own
/// left one first. None is missing; those that are not seen have a low score.
/// </param>
/// <param name="Box">Where the person is.</param>
/// <param name="Score">How sure the person is, 0..1.</param>
internal sealed record MoveNetPerson(IReadOnlyList<MoveNetPoint> Points, MoveNetBox Box, double Score)
{
    /// <summary>
    /// Points up to this score say nothing of how far a person extends, and whether it is another one.
    /// </summary>
    private const double SurePoint = 0.2,
        KnownPoint = 0.15;

    /// <summary>Two are one person above these.</summary>
    private const double LeastOverlap = 0.4,
        LeastSimilarity = 0.3;

    /// <summary>Points so far from each other count little: a share of the person's longer side.</summary>
    private const double Reach = 0.1;

    /// <summary>The box with the points outside of it that are sure.</summary>
    public MoveNetBox Extent { get; } =
        Points
            .Where(point => point.Score > SurePoint)
            .Aggregate(
                Box,
                (box, point) =>
                    new(
                        Math.Min(box.Left, point.X),
                        Math.Min(box.Top, point.Y),
                        Math.Max(box.Right, point.X),
                        Math.Max(box.Bottom, point.Y)
                    )
            );

    /// <summary>Whether another one, seen in the same picture, is the same person.</summary>
    public bool IsSameAs(MoveNetPerson other) =>
        Extent.Overlap(other.Extent) > LeastOverlap || Similarity(other) > LeastSimilarity;

    /// <summary>
    /// How near the points lie to those of another one: 1 where they are the same, 0 where none is near.
    /// </summary>
    public double Similarity(MoveNetPerson other)
    {
        var reach = Reach * Extent.LongerSide;
        var near = Points
            .Zip(other.Points)
            .Where(pair => pair.First.Score > KnownPoint && pair.Second.Score > KnownPoint)
            .Select(pair =>
            {
                var (x, y) = ((pair.First.X - pair.Second.X) / reach, (pair.First.Y - pair.Second.Y) / reach);
                return Math.Exp(-(x * x + y * y));
            })
            .ToList();
        return near.Count < 2 ? 0 : near.Average();
    }
}
