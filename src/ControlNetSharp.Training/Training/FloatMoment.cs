using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>A moment in float32.</summary>
internal sealed unsafe class FloatMoment : Moment
{
    private readonly long[] _starts;
    private readonly Tensor _values;
    private readonly float* _pointer;

    public FloatMoment(IReadOnlyList<long> lengths)
        : base(lengths)
    {
        _starts = Starts(lengths);
        _values = zeros(Math.Max(_starts[^1], 1)).DetachFromDisposeScope();
        _pointer = (float*)Pointer(_values);
    }

    /// <inheritdoc/>
    public override float* Load(int parameter, long offset, int count, float* buffer) =>
        _pointer + _starts[parameter] + offset;

    /// <inheritdoc/>
    public override void Store(int parameter, long offset, int count, float* values, uint seed)
    {
        // It was changed in its place.
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Suffix, Tensor Values)> StateOf(int parameter) =>
        [("", _values.narrow(0, _starts[parameter], Lengths[parameter]))];

    /// <inheritdoc/>
    public override void Dispose() => _values.Dispose();
}
