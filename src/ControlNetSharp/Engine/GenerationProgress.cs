using ControlNetSharp.Pictures;

namespace ControlNetSharp.Engine;

/// <summary>How far a generation is, told after each step.</summary>
/// <param name="Batch">Which batch, from 0.</param>
/// <param name="Batches">How many there are.</param>
/// <param name="Step">Steps done in this batch, from 1.</param>
/// <param name="Steps">Steps of a batch, of all passes.</param>
/// <param name="Seconds">Seconds since this batch's sampling began.</param>
/// <param name="Preview">
/// What the first picture of the batch will look like; null where none was asked for at this step.
/// </param>
public sealed record GenerationProgress(
    int Batch,
    int Batches,
    int Step,
    int Steps,
    double Seconds,
    Picture? Preview = null
)
{
    /// <summary>The share that is done, 0 to 1, of all batches.</summary>
    public double Done => (Batch + (double)Step / Steps) / Batches;
}
