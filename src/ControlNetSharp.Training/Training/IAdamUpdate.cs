using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// How <see cref="AdamW"/> keeps its state and changes weights, on one kind of device. It makes the gradient buffers of
/// the parameters.
/// </summary>
internal interface IAdamUpdate : IDisposable
{
    /// <summary>The norm of all gradients together.</summary>
    double GradientNorm();

    /// <summary>Changes every parameter and its state by its gradient, then sets the gradients to zero.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    /// <param name="rates">What a step changes by.</param>
    void Apply(long step, AdamRates rates);

    /// <summary>Views of the state of one parameter.</summary>
    IEnumerable<(string Name, Tensor Values)> StateOf(int index);
}

/// <summary>The factors of one step of AdamW.</summary>
/// <param name="GradientScale">By which gradients are clipped.</param>
/// <param name="StepSize">Learning rate, made up for the young first moment.</param>
/// <param name="RootScale">Makes up for the young second moment, under the root.</param>
/// <param name="Keep">What decay leaves of a weight.</param>
internal readonly record struct AdamRates(float GradientScale, float StepSize, float RootScale, float Keep);
