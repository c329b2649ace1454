using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>
/// Sums, multiples and limits of tensors that are safe while other threads allocate. The operators of TorchSharp 0.107
/// make a Scalar for each of them (that of <c>x + y</c> says by what y is
/// scaled) and pass its address to native code without keeping the object alive; if a garbage collection falls between
/// both, the finalizer frees what native code is about to read, which then
/// fails or computes something else. The analyzers of this repository ban those operators. Results are new tensors, of
/// the dispose scope.
/// </summary>
public static class TensorArithmetic
{
    // Kept for good, so never finalized.
    internal static readonly Scalar One = 1.ToScalar();

    /// <summary>x + y.</summary>
    public static Tensor Plus(this Tensor x, Tensor y) => x.add(y, One);

    /// <summary>x + y in each element.</summary>
    public static Tensor Plus(this Tensor x, double y)
    {
        using var number = NumberFor(x, y);
        return x.add(number, One);
    }

    /// <summary>x becomes x + y.</summary>
    /// <returns>x.</returns>
    public static Tensor PlusInPlace(this Tensor x, Tensor y) => x.add_(y, One);

    /// <summary>x − y in each element.</summary>
    public static Tensor Minus(this Tensor x, double y) => x.Plus(-y);

    /// <summary>y − x in each element.</summary>
    public static Tensor SubtractedFrom(this Tensor x, double y)
    {
        using var negative = x.neg();
        return negative.Plus(y);
    }

    /// <summary>x · y in each element.</summary>
    public static Tensor Times(this Tensor x, double y)
    {
        using var number = NumberFor(x, y);
        return x.mul(number);
    }

    /// <summary>x / y in each element.</summary>
    public static Tensor Over(this Tensor x, double y)
    {
        using var number = y.ToScalar();
        return x.div(number);
    }

    /// <summary>The smaller of x and y in each element.</summary>
    public static Tensor AtMost(this Tensor x, double y)
    {
        using var number = NumberFor(x, y);
        return x.clamp_max(number);
    }

    /// <summary>The larger of x and y in each element.</summary>
    public static Tensor AtLeast(this Tensor x, double y)
    {
        using var number = NumberFor(x, y);
        return x.clamp_min(number);
    }

    /// <summary>Whether each element is above y.</summary>
    public static Tensor IsAbove(this Tensor x, double y)
    {
        using var number = NumberFor(x, y);
        return x.gt(number);
    }

    /// <summary>Whether each element is y or above.</summary>
    public static Tensor IsAtLeast(this Tensor x, double y)
    {
        using var number = NumberFor(x, y);
        return x.ge(number);
    }

    /// <summary>0, 1, 2, …: int64 of shape [<paramref name="count"/>].</summary>
    public static Tensor Indices(long count, Device device) =>
        tensor(Enumerable.Range(0, checked((int)count)).Select(i => (long)i).ToArray(), device: device);

    /// <summary>A whole number for a tensor of whole numbers, which thus stays one.</summary>
    private static Scalar NumberFor(Tensor x, double y) =>
        !x.is_floating_point() && y == Math.Floor(y) ? ((long)y).ToScalar() : y.ToScalar();
}
