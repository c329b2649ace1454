using ControlNetSharp.Annotators.Poses;

namespace ControlNetSharp.Evaluation;

/// <summary>How well skeletons agree, over all pictures together.</summary>
public sealed class PoseAgreement
{
    private const int LeastPoints = 4;

    /// <summary>Share of a person's size within which a point counts as found.</summary>
    private const double Tolerance = 0.1;
    private int _points;
    private int _hits;

    /// <summary>
    /// PCK@0.1: the share of the true points that are found within a tenth of the larger side of the box round the
    /// person's points; 1 where there are none. A point of a person that was not found
    /// is not found. Source: Yang and Ramanan 2013, "percentage of correct keypoints".
    /// </summary>
    public double CorrectKeypoints => _points == 0 ? 1 : (double)_hits / _points;

    /// <summary>Adds a picture.</summary>
    /// <param name="found">The persons that were found.</param>
    /// <param name="truth">
    /// The persons that are there; points that are null are not asked for, and neither are persons of fewer than four
    /// points.
    /// </param>
    public void Add(PoseKeypoints found, PoseKeypoints truth)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(truth);
        var left = found.People.ToList();
        foreach (var person in truth.People)
        {
            var points = person.Body.OfType<PosePoint>().ToList();
            if (points.Count < LeastPoints)
            {
                continue;
            }

            _points += points.Count;
            var radius =
                Tolerance
                * Math.Max(points.Max(p => p.X) - points.Min(p => p.X), points.Max(p => p.Y) - points.Min(p => p.Y));
            if (left.MaxBy(other => Hits(other, person, radius)) is { } best)
            {
                _hits += Hits(best, person, radius);
                left.Remove(best);
            }
        }
    }

    private static int Hits(PosePerson found, PosePerson truth, double radius) =>
        found
            .Body.Zip(truth.Body)
            .Count(pair =>
                pair is ({ } f, { } t) && Math.Sqrt(Math.Pow(f.X - t.X, 2) + Math.Pow(f.Y - t.Y, 2)) <= radius
            );
}
