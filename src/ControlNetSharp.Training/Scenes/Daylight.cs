using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>One directional light, light from above and below, and the air. Colours are linear RGB.</summary>
internal sealed record Daylight
{
    /// <summary>Unit vector towards the light.</summary>
    public required Vector3 Direction { get; init; }

    public required Vector3 Sun { get; init; }

    public required Vector3 Above { get; init; }

    public required Vector3 Below { get; init; }

    public Vector3 FogColour { get; init; }

    /// <summary>Part of the light lost per metre.</summary>
    public float FogDensity { get; init; }

    public required Sky Sky { get; init; }
}

/// <summary>A lamp without shadows of its own: light falls with the square of the distance beyond its reach.</summary>
internal readonly record struct Glow(Vector3 Position, Vector3 Colour, float Reach);

/// <summary>An ellipsoid that keeps sky light off what is near it: soft contact shadows.</summary>
internal readonly record struct Occluder(Vector3 Centre, Vector3 Radii);

/// <summary>A soft patch of cloud around a direction; sizes in units of the direction.</summary>
internal readonly record struct CloudPuff(Vector3 Direction, float Width, float Height);

/// <summary>The sky as a function of direction: gradient, disc of sun or moon with a halo, clouds, stars.</summary>
internal sealed record Sky
{
    public required Vector3 Zenith { get; init; }

    public required Vector3 Horizon { get; init; }

    public Vector3 DiscDirection { get; init; }

    public Vector3 DiscColour { get; init; }

    /// <summary>Cosine of the disc's angular radius; 2 shows none.</summary>
    public float DiscCosine { get; init; } = 2;

    /// <summary>Strength of the halo around the disc.</summary>
    public float Halo { get; init; }

    public IReadOnlyList<CloudPuff> Clouds { get; init; } = [];

    public Vector3 CloudColour { get; init; }

    public IReadOnlyList<Vector3> Stars { get; init; } = [];

    /// <param name="direction">Unit vector.</param>
    public Vector3 Colour(Vector3 direction)
    {
        var up = Math.Clamp(direction.Y * 1.7f, 0, 1);
        var colour = Vector3.Lerp(Horizon, Zenith, MathF.Sqrt(up) * 0.6f + up * 0.4f);
        foreach (var star in Stars)
        {
            // About 0.4 degrees: two pixels of a 256-pixel picture.
            colour += new Vector3(Math.Clamp((Vector3.Dot(direction, star) - 0.99997f) * 60_000, 0, 0.9f));
        }

        if (DiscCosine <= 1)
        {
            var towards = Vector3.Dot(direction, DiscDirection);
            var halo = MathF.Max(0, towards);
            halo *= halo;
            halo *= halo;
            halo *= halo;
            colour += DiscColour * (Halo * halo * halo * halo);
            var rim = (1 - DiscCosine) * 0.15f;
            colour = Vector3.Lerp(colour, DiscColour, Math.Clamp((towards - DiscCosine) / rim, 0, 1));
        }

        return Clouds.Count == 0 ? colour : Vector3.Lerp(colour, CloudColour, Cover(direction));
    }

    private float Cover(Vector3 direction)
    {
        var cover = 0f;
        for (var i = 0; i < Clouds.Count; i++)
        {
            var puff = Clouds[i];
            var offset = direction - puff.Direction;
            var rise = offset.Y / puff.Height;
            var run = (offset.X * offset.X + offset.Z * offset.Z) / (puff.Width * puff.Width);
            var inside = 1 - rise * rise - run;
            cover += inside > 0 ? inside * inside : 0;
        }

        return Math.Clamp(cover * 2.2f, 0, 0.92f);
    }
}
