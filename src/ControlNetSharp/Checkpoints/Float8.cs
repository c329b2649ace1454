namespace ControlNetSharp.Checkpoints;

/// <summary>
/// The two 8-bit floating-point types of checkpoints, decoded to float32 without loss. Source: Micikevicius et al.
/// 2022, arXiv:2209.05433, table 1.
/// </summary>
internal static class Float8
{
    /// <summary>
    /// 4 bits of exponent (bias 7), 3 of mantissa; no infinities, not-a-number where all seven bits are set; largest
    /// number 448.
    /// </summary>
    public const string E4M3 = "F8_E4M3";

    /// <summary>
    /// 5 bits of exponent (bias 15), 2 of mantissa, infinities and not-a-numbers as in IEEE types; largest number
    /// 57344.
    /// </summary>
    public const string E5M2 = "F8_E5M2";

    private static readonly float[] E4M3Values =
    [
        .. Enumerable
            .Range(0, 256)
            .Select(bits =>
                Value(bits, mantissaBits: 3, bias: 7, special: bits => (bits & 0x7F) == 0x7F ? float.NaN : null)
            ),
    ];
    private static readonly float[] E5M2Values =
    [
        .. Enumerable
            .Range(0, 256)
            .Select(bits =>
                Value(
                    bits,
                    mantissaBits: 2,
                    bias: 15,
                    special: bits =>
                        (bits & 0x7C) != 0x7C ? null
                        : (bits & 3) == 0 ? float.PositiveInfinity
                        : float.NaN
                )
            ),
    ];

    /// <summary>The number that a byte stands for.</summary>
    /// <param name="name"><see cref="E4M3"/> or <see cref="E5M2"/>.</param>
    /// <param name="bits">The byte.</param>
    public static float Decode(string name, byte bits) => name == E4M3 ? E4M3Values[bits] : E5M2Values[bits];

    /// <summary>
    /// The byte of the nearest number, of two equally near ones the even one; what is beyond the largest becomes the
    /// largest.
    /// </summary>
    public static byte EncodeE4M3(float value)
    {
        const int Largest = 0x7E;
        var sign = (byte)(float.IsNegative(value) ? 0x80 : 0);
        if (float.IsNaN(value))
        {
            return (byte)(sign | 0x7F);
        }

        var size = Math.Min(Math.Abs(value), E4M3Values[Largest]);
        var at = Array.BinarySearch(E4M3Values, 0, Largest + 1, size);
        if (at < 0)
        {
            var above = ~at;
            var (down, up) = (size - E4M3Values[above - 1], E4M3Values[above] - size);
            at = down < up || (down == up && above % 2 == 1) ? above - 1 : above;
        }

        return (byte)(sign | at);
    }

    private static float Value(int bits, int mantissaBits, int bias, Func<int, float?> special)
    {
        var (exponent, mantissa) = ((bits & 0x7F) >> mantissaBits, bits & ((1 << mantissaBits) - 1));
        var fraction = MathF.ScaleB(mantissa, -mantissaBits);
        var size =
            special(bits)
            ?? (exponent == 0 ? MathF.ScaleB(fraction, 1 - bias) : MathF.ScaleB(1 + fraction, exponent - bias));
        return (bits & 0x80) == 0 ? size : -size;
    }
}
