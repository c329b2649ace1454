namespace ControlNetSharp.Training;

/// <summary>What a training will cost on this machine, told before anything is loaded.</summary>
/// <param name="Memory">Bytes by part.</param>
/// <param name="SecondsPerStep">Time of a step.</param>
/// <param name="AvailableBytes">Memory that is free here.</param>
/// <param name="Advice">What to change if it does not fit; empty if it does.</param>
public sealed record TrainingPlan(
    IReadOnlyList<MemoryPart> Memory,
    double SecondsPerStep,
    long AvailableBytes,
    IReadOnlyList<TrainingAdvice> Advice
)
{
    /// <summary>Bytes in all.</summary>
    public long TotalBytes => Memory.Sum(part => part.Bytes);
}

/// <summary>What one thing takes of the memory.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Bytes">How much.</param>
public sealed record MemoryPart(string Name, long Bytes);
