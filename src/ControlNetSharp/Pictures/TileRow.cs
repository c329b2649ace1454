namespace ControlNetSharp.Pictures;

/// <summary>
/// How a length is cut into tiles that overlap: all of one length, evenly, the first and the last at the ends. Where
/// tiles overlap their shares rise and fall linearly, so that nothing begins or ends at a line.
/// </summary>
internal sealed class TileRow
{
    private readonly int _overlap;

    /// <summary>Cuts.</summary>
    /// <param name="length">What is cut, at least 1.</param>
    /// <param name="tile">The length of a tile; what is shorter is one tile.</param>
    /// <param name="overlap">By how much neighbours overlap at least, 0 to half a tile.</param>
    public TileRow(int length, int tile, int overlap)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(tile, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(overlap);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(2 * overlap, tile);
        (Length, Tile, _overlap) = (length, Math.Min(tile, length), overlap);
        var count = length <= tile ? 1 : (length - overlap + tile - overlap - 1) / (tile - overlap);
        Starts =
        [
            .. Enumerable
                .Range(0, count)
                .Select(index => count == 1 ? 0 : (int)((long)index * (length - tile) / (count - 1))),
        ];
    }

    private TileRow(int length, int tile, int overlap, IReadOnlyList<int> starts) =>
        (Length, Tile, _overlap, Starts) = (length, tile, overlap, starts);

    /// <summary>What is cut.</summary>
    public int Length { get; }

    /// <summary>The length of each tile.</summary>
    public int Tile { get; }

    /// <summary>Where tiles begin.</summary>
    public IReadOnlyList<int> Starts { get; }

    /// <summary>The same where each place is that many.</summary>
    public TileRow Times(int factor) =>
        new(Length * factor, Tile * factor, _overlap * factor, [.. Starts.Select(start => start * factor)]);

    /// <summary>
    /// The part of a tile that is nearer to its middle than to that of its neighbours: these parts make up the whole.
    /// </summary>
    /// <param name="index">The tile, from 0.</param>
    /// <returns>First and behind the last, counted in the whole.</returns>
    public (int From, int To) Core(int index) => (Border(index), Border(index + 1));

    /// <summary>
    /// The share of a tile at each of its places; those of all tiles at a place sum to 1. It rises over the overlap
    /// that was asked for, around the middle of what there is.
    /// </summary>
    /// <param name="index">The tile, from 0.</param>
    public float[] Shares(int index) =>
        [
            .. Enumerable
                .Range(Starts[index], Tile)
                .Select(place =>
                    (float)(
                        Rise(index, place) / Enumerable.Range(0, Starts.Count).Sum(other => Rise(other, place))
                    )
                ),
        ];

    /// <summary>The border between a tile and the one before it.</summary>
    private int Border(int index) =>
        index == 0 ? 0
        : index == Starts.Count ? Length
        : (Starts[index] + Starts[index - 1] + Tile) / 2;

    private double Rise(int index, int place)
    {
        if (place < Starts[index] || place >= Starts[index] + Tile)
        {
            return 0;
        }

        // Half a place, so that a share is never 0 where a tile is the only one.
        double After(int border) => Math.Clamp((place + 0.5 - border) / Math.Max(1, _overlap) + 0.5, 0, 1);
        var begins = index == 0 ? 1 : After(Border(index));
        var ends = index + 1 == Starts.Count ? 1 : 1 - After(Border(index + 1));
        return begins * ends;
    }
}
