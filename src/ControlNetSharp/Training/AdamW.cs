using System.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Adam with decoupled weight decay. Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2; PyTorch torch.optim.AdamW for the place of epsilon.
/// </summary>
/// <remarks>
/// TorchSharp's own is a managed loop over tensors with large temporaries; this one passes over the memory once, on all cores.
/// Parameters are float32 on the CPU; gradients are accumulated in place and set to zero by <see cref="Step"/>.
/// </remarks>
public sealed unsafe class AdamW : IDisposable
{
    private const int ChunkLength = 1 << 16;
    private readonly Parameter[] _parameters;
    private readonly Chunk[] _chunks;
    private readonly double[] _squares;
    private readonly AdamWOptions _options;

    /// <summary>Creates the optimizer and the gradient buffers of the parameters, which require gradients from now on.</summary>
    /// <param name="parameters">float32 CPU parameters; borrowed for the optimizer's life.</param>
    /// <param name="options">Betas, epsilon, weight decay.</param>
    public AdamW(IEnumerable<Parameter> parameters, AdamWOptions options)
    {
        _parameters = [.. parameters];
        _options = options;
        foreach (var parameter in _parameters)
        {
            parameter.requires_grad = true;
            parameter.grad = zeros_like(parameter).DetachFromDisposeScope();
        }

        var total = _parameters.Sum(p => p.numel());
        FirstMoment = zeros(total).DetachFromDisposeScope();
        SecondMoment = zeros(total).DetachFromDisposeScope();
        _chunks = [.. Chunk.Split(_parameters, ChunkLength)];
        _squares = new double[_chunks.Length];
    }

    /// <summary>Steps taken so far.</summary>
    public long Steps { get; set; }

    /// <summary>Running mean of the gradients, all parameters one after another in order: float32 [total].</summary>
    public Tensor FirstMoment { get; }

    /// <summary>Running mean of the squared gradients, laid out alike.</summary>
    public Tensor SecondMoment { get; }

    /// <summary>Changes every parameter by its gradient, then sets the gradients to zero.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="largestNorm">Gradients are scaled down to this norm; null for no clipping.</param>
    /// <returns>The norm of all gradients before clipping.</returns>
    /// <exception cref="TrainingException">The norm is not a finite number; nothing was changed.</exception>
    public double Step(double learningRate, double? largestNorm = null)
    {
        var norm = GradientNorm();
        if (!double.IsFinite(norm))
        {
            throw new TrainingException($"The gradient norm of step {Steps + 1} is {norm}; the weights were not changed.", Steps + 1, norm);
        }

        Steps++;
        var scale = largestNorm is { } largest && norm > largest ? (float)(largest / norm) : 1f;
        var stepSize = (float)(learningRate / (1 - Math.Pow(_options.Beta1, Steps)));
        var rootScale = (float)(1 / Math.Sqrt(1 - Math.Pow(_options.Beta2, Steps)));
        var keep = (float)(1 - learningRate * _options.WeightDecay);
        var (values, gradients) = (Pointers(_parameters), Pointers(_parameters.Select(p => p.grad!)));
        var (first, second) = (Pointer(FirstMoment), Pointer(SecondMoment));
        Parallel.For(0, _chunks.Length, i =>
        {
            var (tensor, offset, length, position) = _chunks[i];
            Update((float*)values[tensor] + offset, (float*)gradients[tensor] + offset, (float*)first + position, (float*)second + position, length, scale, stepSize, rootScale, keep);
        });
        return norm;
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

        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }

    private void Update(float* value, float* gradient, float* first, float* second, int length, float scale, float stepSize, float rootScale, float keep)
    {
        var (b1, b2, epsilon) = ((float)_options.Beta1, (float)_options.Beta2, (float)_options.Epsilon);
        var wide = new Vector<float>(epsilon);
        var i = 0;
        for (; i + Vector<float>.Count <= length; i += Vector<float>.Count)
        {
            var g = *(Vector<float>*)(gradient + i) * scale;
            var m = *(Vector<float>*)(first + i) * b1 + g * (1 - b1);
            var v = *(Vector<float>*)(second + i) * b2 + g * g * (1 - b2);
            *(Vector<float>*)(first + i) = m;
            *(Vector<float>*)(second + i) = v;
            *(Vector<float>*)(value + i) = *(Vector<float>*)(value + i) * keep - m * stepSize / (Vector.SquareRoot(v) * rootScale + wide);
            *(Vector<float>*)(gradient + i) = Vector<float>.Zero;
        }

        for (; i < length; i++)
        {
            var g = gradient[i] * scale;
            first[i] = first[i] * b1 + g * (1 - b1);
            second[i] = second[i] * b2 + g * g * (1 - b2);
            value[i] = value[i] * keep - first[i] * stepSize / (MathF.Sqrt(second[i]) * rootScale + epsilon);
            gradient[i] = 0;
        }
    }

    private double GradientNorm()
    {
        var gradients = Pointers(_parameters.Select(p => p.grad!));
        Parallel.For(0, _chunks.Length, i =>
        {
            var (tensor, offset, length, _) = _chunks[i];
            var gradient = new ReadOnlySpan<float>((float*)gradients[tensor] + offset, length);
            _squares[i] = System.Numerics.Tensors.TensorPrimitives.SumOfSquares(gradient);
        });

        // Summed in order, so that the same gradients give the same norm on any number of cores.
        return Math.Sqrt(_squares.Sum());
    }

    private static nint[] Pointers(IEnumerable<Tensor> tensors) => [.. tensors.Select(Pointer)];

    private static nint Pointer(Tensor tensor)
    {
        fixed (byte* start = tensor.bytes)
        {
            return (nint)start;
        }
    }
}
