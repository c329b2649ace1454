namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>How measured depth becomes a hint.</summary>
public sealed record DepthMapOptions
{
    /// <summary>Metres for one unit of the file, above 0. Where null: 0.001 for whole numbers (millimetres, as depth cameras store them), 1 for floats.</summary>
    public double? Unit { get; init; }

    /// <summary>Metres at which the hint is white, above 0; the smallest measured depth where null. What is nearer is white, too.</summary>
    public double? Near { get; init; }

    /// <summary>Metres at which the hint is black, above <see cref="Near"/>; the largest measured depth where null. What is farther is black, too.</summary>
    public double? Far { get; init; }

    /// <summary>Whether grey follows 1 / depth, as that of MiDaS does with which depth ControlNets were trained; else depth itself.</summary>
    public bool Inverse { get; init; } = true;

    internal DepthMapOptions Checked()
    {
        Check(Unit, nameof(Unit));
        Check(Near, nameof(Near));
        Check(Far, nameof(Far));
        return Near >= Far ? throw new ArgumentOutOfRangeException(nameof(Far), Far, $"Far must be above Near, which is {Near} m.") : this;
    }

    private static void Check(double? value, string name)
    {
        if (value is { } number && !(number > 0 && double.IsFinite(number)))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be a number above 0.");
        }
    }
}
