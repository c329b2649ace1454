using ControlNetSharp.Networks;

namespace ControlNetSharp.Measuring;

/// <summary>
/// Floating-point operations of one forward pass: convolutions, linear layers and attention, two for each multiply-add;
/// norms and activations are left out.
/// </summary>
public static class NetworkCost
{
    private const int ContextTokens = 77;

    /// <summary>GFLOP of the UNet for one picture.</summary>
    /// <param name="p">The shape.</param>
    /// <param name="height">Height of the latents.</param>
    /// <param name="width">Width of the latents.</param>
    public static double UNet(UNetParams p, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(p);
        var skips = SkipChannels(p);
        var cost = Encoder(p, height, width);
        var channels = p.Levels[^1].Channels;
        for (var level = p.Levels.Count - 1; level >= 0; level--)
        {
            var (channelsOut, blocks, depth) = p.Levels[level];
            var pixels = Pixels(height, width, level);
            for (var block = 0; block <= blocks; block++)
            {
                cost +=
                    Residual(p, channels + skips.Pop(), channelsOut, pixels)
                    + Transformer(p, channelsOut, depth, pixels);
                channels = channelsOut;
            }

            cost += level > 0 ? Convolution(channelsOut, channelsOut, 3, Pixels(height, width, level - 1)) : 0;
        }

        return (cost + Convolution(p.ModelChannels, p.OutChannels, 3, Pixels(height, width, 0))) / 1e9;
    }

    /// <summary>GFLOP of the encoder half and the middle block of a UNet for one picture.</summary>
    /// <inheritdoc cref="UNet"/>
    public static double UNetEncoder(UNetParams p, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(p);
        return Encoder(p, height, width) / 1e9;
    }

    /// <summary>
    /// GFLOP of a ControlNet for one picture and step; its hint encoder runs once for all steps and is not in it.
    /// </summary>
    /// <inheritdoc cref="UNet"/>
    public static double ControlNet(UNetParams p, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(p);
        var zeroConvolutions = Convolution(
            p.Levels[^1].Channels,
            p.Levels[^1].Channels,
            1,
            Pixels(height, width, p.Levels.Count - 1)
        );
        var channels = p.ModelChannels;
        zeroConvolutions += Convolution(channels, channels, 1, Pixels(height, width, 0));
        foreach (var (level, shape) in p.Levels.Index())
        {
            zeroConvolutions +=
                shape.ResidualBlocks * Convolution(shape.Channels, shape.Channels, 1, Pixels(height, width, level));
            zeroConvolutions +=
                level + 1 < p.Levels.Count
                    ? Convolution(shape.Channels, shape.Channels, 1, Pixels(height, width, level + 1))
                    : 0;
        }

        return (Encoder(p, height, width) + zeroConvolutions) / 1e9;
    }

    private static double Encoder(UNetParams p, int height, int width)
    {
        var channels = p.ModelChannels;
        var cost =
            Convolution(p.InChannels, channels, 3, Pixels(height, width, 0))
            + 2.0 * channels * p.TimeChannels
            + 2.0 * p.TimeChannels * p.TimeChannels
            + (
                p.VectorChannels is { } vector
                    ? 2.0 * vector * p.TimeChannels + 2.0 * p.TimeChannels * p.TimeChannels
                    : 0
            );
        foreach (var (level, shape) in p.Levels.Index())
        {
            var pixels = Pixels(height, width, level);
            for (var block = 0; block < shape.ResidualBlocks; block++)
            {
                cost +=
                    Residual(p, channels, shape.Channels, pixels)
                    + Transformer(p, shape.Channels, shape.TransformerDepth, pixels);
                channels = shape.Channels;
            }

            cost +=
                level + 1 < p.Levels.Count ? Convolution(channels, channels, 3, Pixels(height, width, level + 1)) : 0;
        }

        var smallest = Pixels(height, width, p.Levels.Count - 1);
        return cost + 2 * Residual(p, channels, channels, smallest) + Transformer(p, channels, p.MiddleDepth, smallest);
    }

    private static Stack<int> SkipChannels(UNetParams p)
    {
        var skips = new Stack<int>([p.ModelChannels]);
        foreach (var (level, shape) in p.Levels.Index())
        {
            for (var i = 0; i < shape.ResidualBlocks + (level + 1 < p.Levels.Count ? 1 : 0); i++)
            {
                skips.Push(shape.Channels);
            }
        }

        return skips;
    }

    private static double Residual(UNetParams p, int channelsIn, int channelsOut, double pixels) =>
        Convolution(channelsIn, channelsOut, 3, pixels)
        + Convolution(channelsOut, channelsOut, 3, pixels)
        + 2.0 * p.TimeChannels * channelsOut
        + (channelsIn == channelsOut ? 0 : Convolution(channelsIn, channelsOut, 1, pixels));

    private static double Transformer(UNetParams p, int channels, int depth, double pixels)
    {
        double c = channels;
        var self = 8 * c * c * pixels + 4 * c * pixels * pixels;
        var cross = 4 * c * c * pixels + 4 * c * p.ContextChannels * ContextTokens + 4 * c * pixels * ContextTokens;
        var feedForward = 24 * c * c * pixels;
        return depth == 0 ? 0 : depth * (self + cross + feedForward) + 4 * c * c * pixels;
    }

    private static double Convolution(int channelsIn, int channelsOut, int kernel, double pixels) =>
        2.0 * channelsIn * channelsOut * kernel * kernel * pixels;

    private static double Pixels(int height, int width, int level) => (double)height * width / (1 << (2 * level));
}
