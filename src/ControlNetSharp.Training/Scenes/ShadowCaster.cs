using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// Whether a point sees the sun: casters lie in a grid of the plane across the light, and only one cell's are tested.
/// </summary>
internal sealed class ShadowCaster
{
    private const int Cells = 48;

    private readonly Vector3 _light;
    private readonly Vector3 _u;
    private readonly Vector3 _v;
    private readonly Vector2 _low;
    private readonly Vector2 _scale;
    private readonly Caster[][] _cells = new Caster[Cells * Cells][];

    public ShadowCaster(Vector3 light, Solid[] solids)
    {
        _light = light;
        _u = Vector3.Normalize(Vector3.Cross(light, MathF.Abs(light.Y) < 0.95f ? Vector3.UnitY : Vector3.UnitX));
        _v = Vector3.Cross(light, _u);
        var casters = solids.Where(s => s.CastsShadow && !s.IsUnbounded).Select(Measure).ToArray();
        if (casters.Length == 0)
        {
            Array.Fill(_cells, []);
            return;
        }

        _low = casters.Aggregate(new Vector2(float.PositiveInfinity), (low, c) => Vector2.Min(low, c.Low));
        var high = casters.Aggregate(new Vector2(float.NegativeInfinity), (top, c) => Vector2.Max(top, c.High));
        _scale = new Vector2(Cells) / (high - _low);
        var lists = new List<Caster>[Cells * Cells];
        foreach (var caster in casters)
        {
            var (left, top) = CellOf(caster.Low);
            var (right, bottom) = CellOf(caster.High);
            for (var y = top; y <= bottom; y++)
            {
                for (var x = left; x <= right; x++)
                {
                    (lists[y * Cells + x] ??= []).Add(caster);
                }
            }
        }

        for (var i = 0; i < lists.Length; i++)
        {
            _cells[i] = lists[i]?.ToArray() ?? [];
        }
    }

    /// <summary>1 where the light arrives, 0 in shadow.</summary>
    public float Visibility(Vector3 point)
    {
        var place = new Vector2(Vector3.Dot(point, _u), Vector3.Dot(point, _v));
        var cell = (place - _low) * _scale;
        if (!(cell.X >= 0 && cell.X < Cells && cell.Y >= 0 && cell.Y < Cells))
        {
            return 1;
        }

        var height = Vector3.Dot(point, _light);
        foreach (ref readonly var caster in _cells[(int)cell.Y * Cells + (int)cell.X].AsSpan())
        {
            if (
                place.X >= caster.Low.X
                && place.X <= caster.High.X
                && place.Y >= caster.Low.Y
                && place.Y <= caster.High.Y
                && height < caster.Height
                && caster.Solid.Hit(point, _light) < Solid.Miss
            )
            {
                return 0;
            }
        }

        return 1;
    }

    private (int X, int Y) CellOf(Vector2 place)
    {
        var cell = (place - _low) * _scale;
        return (Math.Clamp((int)cell.X, 0, Cells - 1), Math.Clamp((int)cell.Y, 0, Cells - 1));
    }

    private Caster Measure(Solid solid)
    {
        var centre = new Vector2(Vector3.Dot(solid.Centre, _u), Vector3.Dot(solid.Centre, _v));
        var reach = new Vector2(Reach(solid, _u), Reach(solid, _v));
        return new Caster(
            solid,
            centre - reach,
            centre + reach,
            Vector3.Dot(solid.Centre, _light) + Reach(solid, _light)
        );
    }

    private static float Reach(Solid solid, Vector3 direction) =>
        Vector3.Dot(Vector3.Abs(solid.TurnToLocal(direction)), solid.Half);

    private readonly record struct Caster(Solid Solid, Vector2 Low, Vector2 High, float Height);
}
