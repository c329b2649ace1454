namespace ControlNetSharp.Scenes;

/// <summary>
/// The scenes' own source of chance: xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64; the same numbers on
/// every machine.
/// </summary>
internal sealed class SceneRandom
{
    private ulong _a,
        _b,
        _c,
        _d;

    public SceneRandom(long seed)
    {
        var state = unchecked((ulong)seed);
        _a = Scatter(ref state);
        _b = Scatter(ref state);
        _c = Scatter(ref state);
        _d = Scatter(ref state);
    }

    /// <summary>Uniform in [0, 1): the top 24 bits, which a float holds exactly.</summary>
    public float Unit() => (Next() >> 40) * (1f / (1 << 24));

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public float Range(float low, float high) => low + (high - low) * Unit();

    /// <summary>0 to <paramref name="count"/> - 1.</summary>
    public int Below(int count) => (int)((Next() >> 32) * (ulong)count >> 32);

    public bool Chance(float probability) => Unit() < probability;

    /// <summary>-1 or 1.</summary>
    public float Sign() => Chance(0.5f) ? -1 : 1;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    private ulong Next()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    private static ulong Scatter(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
