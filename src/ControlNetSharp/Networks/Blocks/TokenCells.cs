using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// A feature map in cells of 2 × 2 tokens: one token of each is a destination, the other three, and what is left over
/// at odd borders, are sources. Source: Bolya and Hoffman 2023, arXiv:2303.17604, section 4.2.
/// </summary>
internal sealed class TokenCells
{
    private const int Side = 2;
    private readonly long[][] _destinations;
    private readonly long[][] _sources;

    /// <summary>Divides a map.</summary>
    /// <param name="height">Its rows, at least 2.</param>
    /// <param name="width">Its columns, at least 2.</param>
    /// <param name="chosen">
    /// For each picture and each of its cells, row by row, which token is the destination: 0 to 3, row by row.
    /// </param>
    public TokenCells(long height, long width, IReadOnlyList<IReadOnlyList<long>> chosen)
    {
        (Tokens, var columns) = (height * width, width / Side);
        _destinations =
        [
            .. chosen.Select(choices =>
                choices
                    .Select(
                        (choice, cell) =>
                            (cell / columns * Side + choice / Side) * width + cell % columns * Side + choice % Side
                    )
                    .ToArray()
            ),
        ];
        _sources =
        [
            .. _destinations.Select(taken =>
                Enumerable.Range(0, (int)Tokens).Select(token => (long)token).Except(taken).ToArray()
            ),
        ];
    }

    /// <summary>Tokens of the map.</summary>
    public long Tokens { get; }

    /// <summary>How many cells a map has.</summary>
    public static long CountIn(long height, long width) => height / Side * (width / Side);

    /// <summary>The destinations of each row: [<paramref name="rows"/>, cells], int64; fresh.</summary>
    /// <param name="rows">Rows, a multiple of the pictures, which take turns.</param>
    /// <param name="device">Where.</param>
    public Tensor Destinations(long rows, Device device) => ForRows(_destinations, rows, device);

    /// <summary>The sources of each row, likewise: [<paramref name="rows"/>, tokens − cells].</summary>
    public Tensor Sources(long rows, Device device) => ForRows(_sources, rows, device);

    private static Tensor ForRows(long[][] pictures, long rows, Device device)
    {
        var all = Enumerable.Range(0, (int)rows).SelectMany(row => pictures[row % pictures.Length]).ToArray();
        return tensor(all, [rows, pictures[0].Length], device: device);
    }
}
