using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Annotators.OpenPose;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// The maps that a pose network is to learn: a Gaussian at each part, unit vectors along each limb. Source: Cao et al.
/// 2017, arXiv:1611.08050, section 2.2 and 2.3.
/// </summary>
internal sealed class PoseTargets
{
    /// <summary>Pixels for one value of a map.</summary>
    public const int Stride = 4;

    /// <summary>Persons that are smaller are not looked for.</summary>
    private const double LeastHeight = 20;

    /// <summary>In values, not pixels.</summary>
    private const double Deviation = 1.5;
    private const double HalfLimbWidth = 1;
    private readonly int _side;

    /// <summary>Draws the persons of a picture.</summary>
    /// <param name="people">18 key points a person, in pixels; hidden ones are not learned.</param>
    /// <param name="size">Pixels a side, a multiple of <see cref="Stride"/>.</param>
    public PoseTargets(IEnumerable<KeyPoint[]> people, int size)
    {
        _side = size / Stride;
        (Parts, Limbs) = (
            new float[PosePerson.BodyPoints * _side * _side],
            new float[EmbeddedNetwork.LimbMaps * _side * _side]
        );
        foreach (var person in people.Where(IsLarge))
        {
            foreach (var (part, point) in person.Index().Where(item => item.Item.Visible))
            {
                AddPart(part, OnMap(point.X), OnMap(point.Y));
            }

            foreach (var (from, to, map) in BodyGrouping.Limbs)
            {
                if (person[from].Visible && person[to].Visible)
                {
                    AddLimb(
                        map,
                        (OnMap(person[from].X), OnMap(person[from].Y)),
                        (OnMap(person[to].X), OnMap(person[to].Y))
                    );
                }
            }
        }
    }

    /// <summary>18 · side · side values, 0..1.</summary>
    public float[] Parts { get; }

    /// <summary>38 · side · side values, -1..1.</summary>
    public float[] Limbs { get; }

    private static double OnMap(float pixel) => (pixel + 0.5) / Stride - 0.5;

    private static bool IsLarge(KeyPoint[] person)
    {
        var seen = person.Where(point => point.Visible).ToList();
        return seen.Count > 0
            && Math.Max(seen.Max(p => p.X) - seen.Min(p => p.X), seen.Max(p => p.Y) - seen.Min(p => p.Y))
                >= LeastHeight;
    }

    private void AddPart(int part, double x, double y)
    {
        foreach (var (column, row) in Near(x, x, y, y, 3 * Deviation))
        {
            var squared = (column - x) * (column - x) + (row - y) * (row - y);
            ref var value = ref Parts[(part * _side + row) * _side + column];
            value = Math.Max(value, (float)Math.Exp(-squared / (2 * Deviation * Deviation)));
        }
    }

    private void AddLimb(int map, (double X, double Y) from, (double X, double Y) to)
    {
        var (dx, dy) = (to.X - from.X, to.Y - from.Y);
        var length = Math.Sqrt(dx * dx + dy * dy);
        if (length < 1e-3)
        {
            return;
        }

        (dx, dy) = (dx / length, dy / length);
        foreach (var (column, row) in Near(from.X, to.X, from.Y, to.Y, HalfLimbWidth))
        {
            var (x, y) = (column - from.X, row - from.Y);
            var along = x * dx + y * dy;
            if (
                along >= -HalfLimbWidth / 2
                && along <= length + HalfLimbWidth / 2
                && Math.Abs(x * dy - y * dx) <= HalfLimbWidth
            )
            {
                (Limbs[(map * _side + row) * _side + column], Limbs[((map + 1) * _side + row) * _side + column]) = (
                    (float)dx,
                    (float)dy
                );
            }
        }
    }

    private IEnumerable<(int Column, int Row)> Near(double x0, double x1, double y0, double y1, double reach)
    {
        for (var row = Inside(Math.Min(y0, y1) - reach); row <= Inside(Math.Max(y0, y1) + reach); row++)
        {
            for (var column = Inside(Math.Min(x0, x1) - reach); column <= Inside(Math.Max(x0, x1) + reach); column++)
            {
                yield return (column, row);
            }
        }

        int Inside(double value) => Math.Clamp((int)Math.Round(value), 0, _side - 1);
    }
}
