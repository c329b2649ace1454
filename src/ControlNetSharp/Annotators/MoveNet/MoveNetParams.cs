namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>A block of the backbone.</summary>
/// <param name="Channels">Channels out.</param>
/// <param name="Stride">2 where it halves the map.</param>
/// <param name="Level">The level of the pyramid that sees its output: pixels of the picture a cell; 0 for none.</param>
internal sealed record MoveNetBlock(int Channels, int Stride, int Level = 0);

/// <summary>
/// A level of the pyramid, which joins a map of the backbone to the doubled map of the level below it.
/// </summary>
/// <param name="Level">Pixels of the picture a cell, which its name tells.</param>
/// <param name="Lateral">Channels that the map of the backbone is brought to; those of the level below.</param>
/// <param name="Merged">Channels out.</param>
internal sealed record MoveNetLevel(int Level, int Lateral, int Merged);

/// <summary>What a head says of each cell of the finest level.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Values">Numbers a cell.</param>
internal sealed record MoveNetHead(string Name, int Values);

/// <summary>
/// MoveNet MultiPose Lightning as tables: MobileNetV2 1.5 wide (Sandler et al. 2018, arXiv:1801.04381), a feature
/// pyramid down to a quarter of the picture (Lin et al. 2017, arXiv:1612.03144), and the heads of CenterNet (Zhou et
/// al. 2019, arXiv:1904.07850). Source: the published graph, tfhub.dev/google/movenet/multipose/lightning/1.
/// </summary>
internal static class MoveNetParams
{
    /// <summary>Height and width of its pictures are multiples of this.</summary>
    public const int SizeStep = 32;

    /// <summary>Pixels of the picture a cell of the heads' maps.</summary>
    public const int Stride = 4;

    /// <summary>Key points of a person: COCO's.</summary>
    public const int Points = 17;

    /// <summary>Channels of the stem, at half the size.</summary>
    public const int StemChannels = 48;

    /// <summary>All blocks but the first widen their input so many times.</summary>
    public const int Expansion = 6;

    /// <summary>Channels of the last map of the backbone, and of what the pyramid begins with.</summary>
    public const int LastChannels = 1280,
        TopChannels = 64;

    /// <summary>Channels inside a head.</summary>
    public const int HeadChannels = 96;

    /// <summary>A block adds its input where both have one shape.</summary>
    public static readonly IReadOnlyList<MoveNetBlock> Blocks =
    [
        new(24, 1),
        new(40, 2),
        new(40, 1, Level: 4),
        new(48, 2),
        new(48, 1),
        new(48, 1, Level: 8),
        new(96, 2),
        new(96, 1),
        new(96, 1),
        new(96, 1, Level: 16),
        new(144, 1),
        new(144, 1),
        new(144, 1),
        new(240, 2),
        new(240, 1),
        new(240, 1),
        new(480, 1),
    ];

    /// <summary>Coarse to fine.</summary>
    public static readonly IReadOnlyList<MoveNetLevel> Pyramid = [new(16, 64, 32), new(8, 32, 24), new(4, 24, 24)];

    /// <summary>In the order of <see cref="MoveNetMaps"/>.</summary>
    public static readonly IReadOnlyList<MoveNetHead> Heads =
    [
        new("center", 1),
        new("box_scale", 2),
        new("box_offset", 2),
        new("keypoint_heatmap", Points),
        new("keypoint_regression", 2 * Points),
        new("keypoint_offset", 2 * Points),
    ];
}
