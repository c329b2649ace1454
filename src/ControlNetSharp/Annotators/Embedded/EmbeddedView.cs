using ControlNetSharp.Annotators.Poses;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>
/// What <see cref="EmbeddedVision"/> sees in a picture, at each of its pixels; arrays go row by row from the top.
/// </summary>
internal sealed class EmbeddedView
{
    private readonly float[][] _directions;

    internal EmbeddedView(
        (int Width, int Height) size,
        float[][] edges,
        float[][] logDepth,
        float[][] directions,
        byte[] labels,
        PoseKeypoints people
    )
    {
        (Width, Height) = size;
        Edges = edges[0];
        Metres = Array.ConvertAll(logDepth[0], MathF.Exp);
        _directions = directions;
        (Labels, People) = (labels, people);
    }

    /// <summary>Pixels a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Probability of an edge, 0..1.</summary>
    public float[] Edges { get; }

    /// <summary>Distance along the camera axis; the sky is farther than 200.</summary>
    public float[] Metres { get; }

    /// <summary>Classes of ADE20K, 0 to 149.</summary>
    public byte[] Labels { get; }

    /// <summary>The persons.</summary>
    public PoseKeypoints People { get; }

    /// <summary>The surface's direction at a pixel: a unit vector, x right, y up, z towards the viewer.</summary>
    public (float X, float Y, float Z) NormalAt(int pixel)
    {
        var (x, y, z) = (_directions[0][pixel], _directions[1][pixel], _directions[2][pixel]);
        var length = MathF.Sqrt(x * x + y * y + z * z);
        return length > 0 ? (x / length, y / length, z / length) : (0, 0, 1);
    }
}
