using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// Two-dimensional convolution, with bias unless said otherwise, computed in the dtype of x. Weights are uninitialised
/// until loaded or set.
/// </summary>
internal sealed class ConvolutionLayer : Module<Tensor, Tensor>, ILowRankLayer, IInt8Layer
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;

    [ComponentName(Name = "bias")]
    private Parameter? _bias;
#pragma warning restore IDE0044, RCS1169
    private static readonly SafeConvolution Pointwise = new(Stride: 1, Padding: 0);
    private readonly SafeConvolution _convolution;
    private readonly PaddedWeight _padded = new();

    /// <summary>
    /// Creates the layer for [B, <paramref name="inputs"/>, h, w] -> [B, <paramref name="outputs"/>, h', w'] with a
    /// square kernel; zeros are padded on all four sides.
    /// </summary>
    public ConvolutionLayer(
        int inputs,
        int outputs,
        int kernel,
        int stride,
        int padding,
        Placement placement,
        int groups = 1,
        int dilation = 1,
        bool bias = true
    )
        : base(nameof(ConvolutionLayer))
    {
        _convolution = new SafeConvolution(stride, padding, dilation, groups);
        _weight = LayerMemory.Empty(placement, outputs, inputs / groups, kernel, kernel);
        _bias = bias ? LayerMemory.Empty(placement, outputs) : null;
        RegisterComponents();
    }

    /// <summary>Whether the opposite border is padded instead of zeros: <see cref="SeamlessTiling"/>.</summary>
    internal bool WrapsAround { get; set; }

    /// <inheritdoc/>
    public Parameter Weight => _weight;

    /// <summary>[outputs, inputs / groups, k, k].</summary>
    public IReadOnlyList<long> WeightShape => Int8?.Shape ?? _weight.shape;

    /// <inheritdoc/>
    public LowRankChange? Change { get; private set; }

    /// <inheritdoc/>
    public Int8Weight? Int8 { get; private set; }

    /// <inheritdoc/>
    public void Lock(Parameter weight, LowRankChange change)
    {
        _weight.Dispose();
        (_weight, Change) = (weight, change);
        ConditionallyRegisterParameter("weight", weight);
        register_parameter(LowRankChange.UpName, change.Up);
        register_parameter(LowRankChange.DownName, change.Down);
    }

    /// <inheritdoc/>
    public void ToInt8()
    {
        Int8 = new Int8Weight(_weight, _bias, _convolution);
        ConditionallyRegisterParameter("weight", null!);
        _weight.Dispose();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var convolution = _convolution;
        if (WrapsAround && convolution.Padding > 0)
        {
            var border = convolution.Padding;
            x = functional.pad(x, [border, border, border, border], PaddingModes.Circular);
            convolution = convolution with { Padding = 0 };
        }

        if (Int8 is { } int8)
        {
            return int8.Convolution(x, convolution.Padding).MoveToOuterDisposeScope();
        }

        var y = convolution.Run(x, _weight, _bias, _padded);
        if (Change is { } change)
        {
            y = y.Plus(Pointwise.Run(convolution.Run(x, change.Down, null), change.Up, null));
        }

        return y.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Int8?.Dispose();
        _padded.Dispose();
        base.Dispose(disposing);
    }
}
