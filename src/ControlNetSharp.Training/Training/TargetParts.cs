namespace ControlNetSharp.Training;

/// <summary>
/// What a target is made of: a row for each, so that whoever trains, plans or saves asks for facts and not for names.
/// </summary>
internal sealed record TargetParts
{
    private static readonly Dictionary<TrainingTarget, TargetParts> Rows = new()
    {
        [TrainingTarget.ControlNet] = new() { HasControl = true },
        [TrainingTarget.ControlNetAndDecoder] = new() { HasControl = true, TrainsDecoder = true },
        [TrainingTarget.ControlLora] = new() { HasControl = true, IsLowRank = true },
        [TrainingTarget.UNet] = new() { TrainsEncoder = true, TrainsDecoder = true },
    };

    /// <summary>Whether there is a network that controls, which is trained.</summary>
    public bool HasControl { get; private init; }

    /// <summary>Whether that network is the UNet's encoder half with changes of low rank.</summary>
    public bool IsLowRank { get; private init; }

    /// <summary>Whether input blocks, middle block and embeddings of the UNet are trained.</summary>
    public bool TrainsEncoder { get; private init; }

    /// <summary>Whether the UNet's output blocks and its last layers are trained.</summary>
    public bool TrainsDecoder { get; private init; }

    /// <summary>Whether any of the UNet is trained, so that a finished training writes a model.</summary>
    public bool ChangesModel => TrainsEncoder || TrainsDecoder;

    /// <summary>The row of a target.</summary>
    public static TargetParts Of(TrainingTarget target) => Rows[target];

    /// <summary>Whether a parameter of the UNet is trained.</summary>
    /// <param name="name">Its name without a prefix.</param>
    public bool Trains(string name) => IsOfDecoder(name) ? TrainsDecoder : TrainsEncoder;

    private static bool IsOfDecoder(string name) =>
        name.StartsWith("output_blocks.", StringComparison.Ordinal)
        || name.StartsWith("out.", StringComparison.Ordinal);
}
