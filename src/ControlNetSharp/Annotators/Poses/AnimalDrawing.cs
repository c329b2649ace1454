namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// Draws animals as ControlNets for them were trained: lines of five pixels between the points of AP-10K, each in a
/// colour of its own. Source: the colours and lines of abehonest/ControlNet_AnimalPose, as A1111's
/// <c>animal_openpose</c> draws them (behaviour).
/// </summary>
internal static class AnimalDrawing
{
    private const int Thickness = 5;

    /// <summary>Points that are joined, and in which colour: head, front legs, back, back legs.</summary>
    private static readonly (int From, int To, byte[] Colour)[] Lines =
    [
        (0, 1, [255, 255, 255]),
        (1, 2, [100, 255, 100]),
        (0, 2, [150, 255, 255]),
        (2, 3, [100, 50, 255]),
        (3, 8, [50, 150, 200]),
        (8, 9, [0, 255, 255]),
        (9, 10, [0, 150, 0]),
        (3, 5, [0, 0, 255]),
        (5, 6, [0, 0, 150]),
        (6, 7, [255, 50, 255]),
        (3, 4, [255, 0, 255]),
        (4, 14, [255, 0, 0]),
        (14, 15, [150, 0, 0]),
        (15, 16, [255, 255, 100]),
        (4, 11, [0, 150, 0]),
        (11, 12, [255, 255, 0]),
        (12, 13, [150, 150, 150]),
    ];

    /// <summary>Draws one animal.</summary>
    /// <param name="canvas">What it is drawn on.</param>
    /// <param name="points">Its <see cref="PoseKeypoints.AnimalPoints"/> points.</param>
    public static void Draw(PoseCanvas canvas, IReadOnlyList<PosePoint?> points)
    {
        foreach (var (from, to, colour) in Lines)
        {
            canvas.Line(points[from], points[to], Thickness, colour);
        }
    }
}
