using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// Which tokens of a map are merged into which: those sources that are most like a destination, each into the one that
/// it is most like. Source: Bolya and Hoffman 2023, arXiv:2303.17604, section 3 (bipartite soft matching) and 4.2. Its
/// tensors are of the dispose scope in which it was made.
/// </summary>
internal sealed class TokenMatch
{
    private const double LeastNorm = 1e-6;
    private readonly Tensor _kept;
    private readonly Tensor _destinations;
    private readonly Tensor _merged;
    private readonly Tensor _targets;
    private readonly Tensor _rowOf;

    /// <summary>Matches the tokens of a map.</summary>
    /// <param name="tokens">[B, L, C]; likeness is the cosine between them. Borrowed.</param>
    /// <param name="cells">The cells of the map.</param>
    /// <param name="ratio">Share of the L tokens that go, 0 to 0.75; there are at most as many as sources.</param>
    public TokenMatch(Tensor tokens, TokenCells cells, double ratio)
    {
        var (rows, count) = (tokens.shape[0], tokens.shape[1]);
        var sources = cells.Sources(rows, tokens.device);
        _destinations = cells.Destinations(rows, tokens.device);
        var merging = Math.Min(sources.shape[1], (long)(count * ratio));

        using var scope = NewDisposeScope();
        var unit = tokens / tokens.square().sum([2], keepdim: true).sqrt().AtLeast(LeastNorm);
        var likeness = Picked(unit, sources).matmul(Picked(unit, _destinations).transpose(1, 2));
        var (most, best) = likeness.max(2);
        var order = most.argsort(1, descending: true);
        var (first, rest) = (order.narrow(1, 0, merging), order.narrow(1, merging, sources.shape[1] - merging));
        _merged = sources.gather(1, first).MoveToOuterDisposeScope();
        _targets = best.gather(1, first).MoveToOuterDisposeScope();
        _kept = sources.gather(1, rest).MoveToOuterDisposeScope();

        // Each token in the order kept, destinations, merged; and the row of the merged map that is its own.
        var tokensInOrder = cat([_kept, _destinations, _merged], 1);
        var (kept, left) = (_kept.shape[1], _kept.shape[1] + _destinations.shape[1]);
        var rowsInOrder = cat(
            [TensorArithmetic.Indices(left, tokens.device).unsqueeze(0).expand(rows, -1), _targets.Plus(kept)],
            1
        );
        _rowOf = rowsInOrder.gather(1, tokensInOrder.argsort(1)).MoveToOuterDisposeScope();
    }

    /// <summary>The tokens that are left, the means of what was merged among them: [B, L − merged, C]; fresh.</summary>
    /// <param name="x">[B, L, C]. Borrowed.</param>
    public Tensor Merge(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (rows, width) = (x.shape[0], x.shape[2]);
        var cells = _destinations.shape[1];
        var into = Flat(_targets, cells);
        // Thousands may become one, which is more than types of 16 bits can count.
        Tensor Exact(Tensor numbers) => Picked(x, numbers).to(ScalarType.Float32).reshape(-1, width);
        Tensor Ones(long count) => ones([count, 1], dtype: ScalarType.Float32, device: x.device);
        var sums = Exact(_destinations).index_add(0, into, Exact(_merged), TensorArithmetic.One);
        var counts = Ones(rows * cells).index_add(0, into, Ones(into.shape[0]), TensorArithmetic.One);
        var means = (sums / counts).to(x.dtype).reshape(rows, cells, width);
        return cat([Picked(x, _kept), means], 1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// All tokens again, those that were merged with the value of what they are in: [B, L, C]; fresh.
    /// </summary>
    /// <param name="merged">[B, L − merged, C]. Borrowed.</param>
    public Tensor Unmerge(Tensor merged) => Picked(merged, _rowOf);

    /// <summary>Tokens by their numbers, [B, n], of each row: [B, n, C]; fresh.</summary>
    private static Tensor Picked(Tensor x, Tensor numbers)
    {
        using var scope = NewDisposeScope();
        return x.reshape(-1, x.shape[2])
            .index_select(0, Flat(numbers, x.shape[1]))
            .reshape(x.shape[0], numbers.shape[1], x.shape[2])
            .MoveToOuterDisposeScope();
    }

    /// <summary>Numbers within a row as numbers within all rows: [B · n].</summary>
    private static Tensor Flat(Tensor numbers, long countInRow)
    {
        using var scope = NewDisposeScope();
        var starts = TensorArithmetic.Indices(numbers.shape[0], numbers.device).Times(countInRow).unsqueeze(1);
        return numbers.Plus(starts).flatten().MoveToOuterDisposeScope();
    }
}
