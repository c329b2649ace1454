using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// What a LoRA or one of its kin changes in one tensor of a model. With a magnitude it is a DoRA: the weight's rows (or
/// columns) get the lengths that the file says. Source: Liu et al. 2024, arXiv:2402.09353, equation (5); numbers:
/// goldens lycoris.
/// </summary>
/// <param name="Name">The module as the file names it.</param>
internal abstract record LoraChange(string Name)
{
    /// <summary>What keeps a length of zero from dividing: that of LyCORIS, float32's.</summary>
    private const double Epsilon = 1.1920929e-07;

    /// <summary>
    /// The lengths of a DoRA: [outputs, 1, …] for those of rows, [1, inputs, …] for columns; null for no DoRA.
    /// </summary>
    public StoredTensor? Magnitude { get; init; }

    /// <summary>
    /// The shape of what it adds, where the inputs and the kernel may be one dimension; null where its parts do not fit
    /// each other.
    /// </summary>
    public abstract long[]? Shape { get; }

    /// <summary>Whether it can be added to a weight; a matrix and a 1×1 convolution are the same numbers.</summary>
    public virtual bool Fits(long[] weight) =>
        Shape is [var outputs, .. var rest]
        && weight is [var rows, .. var sides]
        && outputs == rows
        && Product(rest) == Product(sides)
        && FitsMagnitude(weight);

    /// <summary>What it adds at weight 1, without regard to a magnitude.</summary>
    /// <param name="shape">The shape of the weight that it is added to; it fits.</param>
    /// <param name="device">Where it is computed.</param>
    /// <returns>float32, of that shape; fresh.</returns>
    public abstract Tensor Delta(long[] shape, Device device);

    /// <summary>What it adds to a weight at weight 1.</summary>
    /// <param name="weight">The model's own, in float32. Borrowed.</param>
    /// <returns>float32, of its shape; fresh.</returns>
    public Tensor Change(Tensor weight)
    {
        if (Magnitude is null)
        {
            return Delta(weight.shape, weight.device);
        }

        using var scope = NewDisposeScope();
        var whole = weight.Plus(Delta(weight.shape, weight.device));
        var ofRows = IsOfRows(weight.shape);
        var rows = (ofRows ? whole : whole.transpose(0, 1)).flatten(1);
        long[] sides =
        [
            .. Enumerable.Range(0, weight.shape.Length).Select(side => side == (ofRows ? 0 : 1) ? -1L : 1L),
        ];
        var lengths = (rows * rows).sum([1]).sqrt().Plus(Epsilon).reshape(sides);
        var wanted = Magnitude.Read(ScalarType.Float32).to(weight.device).reshape(sides);
        return (whole * wanted / lengths - weight).MoveToOuterDisposeScope();
    }

    /// <summary>Whether a magnitude has a number for each row or column of a weight.</summary>
    protected bool FitsMagnitude(long[] weight) =>
        Magnitude is null
        || (
            weight.Length > 1
            && Magnitude.Shape.Count > 1
            && (IsOfRows(weight) || (Magnitude.Shape[1] == weight[1] && Product(Magnitude.Shape) == weight[1]))
        );

    private protected static long Product(IEnumerable<long> sides) => sides.Aggregate(1L, (a, b) => a * b);

    private bool IsOfRows(long[] weight) => Magnitude!.Shape[0] == weight[0] && Product(Magnitude.Shape) == weight[0];
}

/// <summary>
/// The difference of a tensor itself. Source: LyCORIS, full and norm modules (<c>diff</c>, <c>w_norm</c>).
/// </summary>
/// <param name="Name">The module as the file names it; with <c>.bias</c> for that of a bias.</param>
/// <param name="Difference">What is added.</param>
internal sealed record DifferenceModule(string Name, StoredTensor Difference) : LoraChange(Name)
{
    /// <inheritdoc/>
    public override long[] Shape => [.. Difference.Shape];

    /// <inheritdoc/>
    public override Tensor Delta(long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        return Difference.Read(ScalarType.Float32).to(device).reshape(shape).MoveToOuterDisposeScope();
    }
}
