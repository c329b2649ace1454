using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// Pictures of scenes with what is known about them, S pixels a side. Tensors are owned by the caller.
/// </summary>
/// <param name="Pictures">[B, 3, S, S], float32, −1..1.</param>
/// <param name="Depth">[B, 1, S, S]: natural logarithm of the metres; +infinity for the sky.</param>
/// <param name="Normals">[B, 3, S, S]: unit vectors, x right, y up, z towards the viewer; 0 for the sky.</param>
/// <param name="Classes">[B, S, S], int64: indices into <see cref="Annotators.Embedded.EmbeddedClasses.All"/>.</param>
/// <param name="Edges">[B, 1, S, S]: 1 at edges, else 0.</param>
/// <param name="Parts">[B, 18, S/4, S/4]: nearness of the parts of bodies.</param>
/// <param name="Limbs">[B, 38, S/4, S/4]: unit vectors along limbs.</param>
public sealed record SceneBatch(
    Tensor Pictures,
    Tensor Depth,
    Tensor Normals,
    Tensor Classes,
    Tensor Edges,
    Tensor Parts,
    Tensor Limbs
);
