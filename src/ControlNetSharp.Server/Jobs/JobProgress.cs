using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.Jobs;

/// <summary>How far a running job is.</summary>
/// <param name="Done">The share that is done, 0 to 1.</param>
/// <param name="Batch">Which batch, from 0.</param>
/// <param name="Batches">How many there are.</param>
/// <param name="Step">Steps done in this batch.</param>
/// <param name="Steps">Steps of a batch.</param>
/// <param name="Seconds">Seconds since the worker began.</param>
/// <param name="Text">What is being done, in words; null where the numbers say it.</param>
public sealed record JobProgress(
    double Done,
    int Batch = 0,
    int Batches = 1,
    int Step = 0,
    int Steps = 0,
    double Seconds = 0,
    string? Text = null
)
{
    /// <summary>What else is known so far, such as the curves of a training; null where the numbers say all.</summary>
    public JsonObject? Facts { get; init; }

    /// <summary>Counts the previews of this job: another number is another picture. 0 for none yet.</summary>
    public int Preview { get; init; }
}
