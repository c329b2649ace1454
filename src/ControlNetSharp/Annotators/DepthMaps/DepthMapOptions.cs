namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>How a depth map becomes a hint.</summary>
public sealed record DepthMapOptions
{
    /// <summary>What large values mean.</summary>
    public DepthEnd Large { get; init; }

    /// <summary>
    /// Metres for one unit of the file, above 0. Where null: 0.001 for whole numbers (millimetres, as depth cameras
    /// store them), 1 for floats.
    /// </summary>
    public double? Unit { get; init; }

    /// <summary>
    /// Metres at which the hint is white, above 0; the smallest measured depth without outliers where null. What is
    /// nearer is white, too.
    /// </summary>
    public double? Near { get; init; }

    /// <summary>
    /// Metres at which the hint is black, above <see cref="Near"/>; the largest measured depth without outliers where
    /// null. What is farther is black, too.
    /// </summary>
    public double? Far { get; init; }

    /// <summary>
    /// Whether grey follows 1 / depth, as that of MiDaS does with which depth ControlNets were trained; else depth
    /// itself. Relative maps are taken as they are.
    /// </summary>
    public bool Inverse { get; init; } = true;

    /// <summary>Whether something is given that only measured depth has.</summary>
    internal bool IsInMetres => Unit is not null || Near is not null || Far is not null;

    internal DepthMapOptions Checked()
    {
        Check(Unit, nameof(Unit));
        Check(Near, nameof(Near));
        Check(Far, nameof(Far));
        return Conflict is { } conflict
            ? throw new ArgumentException($"{conflict.Option}: {conflict.Problem}", conflict.Option)
            : this;
    }

    /// <summary>Which option does not go with another, and why; null where they fit.</summary>
    internal (string Option, string Problem)? Conflict =>
        Near >= Far ? (nameof(Far), $"must be above near, which is {Near} m.")
        : Large == DepthEnd.Near && IsInMetres
            ? (nameof(Large), "near, far and unit are metres, which a map has none of where large is near.")
        : null;

    private static void Check(double? value, string name)
    {
        if (value is { } number && !(number > 0 && double.IsFinite(number)))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be a number above 0.");
        }
    }
}
