using ControlNetSharp.Annotators;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Models;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Training;

/// <summary>
/// What scores the sample pictures of a training, for each condition; networks of one file are shared.
/// </summary>
internal sealed class TrainingJudges : IDisposable
{
    private readonly NetworkShelf _shelf = new();
    private readonly Dictionary<string, IAnnotator?> _annotators;

    /// <summary>Makes the annotators.</summary>
    /// <param name="conditions">The conditions.</param>
    /// <param name="files">Where weights are looked for.</param>
    public TrainingJudges(IEnumerable<string> conditions, AnnotatorFiles files) =>
        _annotators = conditions.ToDictionary(
            condition => condition,
            condition => TrainingConditions.Judge(condition, files, _shelf, PlacementPolicy.Cpu)
        );

    /// <summary>What scores a condition.</summary>
    public ConditionFidelity Of(string condition) => new(condition, _annotators[condition]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var annotator in _annotators.Values)
        {
            annotator?.Dispose();
        }

        _shelf.Dispose();
    }
}
