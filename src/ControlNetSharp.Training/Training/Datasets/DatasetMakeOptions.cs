namespace ControlNetSharp.Training.Datasets;

/// <summary>What <see cref="DatasetMaker"/> is to make.</summary>
public sealed record DatasetMakeOptions
{
    /// <summary>
    /// Scenes from here on are kept for validation, those from 1 000 000 on for evaluation: up to
    /// <see cref="LastReservedSeed"/> no training may see them.
    /// </summary>
    public const long FirstReservedSeed = 900_000;

    /// <summary>The last seed that no training may see.</summary>
    public const long LastReservedSeed = 1_099_999;

    /// <summary>
    /// Condition kinds or their aliases, in any case, or <see cref="FillScene.Condition"/>, at least one; see
    /// <see cref="DatasetMaker.Conditions"/>. Of several the examples have one in turn.
    /// </summary>
    public required IReadOnlyList<string> Conditions { get; init; }

    /// <summary>
    /// Whether hints vary as those that people bring do: from annotators as well as exact, thicker, with gaps, shifted,
    /// noisy. Default false.
    /// </summary>
    public bool Varies { get; init; }

    /// <summary>Number of examples, 1 to 1 000 000; each is a scene of its own.</summary>
    public required int Scenes { get; init; }

    /// <summary>Pixels a side: a multiple of 64 from 64 to 2048. Default 256.</summary>
    public int Size { get; init; } = 256;

    /// <summary>
    /// Seed of the first scene, 0 to 2 000 000 000; the others count on from it. Default 2 000 000. No scene may have a
    /// reserved seed.
    /// </summary>
    public long FirstSeed { get; init; } = 2_000_000;

    /// <summary>Whether a scene would have a reserved seed.</summary>
    public bool UsesReservedSeeds => FirstSeed <= LastReservedSeed && FirstSeed + Scenes > FirstReservedSeed;

    internal DatasetMakeOptions Checked()
    {
        Check(Conditions.Count > 0, nameof(Conditions), "[]", "at least one");
        Check(Scenes is >= 1 and <= 1_000_000, nameof(Scenes), Scenes, "from 1 to 1000000");
        Check(Size is >= 64 and <= 2048 && Size % 64 == 0, nameof(Size), Size, "a multiple of 64 from 64 to 2048");
        Check(FirstSeed is >= 0 and <= 2_000_000_000, nameof(FirstSeed), FirstSeed, "from 0 to 2000000000");
        Check(
            !UsesReservedSeeds,
            nameof(FirstSeed),
            FirstSeed,
            $"chosen so that no scene has a seed from {FirstReservedSeed} to {LastReservedSeed}, which validation and "
                + "evaluation use"
        );
        return this;
    }

    private static void Check(bool isAllowed, string name, object value, string allowed)
    {
        if (!isAllowed)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} {value}: must be {allowed}.");
        }
    }
}
