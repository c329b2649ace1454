using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>Noise by seed: the same on every device and in every dtype, and the same as in stable-diffusion-webui with CPU noise and in diffusers with a CPU generator.</summary>
public static class Seeds
{
    /// <summary>Standard normal noise; that of picture k comes from libtorch's CPU generator seeded with seed + k.</summary>
    /// <param name="seed">Seed of the first picture.</param>
    /// <param name="pictures">Number of pictures.</param>
    /// <param name="shape">Shape of one picture's latents, [4, h, w].</param>
    /// <returns>[pictures, 4, h, w], float32, on the CPU; the caller owns it.</returns>
    public static Tensor Noise(long seed, int pictures, params long[] shape)
    {
        using var scope = NewDisposeScope();
        var noises = new List<Tensor>();
        for (var k = 0; k < pictures; k++)
        {
            using var generator = new Generator(unchecked((ulong)(seed + k)), CPU);
            noises.Add(randn([1, .. shape], dtype: ScalarType.Float32, device: CPU, generator: generator));
        }

        return cat([.. noises], 0).MoveToOuterDisposeScope();
    }
}
