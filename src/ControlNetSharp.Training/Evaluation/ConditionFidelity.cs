using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// How well one picture follows its hint: the condition, found again in the picture by an annotator, against the hint.
/// </summary>
/// <param name="condition">The condition kind, or a name of one's own.</param>
/// <param name="annotator">
/// Finds the condition in a picture; null where there is no annotator for it: then the edges of hint and picture are
/// compared. Borrowed.
/// </param>
public sealed class ConditionFidelity(string condition, IAnnotator? annotator)
{
    private bool ComparesEdges =>
        annotator is null
        || ConditionMetric.All.Any(metric => metric.Kind == condition && metric.Name == ConditionMetric.EdgeF1);

    /// <summary>What <see cref="Score"/> gives: "edge F1" or "correlation".</summary>
    public string Metric => ComparesEdges ? ConditionMetric.EdgeF1 : "correlation";

    /// <summary>The score of a picture.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="hint">The hint, of the same size.</param>
    /// <returns>
    /// 0 to 1, higher is better. For lines and edges their F1 within 2 pixels at 256, <see cref="EdgeAgreement"/>; for
    /// maps (depth, normals, areas, skeletons) the correlation of the
    /// channels of both maps, where what is below 0 counts as 0.
    /// </returns>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public double Score(Picture picture, Picture hint)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(hint);
        if (annotator is null)
        {
            return Edges(Canny.Detect(picture, 100, 200), Canny.Detect(hint, 100, 200));
        }

        var found = annotator.Annotate(picture);
        return ComparesEdges ? Edges(found, hint) : Math.Max(0, Correlation(found.Rgb, hint.Rgb));
    }

    private static double Edges(Picture found, Picture hint) =>
        EdgeAgreement.F1(found, hint, EdgeAgreement.ToleranceFor(hint));

    /// <summary>Pearson's correlation coefficient; 0 where one of both is the same everywhere.</summary>
    private static double Correlation(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
        {
            throw new ArgumentException(
                $"The pictures have {a.Length} and {b.Length} bytes; they must be of one size.",
                nameof(b)
            );
        }

        var (meanA, meanB) = (Mean(a), Mean(b));
        var (product, squareA, squareB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            var (x, y) = (a[i] - meanA, b[i] - meanB);
            product += x * y;
            squareA += x * x;
            squareB += y * y;
        }

        return squareA * squareB > 0 ? product / Math.Sqrt(squareA * squareB) : 0;
    }

    private static double Mean(ReadOnlySpan<byte> values)
    {
        var sum = 0L;
        foreach (var value in values)
        {
            sum += value;
        }

        return (double)sum / values.Length;
    }
}
