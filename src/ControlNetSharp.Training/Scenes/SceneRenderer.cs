using System.Numerics;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Scenes;

/// <summary>
/// Casts rays at scenes: one a pixel, then four more where neighbours differ. One thread; callers run pictures side by
/// side.
/// </summary>
public static class SceneRenderer
{
    /// <summary>The picture of a scene.</summary>
    /// <param name="scene">What to show.</param>
    /// <param name="size">Pixels a side, 16 to 4096.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is out of its range.</exception>
    public static Picture Render(Scene scene, int size) => Draw(scene, size).Picture();

    /// <summary>The same picture with what is known about each pixel's centre.</summary>
    /// <param name="scene">What to show.</param>
    /// <param name="size">Pixels a side, 16 to 4096.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is out of its range.</exception>
    public static SceneTruth RenderTruth(Scene scene, int size)
    {
        var drawing = Draw(scene, size);
        return GroundTruth.Of(scene, size, drawing);
    }

    private static Drawing Draw(Scene scene, int size)
    {
        ArgumentNullException.ThrowIfNull(scene);
        if (size is < 16 or > 4096)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, "size must be from 16 to 4096 pixels.");
        }

        var drawing = new Drawing(scene, size);
        drawing.Trace();
        drawing.SoftenShadows();
        drawing.Paint();
        drawing.Refine();
        return drawing;
    }
}
