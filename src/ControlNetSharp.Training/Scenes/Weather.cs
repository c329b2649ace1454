using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>The light for each time, outdoors and in rooms.</summary>
internal static class Weather
{
    private static readonly Vector3 Moonlight = new(0.2f, 0.26f, 0.42f);

    /// <param name="random">The scene's source of chance.</param>
    /// <param name="time">Time of day or weather.</param>
    /// <param name="distance">How far the main thing is, metres: fog leaves most of it visible.</param>
    public static Daylight Outdoors(SceneRandom random, SceneTime time, float distance = 8)
    {
        // Mostly from behind the camera, which looks along -Z.
        var azimuth = random.Range(0.3f, 1.1f) * random.Sign();
        return time switch
        {
            SceneTime.Day => Sunny(random, Towards(azimuth, random.Range(0.55f, 0.95f))),
            SceneTime.Sunset => Sunset(random, azimuth),
            SceneTime.Night => Night(random, azimuth),
            SceneTime.Snow => random.Chance(0.4f)
                ? SunnySnow(random, Towards(azimuth, random.Range(0.5f, 0.8f)))
                : Overcast(Towards(azimuth, 0.9f)),
            _ => Foggy(Towards(azimuth, 0.9f), 0.55f / distance),
        };
    }

    /// <summary>Light in a room; <see cref="Sky"/> is what windows show.</summary>
    public static Daylight Indoors(SceneRandom random, SceneTime time)
    {
        var outside = Outdoors(random, time);
        var azimuth = random.Range(0.35f, 1.0f) * random.Sign();
        return time switch
        {
            SceneTime.Sunset => outside with
            {
                Direction = Towards(azimuth, random.Range(0.45f, 0.65f)),
                Sun = new Vector3(0.95f, 0.5f, 0.22f),
                Above = new Vector3(0.4f, 0.31f, 0.3f),
                Below = new Vector3(0.26f, 0.2f, 0.18f),
                FogDensity = 0,
            },
            SceneTime.Night => outside with
            {
                Direction = Towards(azimuth, random.Range(0.7f, 1f)),
                Sun = new Vector3(0.42f, 0.33f, 0.21f),
                Above = new Vector3(0.15f, 0.14f, 0.17f),
                Below = new Vector3(0.1f, 0.09f, 0.1f),
                FogDensity = 0,
            },
            _ => outside with
            {
                Direction = Towards(azimuth, random.Range(0.6f, 1f)),
                Sun = new Vector3(0.66f, 0.63f, 0.57f),
                Above = new Vector3(0.5f, 0.5f, 0.51f),
                Below = new Vector3(0.33f, 0.32f, 0.3f),
                FogDensity = 0,
            },
        };
    }

    private static Vector3 Towards(float azimuth, float elevation) =>
        new(MathF.Sin(azimuth) * MathF.Cos(elevation), MathF.Sin(elevation), MathF.Cos(azimuth) * MathF.Cos(elevation));

    private static Daylight Sunny(SceneRandom random, Vector3 direction) =>
        new()
        {
            Direction = direction,
            Sun = new Vector3(0.92f, 0.85f, 0.72f),
            Above = new Vector3(0.32f, 0.38f, 0.47f),
            Below = new Vector3(0.2f, 0.19f, 0.16f),
            FogColour = new Vector3(0.6f, 0.76f, 0.93f),
            FogDensity = 0.004f,
            Sky = new Sky
            {
                Zenith = new Vector3(0.08f, 0.27f, 0.72f),
                Horizon = new Vector3(0.55f, 0.75f, 0.94f),
                Clouds = random.Chance(0.65f) ? Clouds(random) : [],
                CloudColour = new Vector3(0.93f, 0.94f, 0.96f),
            },
        };

    private static Daylight SunnySnow(SceneRandom random, Vector3 direction) =>
        Sunny(random, direction) with
        {
            Sun = new Vector3(0.62f, 0.58f, 0.52f),
            Above = new Vector3(0.36f, 0.42f, 0.52f),
            Below = new Vector3(0.34f, 0.36f, 0.4f),
        };

    private static Daylight Overcast(Vector3 direction) =>
        new()
        {
            Direction = direction,
            Sun = new Vector3(0.24f, 0.24f, 0.25f),
            Above = new Vector3(0.56f, 0.59f, 0.65f),
            Below = new Vector3(0.36f, 0.38f, 0.42f),
            FogColour = new Vector3(0.72f, 0.76f, 0.82f),
            FogDensity = 0.012f,
            Sky = new Sky { Zenith = new Vector3(0.5f, 0.56f, 0.65f), Horizon = new Vector3(0.75f, 0.79f, 0.84f) },
        };

    private static Daylight Foggy(Vector3 direction, float density) =>
        new()
        {
            Direction = direction,
            Sun = new Vector3(0.14f, 0.14f, 0.14f),
            Above = new Vector3(0.52f, 0.53f, 0.54f),
            Below = new Vector3(0.33f, 0.33f, 0.33f),
            FogColour = new Vector3(0.6f, 0.62f, 0.64f),
            FogDensity = density * 0.7f,
            Sky = new Sky { Zenith = new Vector3(0.56f, 0.58f, 0.61f), Horizon = new Vector3(0.6f, 0.62f, 0.64f) },
        };

    private static Daylight Sunset(SceneRandom random, float azimuth)
    {
        // Two of three suns stand low behind the scene, where the picture shows them.
        var behind = random.Chance(0.67f);
        var disc = Towards(MathF.PI + azimuth * 0.35f, random.Range(0.05f, 0.2f));
        return new Daylight
        {
            Direction = behind
                ? Towards(MathF.PI * 0.5f * MathF.Sign(azimuth) + azimuth * 0.2f, 0.34f)
                : Towards(azimuth, random.Range(0.25f, 0.4f)),
            Sun = new Vector3(1.05f, 0.5f, 0.2f),
            Above = new Vector3(0.36f, 0.29f, 0.38f),
            Below = new Vector3(0.22f, 0.15f, 0.14f),
            FogColour = new Vector3(0.85f, 0.42f, 0.2f),
            FogDensity = 0.005f,
            Sky = new Sky
            {
                Zenith = new Vector3(0.13f, 0.13f, 0.38f),
                Horizon = new Vector3(0.98f, 0.42f, 0.13f),
                DiscDirection = disc,
                DiscColour = new Vector3(1.1f, 0.8f, 0.4f),
                DiscCosine = behind ? 0.9975f : 2,
                Halo = behind ? 0.5f : 0,
                Clouds = random.Chance(0.5f) ? Clouds(random) : [],
                CloudColour = new Vector3(0.85f, 0.35f, 0.32f),
            },
        };
    }

    private static Daylight Night(SceneRandom random, float azimuth)
    {
        var moon = random.Chance(0.5f);
        return new Daylight
        {
            Direction = Towards(azimuth, random.Range(0.5f, 0.9f)),
            Sun = Moonlight,
            Above = new Vector3(0.075f, 0.1f, 0.19f),
            Below = new Vector3(0.04f, 0.045f, 0.07f),
            FogColour = new Vector3(0.03f, 0.045f, 0.11f),
            FogDensity = 0.006f,
            Sky = new Sky
            {
                Zenith = new Vector3(0.004f, 0.008f, 0.04f),
                Horizon = new Vector3(0.035f, 0.055f, 0.15f),
                DiscDirection = Towards(MathF.PI + random.Range(-0.35f, 0.35f), random.Range(0.2f, 0.42f)),
                DiscColour = new Vector3(0.85f, 0.86f, 0.78f),
                DiscCosine = moon ? 0.9982f : 2,
                Halo = moon ? 0.06f : 0,
                Stars =
                [
                    .. Enumerable
                        .Range(0, 24)
                        .Select(_ => Towards(MathF.PI + random.Range(-0.7f, 0.7f), random.Range(0.05f, 0.9f))),
                ],
            },
        };
    }

    private static CloudPuff[] Clouds(SceneRandom random)
    {
        var clouds = new List<CloudPuff>();
        var count = 2 + random.Below(3);
        for (var i = 0; i < count; i++)
        {
            var (azimuth, elevation, size) = (
                MathF.PI + random.Range(-0.6f, 0.6f),
                random.Range(0.14f, 0.42f),
                random.Range(0.08f, 0.16f)
            );
            for (var k = -1; k <= 1; k++)
            {
                clouds.Add(
                    new CloudPuff(
                        Towards(azimuth + k * size * 0.9f, elevation + (k == 0 ? size * 0.16f : 0)),
                        size * random.Range(0.85f, 1.15f),
                        size * random.Range(0.32f, 0.45f)
                    )
                );
            }
        }

        return [.. clouds];
    }
}
