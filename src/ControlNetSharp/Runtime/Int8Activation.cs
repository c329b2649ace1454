using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>
/// A tensor in unsigned 8-bit numbers: x ≈ scale·(value − zero), with one scale for the whole, from its least to its
/// greatest value and always from zero on, which is met exactly, since convolutions pad with it. Source: Jacob et al.
/// 2018, arXiv:1712.05877, section 2.1.
/// </summary>
/// <param name="Values">uint8, of the shape and strides of the source. Of the dispose scope.</param>
/// <param name="Scale">A step; not a number where the source has a value that is none.</param>
/// <param name="Zero">What stands for zero, 0 to 255.</param>
internal readonly record struct Int8Activation(Tensor Values, double Scale, int Zero)
{
    private const float Greatest = 255;

    /// <summary>Rounds a tensor.</summary>
    /// <param name="x">Dense and row-major, bf16 or float32, on the CPU. Borrowed.</param>
    public static Int8Activation Of(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (least, greatest) = x.aminmax();
        var low = Math.Min(0, least.to(ScalarType.Float32).item<float>());
        var high = Math.Max(0, greatest.to(ScalarType.Float32).item<float>());
        var scale = high == low ? 1 : (high - low) / Greatest;
        var zero = (int)Math.Clamp(MathF.Round(-low / scale), 0, Greatest);
        var values = empty(x.shape, ScalarType.Byte);
        if (x.dtype == ScalarType.BFloat16)
        {
            Round(MemoryMarshal.Cast<byte, ushort>(x.bytes), values.bytes, 1 / scale, zero);
        }
        else
        {
            Round(MemoryMarshal.Cast<byte, float>(x.bytes), values.bytes, 1 / scale, zero);
        }

        return new Int8Activation(values.MoveToOuterDisposeScope(), scale, zero);
    }

    // One thread: libtorch's own wait for the next layer by spinning, so that a second one here gains nothing.
    private static void Round(ReadOnlySpan<ushort> bf16, Span<byte> values, float factor, int zero)
    {
        ref var source = ref MemoryMarshal.GetReference(bf16);
        ref var target = ref MemoryMarshal.GetReference(values);
        var rounding = new Rounding(factor, zero);
        var i = 0;
        for (; i <= bf16.Length - Vector256<byte>.Count; i += Vector256<byte>.Count)
        {
            var (a, b) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)i));
            var (c, d) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)(i + Vector256<ushort>.Count)));
            rounding.Of(Floats(a), Floats(b), Floats(c), Floats(d)).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < bf16.Length; i++)
        {
            values[i] = rounding.Of(BitConverter.UInt32BitsToSingle((uint)bf16[i] << 16));
        }
    }

    private static void Round(ReadOnlySpan<float> floats, Span<byte> values, float factor, int zero)
    {
        ref var source = ref MemoryMarshal.GetReference(floats);
        ref var target = ref MemoryMarshal.GetReference(values);
        var rounding = new Rounding(factor, zero);
        var i = 0;
        for (; i <= floats.Length - Vector256<byte>.Count; i += Vector256<byte>.Count)
        {
            rounding
                .Of(
                    Vector256.LoadUnsafe(ref source, (nuint)i),
                    Vector256.LoadUnsafe(ref source, (nuint)(i + Vector256<float>.Count)),
                    Vector256.LoadUnsafe(ref source, (nuint)(i + 2 * Vector256<float>.Count)),
                    Vector256.LoadUnsafe(ref source, (nuint)(i + 3 * Vector256<float>.Count))
                )
                .StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < floats.Length; i++)
        {
            values[i] = rounding.Of(floats[i]);
        }
    }

    // A bf16 is the upper half of a float.
    private static Vector256<float> Floats(Vector256<uint> halves) => (halves << 16).AsSingle();

    /// <summary>To the nearest step, halves up, within 0 to 255.</summary>
    private readonly struct Rounding(float factor, int zero)
    {
        private readonly float _factor = factor;
        private readonly float _offset = zero + 0.5f;

        public byte Of(float x) => (byte)Math.Clamp(MathF.FusedMultiplyAdd(x, _factor, _offset), 0, Greatest);

        public Vector256<byte> Of(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d) =>
            Vector256.Narrow(Vector256.Narrow(Steps(a), Steps(b)), Vector256.Narrow(Steps(c), Steps(d)));

        private Vector256<uint> Steps(Vector256<float> x) =>
            Vector256
                .ConvertToInt32Native(
                    Vector256.Clamp(
                        Vector256.FusedMultiplyAdd(x, Vector256.Create(_factor), Vector256.Create(_offset)),
                        Vector256<float>.Zero,
                        Vector256.Create(Greatest)
                    )
                )
                .AsUInt32();
    }
}
