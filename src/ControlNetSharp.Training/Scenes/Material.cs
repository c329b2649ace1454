using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// Colour and glow of a point of a surface: linear RGB in XYZ, the part that shines by itself (0 to 1) in W.
/// </summary>
/// <param name="local">The point in the solid's own coordinates, metres.</param>
/// <param name="normal">The unit normal in the solid's own coordinates.</param>
internal delegate Vector4 Pattern(Vector3 local, Vector3 normal);

/// <summary>What a surface looks like.</summary>
internal sealed class Material
{
    /// <param name="colour">Linear RGB, 0 to 1.</param>
    public Material(Vector3 colour) => Colour = colour;

    /// <summary>Linear RGB, 0 to 1.</summary>
    public Vector3 Colour { get; }

    /// <summary>Strength of highlights and reflected sky, 0 (chalk) to 1 (glazed).</summary>
    public float Gloss { get; init; }

    /// <summary>The part that shines by itself, 0 to 1.</summary>
    public float Emission { get; init; }

    /// <summary>Replaces <see cref="Colour"/> and <see cref="Emission"/> point by point.</summary>
    public Pattern? Pattern { get; init; }

    public Material Shaded(float factor) => new(Colour * factor) { Gloss = Gloss, Emission = Emission };
}

/// <summary>Patterns with features large enough for a 256-pixel picture; sizes in metres.</summary>
internal static class Patterns
{
    /// <summary>Boards along Z of alternating tone with thin dark joints.</summary>
    public static Pattern Planks(Vector3 colour, float width, float contrast = 0.14f) =>
        (p, _) =>
        {
            var k = p.X / width;
            var board = MathF.Floor(k);
            // Three tones in an order that does not repeat visibly.
            var tone = 1 - contrast * (((int)board * 7 + ((int)board >> 1)) & 3) / 3;
            return Opaque(k - board < 0.045f ? colour * 0.55f : colour * tone);
        };

    public static Pattern Checks(Vector3 even, Vector3 odd, float side) =>
        (p, _) => Opaque((((int)MathF.Floor(p.X / side) + (int)MathF.Floor(p.Z / side)) & 1) == 0 ? even : odd);

    /// <summary>Stripes across X.</summary>
    public static Pattern Stripes(Vector3 even, Vector3 odd, float width) =>
        (p, _) => Opaque((((int)MathF.Floor(p.X / width)) & 1) == 0 ? even : odd);

    /// <summary>Bands across Y.</summary>
    public static Pattern Bands(Vector3 even, Vector3 odd, float width) =>
        (p, _) => Opaque((((int)MathF.Floor(p.Y / width)) & 1) == 0 ? even : odd);

    /// <summary>One colour below a local height, another above.</summary>
    public static Pattern Above(float height, Vector3 below, Vector3 above) =>
        (p, _) => Opaque(p.Y > height ? above : below);

    /// <summary>An inner rectangle of the XZ plane within a border.</summary>
    public static Pattern Bordered(Vector3 inner, Vector3 border, float halfX, float halfZ) =>
        (p, _) => Opaque(MathF.Abs(p.X) < halfX && MathF.Abs(p.Z) < halfZ ? inner : border);

    /// <summary>
    /// Rows of windows on the four sides of a building; <paramref name="lit"/> of them (0 to 1) shine.
    /// </summary>
    public static Pattern Facade(
        Vector3 wall,
        Vector3 glass,
        Vector3 light,
        float lit,
        float pitch,
        float storey,
        float height
    ) =>
        (p, n) =>
        {
            if (MathF.Abs(n.Y) > 0.5f)
            {
                return Opaque(wall * 0.8f);
            }

            var across = (MathF.Abs(n.X) > 0.5f ? p.Z : p.X) / pitch + 0.5f;
            var up = (p.Y + height) / storey;
            var (column, row) = (MathF.Floor(across), MathF.Floor(up));
            var (u, v) = (across - column, up - row);
            if (u < 0.24f || u > 0.76f || v < 0.3f || v > 0.78f || up > 2 * height / storey - 0.3f)
            {
                return Opaque(wall);
            }

            var chance = ((int)column * 73 + (int)row * 151 + (int)(n.X * 3 + n.Z * 7)) * 2654435761u >> 8 & 255;
            return chance < lit * 256 ? new Vector4(light, 1) : Opaque(glass);
        };

    private static Vector4 Opaque(Vector3 colour) => new(colour, 0);
}
