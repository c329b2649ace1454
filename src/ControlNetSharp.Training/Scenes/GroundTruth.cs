using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// A joint of a person in the world, with how far in front of it (metres) the person's own surface may lie.
/// </summary>
internal readonly record struct Joint(Vector3 Position, float Cover);

/// <summary>Reads depth, normals, classes and key points off a finished drawing.</summary>
internal static class GroundTruth
{
    public static SceneTruth Of(Scene scene, int size, Drawing drawing)
    {
        var seen = drawing.Seen;
        var depth = new float[seen.Length];
        var normals = new float[3 * seen.Length];
        var classes = new byte[seen.Length];
        for (var i = 0; i < seen.Length; i++)
        {
            depth[i] = seen[i].Depth;
            scene.Camera.ToView(seen[i].Normal).CopyTo(normals, 3 * i);
            classes[i] = seen[i].Solid < 0 ? SceneClass.Sky : scene.Solids[seen[i].Solid].Class;
        }

        return new SceneTruth
        {
            Picture = drawing.Picture(),
            Depth = depth,
            Normals = normals,
            Segmentation = classes,
            Edges = SurfaceEdges.Of(scene.Solids, seen, size),
            People =
            [
                .. scene.People.Select(
                    (joints, person) =>
                        joints.Select(joint => Project(scene, size, drawing.Rays, joint, person)).ToArray()
                ),
            ],
        };
    }

    private static KeyPoint Project(Scene scene, int size, RayCaster rays, Joint joint, int person)
    {
        var place = scene.Camera.Project(joint.Position);
        var inside = place.Z > 0 && place.X is >= 0 and < 1 && place.Y is >= 0 and < 1;
        var visible = false;
        if (inside)
        {
            var first = rays.Look(place.X, place.Y);
            visible =
                first.Solid >= 0 && scene.Solids[first.Solid].Person == person && first.Depth > place.Z - joint.Cover;
        }

        return new KeyPoint(place.X * size, place.Y * size, visible);
    }
}
