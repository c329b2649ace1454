using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>What a requested training will cost on this machine.</summary>
/// <param name="Plan">Memory, time and advice.</param>
/// <param name="Side">Width and height of the pictures that were reckoned with.</param>
/// <param name="Dtype">The type that is computed in.</param>
/// <param name="SamplesPerSecond">Pictures that are trained on in a second.</param>
public sealed record PlannedTraining(TrainingPlan Plan, int Side, ScalarType Dtype, double SamplesPerSecond);
