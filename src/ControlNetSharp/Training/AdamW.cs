using System.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Adam with decoupled weight decay. Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2; PyTorch torch.optim.AdamW for the place of epsilon.
/// </summary>
/// <remarks>
/// TorchSharp's own is a managed loop over tensors with large temporaries; this one passes over flat memory once, on all cores.
/// Parameters are float32 on the CPU; gradients are accumulated in place and set to zero by <see cref="Step"/>.
/// </remarks>
public sealed unsafe class AdamW : IDisposable
{
    private const int ChunkLength = 1 << 16;
    private readonly Parameter[] _parameters;
    private readonly Chunk[] _chunks;
    private readonly double[] _squares;
    private readonly AdamWOptions _options;
    private readonly Moment _first;
    private readonly Moment _second;

    /// <summary>Creates the optimizer and the gradient buffers of the parameters, which require gradients from now on.</summary>
    /// <param name="parameters">float32 CPU parameters; borrowed for the optimizer's life.</param>
    /// <param name="options">Betas, epsilon, weight decay, width of the state.</param>
    public AdamW(IEnumerable<Parameter> parameters, AdamWOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _parameters = [.. parameters];
        _options = options;
        foreach (var parameter in _parameters)
        {
            parameter.requires_grad = true;
            parameter.grad = zeros_like(parameter).DetachFromDisposeScope();
        }

        _chunks = [.. Chunk.Split(_parameters, ChunkLength)];
        _squares = new double[_chunks.Length];
        var lengths = _parameters.Select(parameter => parameter.numel()).ToArray();
        _first = options.EightBitState ? new EightBitMoment(lengths, signed: true) : new FloatMoment(lengths);
        _second = options.EightBitState ? new EightBitMoment(lengths, signed: false) : new FloatMoment(lengths);
    }

    /// <summary>Steps taken so far.</summary>
    public long Steps { get; set; }

    /// <summary>What the optimizer remembers of a parameter, the means of its gradients and of their squares: views of its memory, to be saved and restored.</summary>
    /// <param name="index">The parameter's number, in the order in which they were given.</param>
    public IEnumerable<(string Name, Tensor Values)> StateOf(int index) =>
        _first.StateOf(index).Select(part => ("first_moment" + part.Suffix, part.Values)).Concat(_second.StateOf(index).Select(part => ("second_moment" + part.Suffix, part.Values)));

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
        Parallel.For(0, _chunks.Length, i =>
        {
            float* firstBuffer = stackalloc float[Moment.BlockLength], secondBuffer = stackalloc float[Moment.BlockLength];
            var (tensor, offset, length) = _chunks[i];
            for (var end = offset + length; offset < end; offset += Moment.BlockLength)
            {
                var count = (int)Math.Min(Moment.BlockLength, end - offset);
                var first = _first.Load(tensor, offset, count, firstBuffer);
                var second = _second.Load(tensor, offset, count, secondBuffer);
                Update((float*)values[tensor] + offset, (float*)gradients[tensor] + offset, first, second, count, scale, stepSize, rootScale, keep);
                var seed = unchecked(((uint)Steps * 747796405 + (uint)tensor) * 2891336453 + (uint)offset);
                _first.Store(tensor, offset, count, first, seed);
                _second.Store(tensor, offset, count, second, ~seed);
            }
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

        _first.Dispose();
        _second.Dispose();
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
            var (tensor, offset, length) = _chunks[i];
            var gradient = new ReadOnlySpan<float>((float*)gradients[tensor] + offset, length);
            _squares[i] = System.Numerics.Tensors.TensorPrimitives.SumOfSquares(gradient);
        });

        // Summed in order, so that the same gradients give the same norm on any number of cores.
        return Math.Sqrt(_squares.Sum());
    }

    private static nint[] Pointers(IEnumerable<Tensor> tensors) => [.. tensors.Select(Moment.Pointer)];
}
