using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Momentum whose steps are made orthogonal, for the matrices inside a network: all directions of a weight learn
/// equally fast, where Adam learns the strong ones first.
/// Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; size of the steps: Liu et al.
/// 2025, arXiv:2502.16982, section 2.2, so that
/// AdamW's learning rates hold.
/// </summary>
/// <remarks>
/// A convolution's weight is the matrix [outputs, inputs · kernel area]. Weights are float32; gradients are accumulated
/// in place and set to zero by <see cref="Step"/>.
/// </remarks>
public sealed class Muon : IDisposable
{
    private const int Iterations = 5;

    // Matrices of one shape go through the iterations together, but on a CPU not so many that one core is left with
    // most of the work.
    private const int LargestStack = 4;
    private const double StepSize = 0.2;
    private readonly Parameter[] _parameters;
    private readonly (long Rows, long Columns, int[] Parameters)[] _stacks;
    private readonly MuonOptions _options;
    private readonly FlatTensor _momentum;

    /// <summary>
    /// Creates the optimizer and the gradient buffers of the parameters, which require gradients from now on.
    /// </summary>
    /// <param name="parameters">
    /// float32 parameters of two or more dimensions, on one device; borrowed for the optimizer's life.
    /// </param>
    /// <param name="options">Momentum and weight decay.</param>
    public Muon(IEnumerable<Parameter> parameters, MuonOptions options)
    {
        _parameters = [.. parameters];
        _options = options;
        foreach (var parameter in _parameters)
        {
            parameter.requires_grad = true;
            parameter.grad = zeros_like(parameter).DetachFromDisposeScope();
        }

        _stacks =
        [
            .. Enumerable
                .Range(0, _parameters.Length)
                .GroupBy(i => (_parameters[i].shape[0], _parameters[i].numel() / _parameters[i].shape[0]))
                .SelectMany(shape =>
                    shape
                        .Chunk(OnHost ? LargestStack : shape.Count())
                        .Select(part => (shape.Key.Item1, shape.Key.Item2, part))
                ),
        ];
        _momentum = new FlatTensor(_parameters);
    }

    private bool OnHost => _parameters.Length == 0 || _parameters[0].device_type == DeviceType.CPU;

    /// <summary>
    /// Running sum of the gradients of one parameter, in its order of elements: a view, float32 [elements].
    /// </summary>
    /// <param name="index">The parameter's number, in the order in which they were given.</param>
    public Tensor MomentumOf(int index) => _momentum.Of(index);

    /// <summary>Changes every parameter by its gradient, then sets the gradients to zero.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    public void Step(double learningRate)
    {
        if (OnHost)
        {
            Parallel.ForEach(_stacks, part => Move(part.Rows, part.Columns, part.Parameters, learningRate));
            return;
        }

        foreach (var (rows, columns, indices) in _stacks)
        {
            Move(rows, columns, indices, learningRate);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in _parameters)
        {
            parameter.requires_grad = false;
            parameter.grad?.Dispose();
            parameter.grad = null;
        }

        _momentum.Dispose();
    }

    private void Move(long rows, long columns, int[] indices, double learningRate)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var directions = Orthogonal(stack([.. indices.Select(i => Ahead(i).view(rows, columns))]));
        var size = StepSize * Math.Sqrt(Math.Max(rows, columns));
        using var kept = (1 - learningRate * _options.WeightDecay).ToScalar();
        using var moved = (-learningRate * size).ToScalar();
        foreach (var (place, i) in indices.Index())
        {
            var parameter = _parameters[i];
            parameter.mul_(kept).add_(directions[place].view(parameter.shape), moved);
            parameter.grad!.zero_();
        }
    }

    /// <summary>
    /// The gradient looked up one step ahead (Nesterov), after it has entered the running sum. It lies in the
    /// gradient's memory.
    /// </summary>
    private Tensor Ahead(int index)
    {
        var gradient = _parameters[index].grad!;
        var momentum = MomentumOf(index).view(gradient.shape);
        using var kept = _options.Momentum.ToScalar();
        momentum.mul_(kept).add_(gradient, TensorArithmetic.One);
        return gradient.add_(momentum, kept);
    }

    /// <summary>
    /// The nearest matrices with singular values about 1, by a quintic Newton–Schulz iteration whose coefficients are
    /// the paper's.
    /// </summary>
    /// <remarks>
    /// Each iteration is x ← (a + b·s + c·s²)·x with s = x·xᵀ. Polynomials of s commute, so the iterations run on the
    /// small square s alone and their product meets x once.
    /// </remarks>
    private static Tensor Orthogonal(Tensor matrices)
    {
        var tall = matrices.shape[1] > matrices.shape[2];
        var x = tall ? matrices.transpose(1, 2) : matrices;
        x = x / x.square().sum([1, 2], keepdim: true).sqrt().Plus(1e-7);
        var square = x.bmm(x.transpose(1, 2));
        var product = eye(x.shape[1], device: x.device).expand_as(square);
        var identity = product.Times(3.4445);
        for (var i = 0; i < Iterations; i++)
        {
            var polynomial = identity.Plus(square.baddbmm(square, square, beta: -4.7750f, alpha: 2.0315f));
            product = polynomial.bmm(product);
            square = polynomial.bmm(square).bmm(polynomial);
        }

        x = product.bmm(x);
        return tall ? x.transpose(1, 2) : x;
    }
}
