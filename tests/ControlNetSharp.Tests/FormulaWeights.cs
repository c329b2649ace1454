using System.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests;

/// <summary>Rebuilds the weights that golden files leave out: a hash of (name, seed, element index). The formula is in Goldens/README.md, "Formula weights".</summary>
internal static class FormulaWeights
{
    public static Tensor Make(string name, long[] shape, uint seed, double gain = 1, IReadOnlyList<(string Ending, float Factor)>? overrides = null)
    {
        if (name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
        {
            return zeros([], ScalarType.Int64);
        }

        var (scale, offset) = Scale(name, shape, gain);
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        var h = Hash(name) ^ seed;
        var factors = (overrides ?? []).Where(o => name.EndsWith(o.Ending, StringComparison.Ordinal)).Select(o => o.Factor).ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            var value = Uniform(h, (uint)i) * scale;
            value = offset + value;
            foreach (var factor in factors)
            {
                value *= factor;
            }

            values[i] = value;
        }

        return tensor(values).reshape(shape);
    }

    /// <summary>Fills every parameter of the module by the formula, under the name that it has in a checkpoint.</summary>
    public static T Fill<T>(T module, string prefix, uint seed)
        where T : nn.Module
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (name, parameter) in module.named_parameters())
        {
            parameter.copy_(Make(prefix + name, parameter.shape, seed));
        }

        return module;
    }

    private static (float Scale, float Offset) Scale(string name, long[] shape, double gain)
    {
        if (shape.Length >= 2)
        {
            var fan = shape.Skip(1).Aggregate(1L, (a, b) => a * b);
            var doubled = name.Contains("input_hint_block.", StringComparison.Ordinal) ? 2 : 1;
            return ((float)(doubled * gain * Math.Sqrt(3.0 / fan)), 0);
        }

        return name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith("running_mean", StringComparison.Ordinal) ? (0.1f, 0) : (0.2f, 1);
    }

    private static uint Hash(string name)
    {
        var h = 0x811C9DC5u;
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            h = (h ^ b) * 0x01000193u;
        }

        return h;
    }

    private static float Uniform(uint h, uint i)
    {
        var z = h + (i + 1) * 0x9E3779B9u;
        z = (z ^ (z >> 16)) * 0x85EBCA6Bu;
        z = (z ^ (z >> 13)) * 0xC2B2AE35u;
        z ^= z >> 16;
        return (z >> 8) * (1f / (1 << 23)) - 1f;
    }
}
