using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>A colour that captions can name; linear RGB.</summary>
internal readonly record struct NamedColour(string Name, Vector3 Value);

/// <summary>The colours of the scenes' world.</summary>
internal static class Palette
{
    public static readonly NamedColour Red = Named("red", 200, 36, 32);
    public static readonly NamedColour Orange = Named("orange", 236, 120, 24);
    public static readonly NamedColour Yellow = Named("yellow", 244, 202, 44);
    public static readonly NamedColour Green = Named("green", 52, 142, 62);
    public static readonly NamedColour Blue = Named("blue", 40, 88, 196);
    public static readonly NamedColour Purple = Named("purple", 128, 62, 168);
    public static readonly NamedColour Pink = Named("pink", 238, 142, 172);
    public static readonly NamedColour Brown = Named("brown", 122, 76, 42);
    public static readonly NamedColour Black = Named("black", 30, 30, 34);
    public static readonly NamedColour White = Named("white", 240, 238, 232);
    public static readonly NamedColour Grey = Named("grey", 138, 140, 146);
    public static readonly NamedColour Teal = Named("teal", 22, 136, 138);
    public static readonly NamedColour Beige = Named("beige", 222, 200, 164);

    /// <summary>Colours of made things.</summary>
    public static readonly NamedColour[] Vivid =
    [
        Red,
        Orange,
        Yellow,
        Green,
        Blue,
        Purple,
        Pink,
        Teal,
        Red,
        Blue,
        Yellow,
        White,
        Black,
        Brown,
        Grey,
    ];

    /// <summary>Colours of walls and houses.</summary>
    public static readonly NamedColour[] Walls =
    [
        White,
        Beige,
        Yellow,
        Teal,
        Blue,
        Pink,
        Green,
        Grey,
        Orange,
        Red,
        Purple,
        White,
        Beige,
    ];

    public static readonly NamedColour[] Roofs = [Red, Brown, Grey, Black, Orange, Green, Blue, Teal];

    /// <summary>A colour from 8-bit sRGB.</summary>
    public static Vector3 Srgb(int red, int green, int blue) => new(Linear(red), Linear(green), Linear(blue));

    /// <summary>A wall's paint: the named colour, lighter and calmer.</summary>
    public static Vector3 Painted(NamedColour colour) => Vector3.Lerp(colour.Value, new Vector3(0.72f), 0.3f);

    private static NamedColour Named(string name, int red, int green, int blue) => new(name, Srgb(red, green, blue));

    // IEC 61966-2-1.
    private static float Linear(int value)
    {
        var v = value / 255f;
        return v <= 0.04045f ? v / 12.92f : MathF.Pow((v + 0.055f) / 1.055f, 2.4f);
    }
}
