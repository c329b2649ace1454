using System.Text.Json.Serialization;

namespace ControlNetSharp.Training;

/// <summary>How a training ended and what it left, for programs; its members in camelCase are the JSON.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Loss">Running mean of the training loss.</param>
/// <param name="ValidationLoss">Loss on the validation examples; null where there are none.</param>
/// <param name="Fidelity">How well pictures follow their hints, 0 to 1; null without a control.</param>
/// <param name="FidelityWithoutControl">The same at weight 0.</param>
/// <param name="ConvergedAtStep">The step at which pictures began to follow their hints; null if they did not.</param>
/// <param name="Out">The folder, as the request names it.</param>
/// <param name="Files">The finished networks.</param>
/// <param name="WasCancelled">Whether it was ended early; resuming goes on from there.</param>
public sealed record TrainingSummary(
    long Step,
    double? Loss,
    double? ValidationLoss,
    double? Fidelity,
    double? FidelityWithoutControl,
    long? ConvergedAtStep,
    string Out,
    IReadOnlyList<string> Files,
    [property: JsonIgnore] bool WasCancelled
)
{
    /// <summary>Running mean of the reward loss; null without a reward.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Reward { get; init; }
}
