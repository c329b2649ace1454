using System.Numerics;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// A moment in eight bits an element: a block of 256 has one scale, its largest value, and each element a code c with
/// value = scale · (c / steps)⁴ and the element's sign.
/// Source: Dettmers et al. 2022, arXiv:2110.02861, for blocks; the fourth power is ours: like their table it spaces
/// codes evenly in size over many orders of magnitude, and it is
/// computed in vectors where a table is looked up.
/// </summary>
internal sealed unsafe class EightBitMoment : Moment
{
    // A linear congruential generator a lane. Source: Numerical Recipes, section 7.1.
    private static readonly Vector<uint> Multiplier = new(1664525);
    private static readonly Vector<uint> Increment = new(1013904223);
    private static readonly Vector<uint> Lanes = new(
        Enumerable.Range(0, Vector<uint>.Count).Select(lane => unchecked((uint)lane * 2654435761)).ToArray()
    );
    private readonly bool _signed;
    private readonly long[] _starts;
    private readonly long[] _blockStarts;
    private readonly Tensor _codes;
    private readonly Tensor _scales;
    private readonly byte* _codePointer;
    private readonly float* _scalePointer;

    public EightBitMoment(IReadOnlyList<long> lengths, bool signed)
        : base(lengths)
    {
        _signed = signed;
        _starts = Starts(lengths);
        _blockStarts = Starts([.. lengths.Select(length => (length + BlockLength - 1) / BlockLength)]);
        _codes = zeros(Math.Max(_starts[^1], 1), ScalarType.Byte).DetachFromDisposeScope();
        _scales = zeros(Math.Max(_blockStarts[^1], 1)).DetachFromDisposeScope();
        _codePointer = (byte*)Pointer(_codes);
        _scalePointer = (float*)Pointer(_scales);
    }

    private float Steps => _signed ? 127 : 255;

    /// <inheritdoc/>
    public override float* Load(int parameter, long offset, int count, float* buffer)
    {
        var codes = _codePointer + _starts[parameter] + offset;
        var scale = _scalePointer[_blockStarts[parameter] + offset / BlockLength];
        var step = 1 / Steps;
        for (var i = 0; i < count; i++)
        {
            var c = (_signed ? (sbyte)codes[i] : codes[i]) * step;
            buffer[i] = c * c * c * (_signed ? MathF.Abs(c) : c) * scale;
        }

        return buffer;
    }

    /// <inheritdoc/>
    public override void Store(int parameter, long offset, int count, float* values, uint seed)
    {
        var scale = MathF.Abs(
            System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(new ReadOnlySpan<float>(values, count))
        );
        var inverse = 1 / scale;
        if (!float.IsFinite(inverse))
        {
            (scale, inverse) = (0, 0);
        }

        _scalePointer[_blockStarts[parameter] + offset / BlockLength] = scale;

        // The last vector may reach into the rest of the buffer, which nobody reads.
        var whole = stackalloc int[BlockLength];
        var random = new Vector<uint>(seed) + Lanes;
        for (var i = 0; i < count; i += Vector<float>.Count)
        {
            var x = *(Vector<float>*)(values + i);
            random = random * Multiplier + Increment;
            var code = Rounded(Vector.Abs(x) * inverse, Vector.ConvertToSingle(random >> 8) * (1f / (1 << 24)));
            *(Vector<int>*)(whole + i) = _signed
                ? Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), -code, code)
                // A mean of squares that vanished would be divided by: what is above zero stays above zero.
                : Vector.ConditionalSelect(
                    Vector.GreaterThan(x, Vector<float>.Zero),
                    Vector.Max(code, Vector<int>.One),
                    code
                );
        }

        var codes = _codePointer + _starts[parameter] + offset;
        for (var i = 0; i < count; i++)
        {
            codes[i] = (byte)whole[i];
        }
    }

    /// <summary>
    /// The code below or above a size of 0 to 1, at random, so that values are right on average: a mean of squares
    /// changes by a thousandth of the difference in a step, far less than
    /// from code to code, and would stay where it is if it were rounded to the nearest one.
    /// </summary>
    private Vector<int> Rounded(Vector<float> size, Vector<float> random)
    {
        var below = Vector.Min(
            Vector.Floor(Vector.SquareRoot(Vector.SquareRoot(size)) * Steps),
            new Vector<float>(Steps - 1)
        );
        var (low, high) = (Fourth(below / Steps), Fourth((below + Vector<float>.One) / Steps));
        return Vector.ConvertToInt32(
            below
                + Vector.ConditionalSelect(
                    Vector.LessThan(random * (high - low), size - low),
                    Vector<float>.One,
                    Vector<float>.Zero
                )
        );
    }

    private static Vector<float> Fourth(Vector<float> x)
    {
        var square = x * x;
        return square * square;
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Suffix, Tensor Values)> StateOf(int parameter) =>
        [
            (".codes", _codes.narrow(0, _starts[parameter], Lengths[parameter])),
            (
                ".scales",
                _scales.narrow(0, _blockStarts[parameter], _blockStarts[parameter + 1] - _blockStarts[parameter])
            ),
        ];

    /// <inheritdoc/>
    public override void Dispose()
    {
        _codes.Dispose();
        _scales.Dispose();
    }
}
