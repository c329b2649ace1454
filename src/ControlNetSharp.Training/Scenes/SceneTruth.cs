using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Scenes;

/// <summary>One of a person's 18 key points.</summary>
/// <param name="X">Pixels from the picture's left edge; may lie outside the picture.</param>
/// <param name="Y">Pixels from the top edge.</param>
/// <param name="Visible">Inside the picture and not hidden by something in front.</param>
public readonly record struct KeyPoint(float X, float Y, bool Visible);

/// <summary>A rendered scene with what is known about each pixel's centre; arrays go row by row from the top.</summary>
public sealed class SceneTruth
{
    /// <summary>The picture.</summary>
    public required Picture Picture { get; init; }

    /// <summary>Metres along the camera axis; +infinity for the sky.</summary>
    public required float[] Depth { get; init; }

    /// <summary>
    /// Unit normals, three floats a pixel, in camera space: x right, y up, z towards the viewer; 0 for the sky.
    /// </summary>
    public required float[] Normals { get; init; }

    /// <summary>ADE20K class indices, 0 to 149; the sky is 2.</summary>
    public required byte[] Segmentation { get; init; }

    /// <summary>
    /// Whether a pixel lies at an edge, where material, depth or direction of the surface jump; lines are two pixels
    /// wide.
    /// </summary>
    public required bool[] Edges { get; init; }

    /// <summary>
    /// A person each, 18 key points in the order of OpenPose's COCO model: nose, neck, R shoulder, R elbow, R wrist, L
    /// shoulder, L elbow, L wrist, R hip, R knee, R ankle,
    /// L hip, L knee, L ankle, R eye, L eye, R ear, L ear. Right and left are the person's own.
    /// </summary>
    public required IReadOnlyList<KeyPoint[]> People { get; init; }

    /// <summary>The persons as a detector gives them: points that are hidden or outside are null.</summary>
    public PoseKeypoints Pose =>
        new(
            Picture.Width,
            Picture.Height,
            [
                .. People.Select(person => new PosePerson([
                    .. person.Select(point => point.Visible ? new PosePoint(point.X, point.Y) : (PosePoint?)null),
                ])),
            ]
        );
}
