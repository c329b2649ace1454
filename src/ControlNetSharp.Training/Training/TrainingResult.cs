namespace ControlNetSharp.Training;

/// <summary>How a training ended.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Loss">Running mean of the training loss.</param>
/// <param name="ValidationLoss">Loss on the validation examples; null where there are none.</param>
/// <param name="Fidelity">How well pictures follow their hints, 0 to 1; null without a control.</param>
/// <param name="FidelityWithoutControl">The same at weight 0.</param>
/// <param name="ConvergedAtStep">The step at which pictures began to follow their hints; null if they did not.</param>
/// <param name="Reward">Running mean of the reward loss; null without a reward.</param>
public sealed record TrainingResult(
    long Step,
    double? Loss,
    double? ValidationLoss,
    double? Fidelity,
    double? FidelityWithoutControl,
    long? ConvergedAtStep,
    double? Reward = null
);
