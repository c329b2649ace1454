using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>The colour of a sighting in a style: sun, light from above and below, lamps, highlights, air.</summary>
internal sealed class Shader
{
    private const float HighlightPower = 60;

    private readonly Scene _scene;
    private readonly Camera _camera;
    private readonly Daylight _light;
    private readonly Solid[] _solids;
    private readonly Glow[] _glows;
    private readonly Occluder[] _occluders;
    private readonly bool _flat;

    public Shader(Scene scene)
    {
        _scene = scene;
        (_camera, _light, _solids, _glows, _occluders) = (
            scene.Camera,
            scene.Light,
            scene.Solids,
            scene.Glows,
            scene.Occluders
        );
        _flat = scene.Attributes.Style == SceneStyle.Cartoon;
    }

    /// <summary>Displayed colour (sRGB, 0 to 1) of what is seen at a place of the picture.</summary>
    /// <param name="x">0 to 1.</param>
    /// <param name="y">0 to 1, downwards.</param>
    /// <param name="seen">What <see cref="RayCaster.Look"/> found there.</param>
    /// <param name="visibility">The part of the sun that arrives, 0 to 1.</param>
    public Vector3 Colour(float x, float y, in Sighting seen, float visibility)
    {
        var ray = _camera.Ray(x, y);
        var linear = seen.Solid < 0 ? _light.Sky.Colour(Vector3.Normalize(ray)) : Surface(ray, seen, visibility);
        return Styled(Display(linear));
    }

    private Vector3 Surface(Vector3 ray, in Sighting seen, float visibility)
    {
        var solid = _solids[seen.Solid];
        var material = solid.Material;
        var point = _camera.Position + ray * seen.Depth;
        var normal = seen.Normal;
        var (colour, emission) = (material.Colour, material.Emission);
        if (material.Pattern is { } pattern)
        {
            var painted = pattern(solid.ToLocal(point), solid.TurnToLocal(normal));
            (colour, emission) = (new Vector3(painted.X, painted.Y, painted.Z), painted.W);
        }

        var lit = _flat ? Flat(normal, visibility) : Smooth(point, normal, visibility);
        foreach (var glow in _glows)
        {
            lit += Glowing(glow, point, normal);
        }

        var result = colour * lit;
        if (material.Gloss > 0)
        {
            result += Reflection(material.Gloss, Vector3.Normalize(ray), normal, visibility);
        }

        result = Vector3.Lerp(result, colour, emission);
        if (_light.FogDensity <= 0)
        {
            return result;
        }

        var lost = 1 - MathF.Exp(-_light.FogDensity * seen.Depth);
        return Vector3.Lerp(result, _light.FogColour, lost * (1 - 0.5f * emission));
    }

    private Vector3 Smooth(Vector3 point, Vector3 normal, float visibility)
    {
        var ambient = Vector3.Lerp(_light.Below, _light.Above, normal.Y * 0.5f + 0.5f) * Openness(point, normal);
        return ambient + _light.Sun * (MathF.Max(0, Vector3.Dot(normal, _light.Direction)) * visibility);
    }

    // Two tones: one in the light, one in the shade.
    private Vector3 Flat(Vector3 normal, float visibility)
    {
        var lit = MathF.Max(0, Vector3.Dot(normal, _light.Direction)) * visibility;
        return (_light.Above * 0.75f + _light.Below * 0.25f) * 0.9f
            + _light.Sun * (0.72f * Math.Clamp((lit - 0.12f) * 12, 0, 1));
    }

    private float Openness(Vector3 point, Vector3 normal)
    {
        var open = 1f;
        foreach (ref readonly var occluder in _occluders.AsSpan())
        {
            var towards = (occluder.Centre - point) / occluder.Radii;
            var square = Vector3.Dot(towards, towards);
            if (square is > 9 or < 0.7f)
            {
                continue;
            }

            var cosine = Vector3.Dot(Vector3.Normalize(normal / occluder.Radii), towards) / MathF.Sqrt(square);
            var fade = 1 - square / 9;
            open *= 1 - 0.75f * MathF.Max(0, cosine) / MathF.Max(square, 1) * fade;
        }

        return open;
    }

    private Vector3 Glowing(in Glow glow, Vector3 point, Vector3 normal)
    {
        var towards = glow.Position - point;
        var square = Vector3.Dot(towards, towards);
        var cosine = Vector3.Dot(normal, towards) / MathF.Sqrt(square);
        // Half wrapped: a lamp in a room also arrives from the walls.
        var share = MathF.Max(0, cosine * 0.8f + 0.2f) / (1 + square / (glow.Reach * glow.Reach));
        return glow.Colour * (_flat ? MathF.Round(share * 4) / 4 : share);
    }

    private Vector3 Reflection(float gloss, Vector3 ray, Vector3 normal, float visibility)
    {
        var towardsEye = -Vector3.Dot(ray, normal);
        var mirror = ray + 2 * towardsEye * normal;
        var towardsLight = MathF.Max(0, Vector3.Dot(mirror, _light.Direction));
        if (_flat)
        {
            return new Vector3(towardsLight > 0.965f && visibility > 0.5f ? 0.5f * gloss : 0);
        }

        var highlight = MathF.Pow(towardsLight, HighlightPower) * visibility;
        // Schlick's Fresnel factor for glaze (4 % head on).
        var grazing = 1 - Math.Clamp(towardsEye, 0, 1);
        var square = grazing * grazing;
        var fresnel = 0.04f + 0.5f * square * square * grazing;
        var around = Vector3.Lerp(_light.Below, _light.Above, Math.Clamp(mirror.Y * 2 + 0.5f, 0, 1));
        return gloss * (_light.Sun * highlight * 0.8f + around * fresnel);
    }

    /// <summary>Linear light to sRGB with a soft shoulder above 0.75.</summary>
    private static Vector3 Display(Vector3 linear)
    {
        linear = Vector3.Max(linear, Vector3.Zero);
        var over = Vector3.Max(linear - new Vector3(0.75f), Vector3.Zero);
        linear = Vector3.Min(linear, new Vector3(0.75f)) + 0.25f * over / (over + new Vector3(0.25f));
        // sRGB's curve within 0.3 %, from three square roots.
        var s1 = Vector3.SquareRoot(linear);
        var s2 = Vector3.SquareRoot(s1);
        var s3 = Vector3.SquareRoot(s2);
        return Vector3.Clamp(
            0.662002687f * s1 + 0.684122060f * s2 - 0.323583601f * s3 - 0.0225411470f * linear,
            Vector3.Zero,
            Vector3.One
        );
    }

    private Vector3 Styled(Vector3 colour)
    {
        // ITU-R BT.601 luma.
        var luma = Vector3.Dot(colour, new Vector3(0.299f, 0.587f, 0.114f));
        return _scene.Attributes.Style switch
        {
            SceneStyle.BlackAndWhite => new Vector3(luma * luma * (3 - 2 * luma) * 0.35f + luma * 0.65f),
            SceneStyle.Pastel => Vector3.Lerp(
                Vector3.Lerp(new Vector3(luma), colour, 0.85f),
                new Vector3(0.99f, 0.96f, 0.92f),
                0.42f
            ),
            SceneStyle.Sketch => new Vector3(0.97f, 0.96f, 0.94f) * (0.5f + 0.5f * Math.Clamp(luma * 1.35f, 0, 1)),
            _ => colour,
        };
    }
}
