using System.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// AdamW's update on the CPU: passes over flat memory once, on all cores. (Operations on tensors would each pass over
/// it, and make temporaries.)
/// </summary>
internal sealed unsafe class HostAdamUpdate : IAdamUpdate
{
    private const int ChunkLength = 1 << 16;
    private readonly Parameter[] _parameters;
    private readonly Chunk[] _chunks;
    private readonly double[] _squares;
    private readonly AdamWOptions _options;
    private readonly Moment _first;
    private readonly Moment _second;

    /// <summary>Makes the gradient buffers and the state.</summary>
    public HostAdamUpdate(Parameter[] parameters, AdamWOptions options)
    {
        (_parameters, _options) = (parameters, options);
        foreach (var parameter in parameters)
        {
            parameter.grad = zeros_like(parameter).DetachFromDisposeScope();
        }

        _chunks = [.. Chunk.Split(_parameters, ChunkLength)];
        _squares = new double[_chunks.Length];
        var lengths = _parameters.Select(parameter => parameter.numel()).ToArray();
        _first = options.EightBitState ? new EightBitMoment(lengths, signed: true) : new FloatMoment(lengths);
        _second = options.EightBitState ? new EightBitMoment(lengths, signed: false) : new FloatMoment(lengths);
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Values)> StateOf(int index) =>
        _first
            .StateOf(index)
            .Select(part => ("first_moment" + part.Suffix, part.Values))
            .Concat(_second.StateOf(index).Select(part => ("second_moment" + part.Suffix, part.Values)));

    /// <inheritdoc/>
    public void Apply(long step, AdamRates rates)
    {
        var (values, gradients) = (Pointers(_parameters), Pointers(_parameters.Select(p => p.grad!)));
        Parallel.For(
            0,
            _chunks.Length,
            i =>
            {
                float* firstBuffer = stackalloc float[Moment.BlockLength],
                    secondBuffer = stackalloc float[Moment.BlockLength];
                var (tensor, offset, length) = _chunks[i];
                for (var end = offset + length; offset < end; offset += Moment.BlockLength)
                {
                    var count = (int)Math.Min(Moment.BlockLength, end - offset);
                    var first = _first.Load(tensor, offset, count, firstBuffer);
                    var second = _second.Load(tensor, offset, count, secondBuffer);
                    Update(
                        (float*)values[tensor] + offset,
                        (float*)gradients[tensor] + offset,
                        first,
                        second,
                        count,
                        rates
                    );
                    var seed = unchecked(((uint)step * 747796405 + (uint)tensor) * 2891336453 + (uint)offset);
                    _first.Store(tensor, offset, count, first, seed);
                    _second.Store(tensor, offset, count, second, ~seed);
                }
            }
        );
    }

    /// <inheritdoc/>
    public double GradientNorm()
    {
        var gradients = Pointers(_parameters.Select(p => p.grad!));
        Parallel.For(
            0,
            _chunks.Length,
            i =>
            {
                var (tensor, offset, length) = _chunks[i];
                var gradient = new ReadOnlySpan<float>((float*)gradients[tensor] + offset, length);
                _squares[i] = System.Numerics.Tensors.TensorPrimitives.SumOfSquares(gradient);
            }
        );

        // Summed in order, so that the same gradients give the same norm on any number of cores.
        return Math.Sqrt(_squares.Sum());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    private void Update(float* value, float* gradient, float* first, float* second, int length, AdamRates rates)
    {
        var (scale, stepSize, rootScale, keep) = rates;
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
            *(Vector<float>*)(value + i) =
                *(Vector<float>*)(value + i) * keep - m * stepSize / (Vector.SquareRoot(v) * rootScale + wide);
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

    private static nint[] Pointers(IEnumerable<Tensor> tensors) => [.. tensors.Select(Moment.Pointer)];
}
