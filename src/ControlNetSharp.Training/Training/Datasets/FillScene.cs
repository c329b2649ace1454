using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;

namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// The circle-filling task of the original's tutorial (docs/train.md, lllyasviel/ControlNet@ed85cd1): the hint is a
/// white circle line on black, the picture a filled circle in one
/// colour on a ground of another, and the prompt names both, so that a control is learned when place and size follow
/// the hint and the colours the prompt.
/// </summary>
public static class FillScene
{
    /// <summary>Its name among the conditions.</summary>
    public const string Condition = "fill";

    /// <summary>
    /// Shares of the picture's side, as the tutorial's pictures t2.png and t3.png show them: large circles are cut by
    /// the picture's edges.
    /// </summary>
    private const float LeastRadius = 1 / 8f,
        MostRadius = 1 / 2f,
        LeastCentre = 0.2f,
        MostCentre = 0.8f;

    /// <summary>Width of the hint's line as a share of the side: 2 pixels at 256.</summary>
    private const float Line = 2 / 256f;

    /// <summary>
    /// Circle and ground are at least this far apart in RGB, so that the circle can be seen; in the tutorial they may
    /// be all but the same.
    /// </summary>
    private const int LeastContrast = 80;

    /// <summary>The example of a seed; always the same one.</summary>
    /// <param name="seed">Any number.</param>
    /// <param name="size">Pixels a side, 16 to 4096.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is out of its range.</exception>
    public static MadeExample Make(long seed, int size)
    {
        if (size is < 16 or > 4096)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, "size must be from 16 to 4096 pixels.");
        }

        var random = new SceneRandom(seed);
        var radius = random.Range(LeastRadius, MostRadius);
        var (x, y) = (random.Range(LeastCentre, MostCentre), random.Range(LeastCentre, MostCentre));
        var circle = random.Pick<CssColour>(CssColour.All);
        CssColour ground;
        do
        {
            ground = random.Pick<CssColour>(CssColour.All);
        } while (circle.DistanceTo(ground) < LeastContrast);

        var (black, white) = (new CssColour("black", 0), new CssColour("white", 0xFFFFFF));
        // How far inside an edge the pixel's centre lies, plus a half, is about the share of the pixel that is covered.
        return new MadeExample(
            Draw(size, black, white, (u, v) => (Line / 2 - Math.Abs(Distance(u - x, v - y) - radius)) * size + 0.5f),
            Draw(size, ground, circle, (u, v) => (radius - Distance(u - x, v - y)) * size + 0.5f),
            $"{circle.Name} circle with {ground.Name} background"
        );
    }

    private static float Distance(float x, float y) => MathF.Sqrt(x * x + y * y);

    /// <param name="size">Pixels a side.</param>
    /// <param name="ground">Where nothing is covered.</param>
    /// <param name="ink">Where all is.</param>
    /// <param name="coverage">
    /// The share of a pixel that is covered, by its centre in 0 to 1; what is below 0 or above 1 is cut.
    /// </param>
    private static Picture Draw(int size, CssColour ground, CssColour ink, Func<float, float, float> coverage)
    {
        var rgb = new byte[3 * size * size];
        for (var i = 0; i < size * size; i++)
        {
            var share = Math.Clamp(coverage((i % size + 0.5f) / size, (i / size + 0.5f) / size), 0, 1);
            byte Mixed(int from, int to) => (byte)MathF.Round(from + (to - from) * share);
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = (
                Mixed(ground.Red, ink.Red),
                Mixed(ground.Green, ink.Green),
                Mixed(ground.Blue, ink.Blue)
            );
        }

        return Picture.Owning(size, size, rgb);
    }
}
