using System.Globalization;

namespace ControlNetSharp.Training;

/// <summary>How a training stands after a step.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Steps">Steps of the whole run.</param>
/// <param name="Loss">Running mean of the loss.</param>
/// <param name="GradientNorm">Norm of the gradients that AdamW was given, before clipping.</param>
/// <param name="LearningRate">The rate of this step.</param>
/// <param name="StepsPerSecond">Speed since the run began or was resumed.</param>
public sealed record TrainingProgress(
    long Step,
    long Steps,
    double Loss,
    double GradientNorm,
    double LearningRate,
    double StepsPerSecond
)
{
    /// <summary>Running means of what else there is to say, such as <c>reward</c>, by name.</summary>
    public IReadOnlyDictionary<string, double> Others { get; init; } = new Dictionary<string, double>();

    /// <summary>Time to the last step at this speed.</summary>
    public TimeSpan Left => TimeSpan.FromSeconds((Steps - Step) / Math.Max(StepsPerSecond, 1e-9));

    private string OthersInWords =>
        string.Concat(
            Others.Select(number => string.Create(CultureInfo.InvariantCulture, $"{number.Key} {number.Value:f4}  "))
        );

    /// <summary>One line for people.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"step {Step}/{Steps}  loss {Loss:f4}  {OthersInWords}gradient {GradientNorm:f3}  rate {LearningRate:e1}  "
                + $"{StepsPerSecond:f2} steps/s  {(int)Left.TotalHours:00}:{Left:mm\\:ss} left"
        );
}
