using System.Runtime.InteropServices;
using ControlNetSharp.Annotators.Poses;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>Peaks that belong to one person.</summary>
internal sealed class BodyGroup
{
    /// <summary>Index of the peak for each of the 18 parts; -1 where there is none.</summary>
    public int[] Peaks { get; } = [.. Enumerable.Repeat(-1, PosePerson.BodyPoints)];

    /// <summary>Sum of the scores of peaks and limbs.</summary>
    public double Score { get; set; }

    /// <summary>Number of parts, as the original counts them.</summary>
    public int Count { get; set; }
}

/// <summary>
/// Joins peaks to persons along the part affinity fields: greedy matching limb by limb. Source: Cao et al. 2017,
/// arXiv:1611.08050, section 2.4; annotator/openpose/body.py, Body.__call__, lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal static class BodyGrouping
{
    private const int Samples = 10;
    private const double LeastAffinity = 0.05;

    /// <summary>Where more than this share of the samples are above the least affinity there may be a limb.</summary>
    private const double LeastShare = 0.8;

    private const int LeastParts = 4;
    private const double LeastScorePerPart = 0.4;

    /// <summary>
    /// Limbs in the order of joining: parts at both ends, and the map of the x direction, which the one of the y
    /// direction follows. The last two (shoulder to ear) join persons and found none.
    /// </summary>
    internal static readonly (int From, int To, int Map)[] Limbs =
    [
        (1, 2, 12),
        (1, 5, 20),
        (2, 3, 14),
        (3, 4, 16),
        (5, 6, 22),
        (6, 7, 24),
        (1, 8, 0),
        (8, 9, 2),
        (9, 10, 4),
        (1, 11, 6),
        (11, 12, 8),
        (12, 13, 10),
        (1, 0, 28),
        (0, 14, 30),
        (14, 16, 34),
        (0, 15, 32),
        (15, 17, 36),
        (2, 16, 18),
        (5, 17, 26),
    ];

    private const int FoundingLimbs = 17;

    /// <summary>Groups peaks.</summary>
    /// <param name="peaks">All peaks, part after part.</param>
    /// <param name="fields">The 38 limb maps.</param>
    public static List<BodyGroup> Group(IReadOnlyList<BodyPeak> peaks, ILimbField fields)
    {
        var groups = new List<BodyGroup>();
        foreach (var (limb, (from, to, map)) in Limbs.Index())
        {
            foreach (
                var connection in Match(
                    peaks,
                    from,
                    to,
                    (x, y) => (fields.At(map, x, y), fields.At(map + 1, x, y)),
                    fields.Height
                )
            )
            {
                Join(groups, peaks, from, to, connection, mayFound: limb < FoundingLimbs);
            }
        }

        groups.RemoveAll(group => group.Count < LeastParts || group.Score / group.Count < LeastScorePerPart);
        return groups;
    }

    /// <summary>The best pairs of peaks of two parts, each peak at most once.</summary>
    private static List<Connection> Match(
        IReadOnlyList<BodyPeak> peaks,
        int from,
        int to,
        Func<int, int, (double X, double Y)> field,
        int height
    )
    {
        var (starts, ends) = (PeaksOf(from), PeaksOf(to));
        var candidates = new List<Connection>();
        foreach (var a in starts)
        {
            foreach (var b in ends)
            {
                if (Affinity(peaks[a], peaks[b], field, height) is { } score)
                {
                    candidates.Add(new(a, b, score));
                }
            }
        }

        var chosen = new List<Connection>();
        foreach (var candidate in candidates.OrderByDescending(candidate => candidate.Score))
        {
            if (!chosen.Exists(c => c.From == candidate.From || c.To == candidate.To))
            {
                chosen.Add(candidate);
            }
        }

        return chosen;

        List<int> PeaksOf(int part) => [.. Enumerable.Range(0, peaks.Count).Where(i => peaks[i].Part == part)];
    }

    /// <summary>
    /// The mean of the field along the line between two peaks, less a penalty for limbs longer than half of the
    /// picture's height; null where it is not a limb.
    /// </summary>
    private static double? Affinity(BodyPeak a, BodyPeak b, Func<int, int, (double X, double Y)> field, int height)
    {
        double dx = b.X - a.X,
            dy = b.Y - a.Y;
        var length = Math.Max(0.001, Math.Sqrt(dx * dx + dy * dy));
        var (unitX, unitY) = (dx / length, dy / length);
        var (sum, above) = (0.0, 0);
        for (var i = 0; i < Samples; i++)
        {
            var (x, y) =
                i == Samples - 1
                    ? (b.X, b.Y)
                    : (Round(a.X + i * (dx / (Samples - 1))), Round(a.Y + i * (dy / (Samples - 1))));
            var (fieldX, fieldY) = field(x, y);
            var along = fieldX * unitX + fieldY * unitY;
            sum += along;
            above += along > LeastAffinity ? 1 : 0;
        }

        var score = sum / Samples + Math.Min(0.5 * height / length - 1, 0);
        return above > LeastShare * Samples && score > 0 ? score : null;

        static int Round(double value) => (int)Math.Round(value, MidpointRounding.ToEven);
    }

    /// <summary>
    /// Adds a limb to the person that has one of its ends, joins the two persons that have one each, or founds a
    /// person.
    /// </summary>
    private static void Join(
        List<BodyGroup> groups,
        IReadOnlyList<BodyPeak> peaks,
        int from,
        int to,
        Connection connection,
        bool mayFound
    )
    {
        var found = groups
            .Where(group => group.Peaks[from] == connection.From || group.Peaks[to] == connection.To)
            .Take(2)
            .ToList();
        if (found.Count == 2 && !found[0].Peaks.Zip(found[1].Peaks).Any(pair => pair.First >= 0 && pair.Second >= 0))
        {
            Merge(found[0], found[1], connection.Score);
            groups.Remove(found[1]);
        }
        else if (found.Count == 2 || (found.Count == 1 && found[0].Peaks[to] != connection.To))
        {
            found[0].Peaks[to] = connection.To;
            found[0].Count++;
            found[0].Score += peaks[connection.To].Score + connection.Score;
        }
        else if (found.Count == 0 && mayFound)
        {
            var group = new BodyGroup
            {
                Count = 2,
                Score = peaks[connection.From].Score + peaks[connection.To].Score + connection.Score,
            };
            (group.Peaks[from], group.Peaks[to]) = (connection.From, connection.To);
            groups.Add(group);
        }
    }

    private static void Merge(BodyGroup group, BodyGroup other, double score)
    {
        for (var part = 0; part < group.Peaks.Length; part++)
        {
            group.Peaks[part] = Math.Max(group.Peaks[part], other.Peaks[part]);
        }

        group.Count += other.Count;
        group.Score += other.Score + score;
    }

    /// <summary>A limb between two peaks.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Connection(int From, int To, double Score);
}
