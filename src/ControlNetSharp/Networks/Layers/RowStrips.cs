using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// Computes a picture in strips of rows, so that only what goes in and what comes out is in memory as a whole. Each
/// strip sees as many rows above and below as its layers do, so the numbers are those of the whole.
/// </summary>
/// <param name="Pixels">About how many pixels a strip has, at least one row.</param>
/// <param name="Wraps">Whether the first row follows the last one: <see cref="SeamlessTiling"/>.</param>
internal sealed record RowStrips(int Pixels, bool Wraps)
{
    /// <summary>What <paramref name="layers"/> make of x; fresh.</summary>
    /// <param name="x">[B, C, h, w]. Borrowed.</param>
    /// <param name="halo">Rows of x that the layers see above and below a row.</param>
    /// <param name="layers">
    /// [B, C, rows, w] to [B, C', s · rows, s · w] with a whole s; given a strip with its halo and the first row of the
    /// strip. What it makes of the halo is cut off.
    /// </param>
    public Tensor Map(Tensor x, int halo, Func<Tensor, Tensor> layers)
    {
        using var scope = NewDisposeScope();
        Tensor? result = null;
        foreach (var (from, count) in Strips(x))
        {
            using var inner = NewDisposeScope();
            var (above, strip) = WithHalo(x, from, count, halo);
            var made = layers(strip);
            var scale = made.shape[2] / strip.shape[2];
            result ??= empty([made.shape[0], made.shape[1], x.shape[2] * scale, made.shape[3]], made.dtype, made.device)
                .MoveToOuterDisposeScope();
            result.narrow(2, from * scale, count * scale).copy_(made.narrow(2, above * scale, count * scale));
        }

        return result!.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What a layer makes of x that halves its height and looks one row further down than the rows it halves; fresh.
    /// </summary>
    /// <param name="x">[B, C, 2h, w]. Borrowed.</param>
    /// <param name="layer">[B, C, 2 · rows or one more, w] to [B, C', rows, w'].</param>
    public Tensor Halve(Tensor x, Func<Tensor, Tensor> layer)
    {
        using var scope = NewDisposeScope();
        var height = x.shape[2];
        var halves = Strips(x.slice(2, 0, height, 2))
            .Select(strip =>
            {
                using var inner = NewDisposeScope();
                var (from, rows) = (2 * strip.From, 2 * strip.Count + 1);
                var seen = Wraps
                    ? x.index_select(
                        2,
                        tensor(
                            Enumerable.Range(0, (int)rows).Select(row => (from + row) % height).ToArray(),
                            device: x.device
                        )
                    )
                    : x.narrow(2, from, Math.Min(rows, height - from));
                return layer(seen).MoveToOuterDisposeScope();
            });
        return cat([.. halves], 2).MoveToOuterDisposeScope();
    }

    /// <summary>Adds to x what <paramref name="layers"/> make of another picture of its size.</summary>
    /// <param name="x">[B, C, h, w]; changed.</param>
    /// <param name="other">[B, C', h, w]. Borrowed.</param>
    /// <param name="halo">Rows of the other that the layers see above and below a row.</param>
    /// <param name="layers">[B, C', rows, w] to [B, C, rows, w].</param>
    public void AddTo(Tensor x, Tensor other, int halo, Func<Tensor, Tensor> layers)
    {
        foreach (var (from, count) in Strips(x))
        {
            using var scope = NewDisposeScope();
            var (above, strip) = WithHalo(other, from, count, halo);
            x.narrow(2, from, count).PlusInPlace(layers(strip).narrow(2, above, count));
        }
    }

    /// <summary>First row and number of rows of each strip; all are about as high.</summary>
    public IEnumerable<(long From, long Count)> Strips(Tensor x)
    {
        var (height, rows) = (x.shape[2], Math.Max(1, Pixels / x.shape[3]));
        var strips = (height + rows - 1) / rows;
        for (var i = 0L; i < strips; i++)
        {
            yield return (i * height / strips, (i + 1) * height / strips - i * height / strips);
        }
    }

    private (long Above, Tensor Strip) WithHalo(Tensor x, long from, long count, int halo)
    {
        var height = x.shape[2];
        if (Wraps && halo > 0)
        {
            // The convolutions of the layers wrap, too; what they take from the strip's other end falls into the halo.
            return (
                halo,
                x.index_select(
                    2,
                    tensor(
                        Enumerable
                            .Range(0, (int)(count + 2 * halo))
                            .Select(row => (from - halo + row + height) % height)
                            .ToArray(),
                        device: x.device
                    )
                )
            );
        }

        var first = Math.Max(0, from - halo);
        return (from - first, x.narrow(2, first, Math.Min(height, from + count + halo) - first));
    }
}
