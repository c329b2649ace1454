namespace ControlNetSharp.Evaluation;

/// <summary>A condition kind that is measured.</summary>
public sealed record EvaluatedControl
{
    /// <summary>Name or alias of the kind, such as <c>canny</c>; one that has a metric.</summary>
    public required string Kind { get; init; }

    /// <summary>
    /// Name, path or hash of its ControlNet; null (the default) for the one that is found under a published name.
    /// </summary>
    public string? Model { get; init; }
}
