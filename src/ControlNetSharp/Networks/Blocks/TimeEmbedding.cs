using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// Timesteps as vectors: sinusoids, then two linear layers. Source: LDM diffusionmodules/util.py, timestep_embedding,
/// and openaimodel.py, time_embed.
/// </summary>
internal sealed class TimeEmbedding : Module
{
    private readonly LinearLayer _in;
    private readonly LinearLayer _out;
    private readonly int _channels;

    public TimeEmbedding(int channels, Placement placement)
        : base(nameof(TimeEmbedding))
    {
        _channels = channels;
        _in = new(channels, channels * 4, bias: true, placement);
        _out = new(channels * 4, channels * 4, bias: true, placement);
        register_module("0", _in);
        register_module("2", _out);
    }

    /// <summary>Timesteps [B] (any numeric type) -> [B, 4·channels] in <paramref name="dtype"/>.</summary>
    public Tensor Forward(Tensor timesteps, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        return _out.call(silu(_in.call(Sinusoids(timesteps, _channels).to(dtype)))).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// [B] -> [B, width] in float32: cosines of t·10000^(−i/half), then sines; an odd width ends with a column of
    /// zeros.
    /// </summary>
    public static Tensor Sinusoids(Tensor timesteps, int width)
    {
        using var scope = NewDisposeScope();
        var half = width / 2;
        // Rounded step by step as the original does: at timestep 999 one bit of a frequency moves the waves by 6e-5.
        var frequencies = Enumerable.Range(0, half).Select(i => SinglePrecisionExp(i * (float)-Math.Log(10000) / half));
        var angles =
            timesteps.to(ScalarType.Float32).unsqueeze(1)
            * tensor(frequencies.ToArray(), device: timesteps.device).unsqueeze(0);
        var waves = cat([angles.cos(), angles.sin()], 1);
        return (width % 2 == 0 ? waves : pad(waves, [0, 1])).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// exp(x) with the rounding of PyTorch's vector kernels, which is not always the nearest float: x = q·ln 2 + s, a
    /// polynomial in s, then 2^q.
    /// Source: SLEEF, expf with 1.0 ulp (coefficients of its minimax polynomial).
    /// </summary>
    private static float SinglePrecisionExp(float x)
    {
        var q = MathF.Round(x * 1.442695040888963f);
        var s = MathF.FusedMultiplyAdd(q, -0.693145751953125f, x);
        s = MathF.FusedMultiplyAdd(q, -1.428606765330187e-6f, s);
        var u = 0.00019852762f;
        foreach (var coefficient in new[] { 0.0013930436f, 0.008333361f, 0.041666485f, 0.16666667f, 0.5f })
        {
            u = MathF.FusedMultiplyAdd(u, s, coefficient);
        }

        return (1 + MathF.FusedMultiplyAdd(s * s, u, s)) * MathF.ScaleB(1, (int)q);
    }
}
