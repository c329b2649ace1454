using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>
/// Noise by seed: the same on every device and in every dtype, and the same as in stable-diffusion-webui with CPU noise
/// and in diffusers with a CPU generator.
/// </summary>
internal static class Seeds
{
    /// <summary>
    /// libtorch's generator takes 32 bits of a seed; a larger one would give the picture of another one.
    /// </summary>
    public const long Largest = uint.MaxValue;

    /// <summary>A random seed of at most 31 bits, which leaves room for those that count on from it.</summary>
    public static long Random() => RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>A seed for what is drawn beside the starting noise: another one for each purpose and number.</summary>
    /// <param name="purpose">What is drawn.</param>
    /// <param name="seed">The seed of the picture.</param>
    /// <param name="number">Such as the step that it is drawn for.</param>
    public static long For(string purpose, long seed, int number)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{purpose} {seed} {number}");
        return BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Refuses seeds whose noise would be that of another seed.</summary>
    /// <param name="seed">Seed of the first picture.</param>
    /// <param name="pictures">Number of pictures, whose seeds count on from it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A seed is not from 0 to <see cref="Largest"/>.</exception>
    public static void Check(long seed, int pictures = 1)
    {
        if (seed < 0 || seed > Largest - (pictures - 1))
        {
            var reason = pictures > 1 ? $", so that those of {pictures} pictures are at most {Largest}" : "";
            throw new ArgumentOutOfRangeException(
                nameof(seed),
                seed,
                $"Seed must be from 0 to {Largest - (pictures - 1)}{reason}."
            );
        }
    }

    /// <summary>
    /// Standard normal noise; that of picture k comes from libtorch's CPU generator seeded with seed + k.
    /// </summary>
    /// <param name="seed">Seed of the first picture.</param>
    /// <param name="pictures">Number of pictures.</param>
    /// <param name="shape">Shape of one picture's latents, [4, h, w].</param>
    /// <returns>[pictures, 4, h, w], float32, on the CPU; the caller owns it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A seed is not from 0 to <see cref="Largest"/>.</exception>
    public static Tensor Noise(long seed, int pictures, params long[] shape)
    {
        Check(seed, pictures);
        using var scope = NewDisposeScope();
        var noises = new List<Tensor>();
        for (var k = 0; k < pictures; k++)
        {
            using var generator = new Generator((ulong)(seed + k), CPU);
            noises.Add(randn([1, .. shape], dtype: ScalarType.Float32, device: CPU, generator: generator));
        }

        return cat([.. noises], 0).MoveToOuterDisposeScope();
    }
}
