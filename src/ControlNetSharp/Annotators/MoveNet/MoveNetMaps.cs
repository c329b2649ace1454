using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>
/// What MoveNet says of each cell, h x w of <see cref="MoveNetParams.Stride"/> pixels. Pairs are of y and x, in cells.
/// </summary>
/// <param name="Centers">[B, 1, h, w]: log odds of the centre of a person.</param>
/// <param name="BoxSizes">[B, 2, h, w]: height and width of the box of the person with this centre.</param>
/// <param name="BoxOffsets">[B, 2, h, w]: the centre of that box, from this cell.</param>
/// <param name="Heat">[B, 17, h, w]: log odds of each key point, of any person.</param>
/// <param name="Regression">[B, 34, h, w]: where the points of the person with this centre are, from this cell.</param>
/// <param name="Offsets">[B, 34, h, w]: where the points that lie in this cell are, from this cell.</param>
internal sealed record MoveNetMaps(
    Tensor Centers,
    Tensor BoxSizes,
    Tensor BoxOffsets,
    Tensor Heat,
    Tensor Regression,
    Tensor Offsets
)
{
    /// <summary>The outputs in the order of <see cref="MoveNetParams.Heads"/>.</summary>
    public IReadOnlyList<Tensor> All => [Centers, BoxSizes, BoxOffsets, Heat, Regression, Offsets];

    /// <inheritdoc cref="All"/>
    public static MoveNetMaps Of(IReadOnlyList<Tensor> maps) =>
        new(maps[0], maps[1], maps[2], maps[3], maps[4], maps[5]);

    /// <summary>The same, owned by the outer scope.</summary>
    public MoveNetMaps MoveToOuterDisposeScope()
    {
        foreach (var map in All)
        {
            map.MoveToOuterDisposeScope();
        }

        return this;
    }
}
