using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>
/// The weight of a layer in 8 bits with a scale for each output, W ≈ scales ⊙ round(W / scales), and the layer's
/// product with it. Products and sums are whole numbers, so that only the rounding of W and x makes it another result
/// than that of floats.
/// </summary>
internal sealed class Int8Weight : IDisposable
{
    private const double Greatest = 127;

    // An output whose weights are all zero has any scale but zero.
    private const double SmallestRange = 1e-30;
    private readonly Tensor _packed;
    private readonly Tensor _scales;
    private readonly Tensor _zeros;
    private readonly Tensor _bias;
    private readonly SafeConvolution? _convolution;

    /// <summary>Rounds a weight.</summary>
    /// <param name="weight">[outputs, inputs], or [outputs, inputs, k, k] of a convolution. Borrowed.</param>
    /// <param name="bias">[outputs], or null for none. Borrowed.</param>
    /// <param name="convolution">How it is convolved, without groups and dilation; null: a linear layer.</param>
    public Int8Weight(Tensor weight, Tensor? bias, SafeConvolution? convolution = null)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        (_convolution, Shape) = (convolution, weight.shape);
        var outputs = weight.shape[0];
        var rows = weight.to(ScalarType.Float32).reshape(outputs, -1);
        var scales = rows.abs().amax([1]).AtLeast(SmallestRange).Over(Greatest);
        var values = (rows / scales.unsqueeze(1)).round().to(ScalarType.Int8).view(weight.shape);
        var packed = convolution is null
            ? Int8Operators.PackLinear(values)
            : Int8Operators.PackConvolution(values, scales, convolution.Stride, convolution.Padding);
        _packed = packed.DetachFromDisposeScope();
        _scales = scales.DetachFromDisposeScope();
        _zeros = zeros([outputs], ScalarType.Int32).DetachFromDisposeScope();
        _bias = (bias?.to(ScalarType.Float32, copy: true) ?? zeros([outputs])).DetachFromDisposeScope();
    }

    /// <summary>The shape of the weight that it was made of.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes that it takes.</summary>
    public long Bytes => _packed.numel() + 3 * sizeof(float) * _scales.numel();

    /// <summary>What a linear layer makes of x [.., inputs], in the dtype of x: [.., outputs], fresh.</summary>
    public Tensor Linear(Tensor x)
    {
        using var scope = NewDisposeScope();
        var rows = Int8Activation.Of(x.reshape(-1, x.shape[^1]).contiguous());
        return Int8Operators
            .Linear(rows, _packed, _scales, _zeros, _bias, x.dtype)
            .view([.. x.shape[..^1], _scales.numel()])
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What a convolution makes of x [B, inputs, h, w], in the dtype of x: [B, outputs, h', w'], fresh, with channels
    /// last.
    /// </summary>
    /// <param name="x">Fastest with channels last.</param>
    /// <param name="padding">Zeros on all four sides.</param>
    public Tensor Convolution(Tensor x, long padding)
    {
        using var scope = NewDisposeScope();
        var rows = Int8Activation.Of(x.permute(0, 2, 3, 1).contiguous());
        return Int8Operators
            .Convolution(
                rows with
                {
                    Values = rows.Values.permute(0, 3, 1, 2),
                },
                _packed,
                _scales,
                _zeros,
                _bias,
                x.dtype,
                _convolution!.Stride,
                padding
            )
            .MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _packed.Dispose();
        _scales.Dispose();
        _zeros.Dispose();
        _bias.Dispose();
    }
}
