namespace ControlNetSharp.Training.Datasets;

/// <summary>A named colour of CSS, its name written as words.</summary>
/// <param name="Name">For example "pale golden rod".</param>
/// <param name="Rgb">0xRRGGBB.</param>
internal readonly record struct CssColour(string Name, int Rgb)
{
    /// <summary>
    /// The named colours of W3C CSS Color Module Level 4, section 6.1; all but rebeccapurple are X11's. Of two names for one colour (cyan and aqua, magenta and fuchsia, grey and gray) one is here.
    /// </summary>
    public static readonly CssColour[] All =
    [
        new("alice blue", 0xF0F8FF), new("antique white", 0xFAEBD7), new("aqua", 0x00FFFF), new("aquamarine", 0x7FFFD4), new("azure", 0xF0FFFF), new("beige", 0xF5F5DC),
        new("bisque", 0xFFE4C4), new("black", 0x000000), new("blanched almond", 0xFFEBCD), new("blue", 0x0000FF), new("blue violet", 0x8A2BE2), new("brown", 0xA52A2A),
        new("burly wood", 0xDEB887), new("cadet blue", 0x5F9EA0), new("chartreuse", 0x7FFF00), new("chocolate", 0xD2691E), new("coral", 0xFF7F50),
        new("cornflower blue", 0x6495ED), new("cornsilk", 0xFFF8DC), new("crimson", 0xDC143C), new("dark blue", 0x00008B), new("dark cyan", 0x008B8B),
        new("dark golden rod", 0xB8860B), new("dark gray", 0xA9A9A9), new("dark green", 0x006400), new("dark khaki", 0xBDB76B), new("dark magenta", 0x8B008B),
        new("dark olive green", 0x556B2F), new("dark orange", 0xFF8C00), new("dark orchid", 0x9932CC), new("dark red", 0x8B0000), new("dark salmon", 0xE9967A),
        new("dark sea green", 0x8FBC8F), new("dark slate blue", 0x483D8B), new("dark slate gray", 0x2F4F4F), new("dark turquoise", 0x00CED1),
        new("dark violet", 0x9400D3), new("deep pink", 0xFF1493), new("deep sky blue", 0x00BFFF), new("dim gray", 0x696969), new("dodger blue", 0x1E90FF),
        new("fire brick", 0xB22222), new("floral white", 0xFFFAF0), new("forest green", 0x228B22), new("fuchsia", 0xFF00FF), new("gainsboro", 0xDCDCDC),
        new("ghost white", 0xF8F8FF), new("gold", 0xFFD700), new("golden rod", 0xDAA520), new("gray", 0x808080), new("green", 0x008000), new("green yellow", 0xADFF2F),
        new("honey dew", 0xF0FFF0), new("hot pink", 0xFF69B4), new("indian red", 0xCD5C5C), new("indigo", 0x4B0082), new("ivory", 0xFFFFF0), new("khaki", 0xF0E68C),
        new("lavender", 0xE6E6FA), new("lavender blush", 0xFFF0F5), new("lawn green", 0x7CFC00), new("lemon chiffon", 0xFFFACD), new("light blue", 0xADD8E6),
        new("light coral", 0xF08080), new("light cyan", 0xE0FFFF), new("light golden rod yellow", 0xFAFAD2), new("light gray", 0xD3D3D3), new("light green", 0x90EE90),
        new("light pink", 0xFFB6C1), new("light salmon", 0xFFA07A), new("light sea green", 0x20B2AA), new("light sky blue", 0x87CEFA), new("light slate gray", 0x778899),
        new("light steel blue", 0xB0C4DE), new("light yellow", 0xFFFFE0), new("lime", 0x00FF00), new("lime green", 0x32CD32), new("linen", 0xFAF0E6),
        new("maroon", 0x800000), new("medium aqua marine", 0x66CDAA), new("medium blue", 0x0000CD), new("medium orchid", 0xBA55D3), new("medium purple", 0x9370DB),
        new("medium sea green", 0x3CB371), new("medium slate blue", 0x7B68EE), new("medium spring green", 0x00FA9A), new("medium turquoise", 0x48D1CC),
        new("medium violet red", 0xC71585), new("midnight blue", 0x191970), new("mint cream", 0xF5FFFA), new("misty rose", 0xFFE4E1), new("moccasin", 0xFFE4B5),
        new("navajo white", 0xFFDEAD), new("navy", 0x000080), new("old lace", 0xFDF5E6), new("olive", 0x808000), new("olive drab", 0x6B8E23), new("orange", 0xFFA500),
        new("orange red", 0xFF4500), new("orchid", 0xDA70D6), new("pale golden rod", 0xEEE8AA), new("pale green", 0x98FB98), new("pale turquoise", 0xAFEEEE),
        new("pale violet red", 0xDB7093), new("papaya whip", 0xFFEFD5), new("peach puff", 0xFFDAB9), new("peru", 0xCD853F), new("pink", 0xFFC0CB), new("plum", 0xDDA0DD),
        new("powder blue", 0xB0E0E6), new("purple", 0x800080), new("rebecca purple", 0x663399), new("red", 0xFF0000), new("rosy brown", 0xBC8F8F),
        new("royal blue", 0x4169E1), new("saddle brown", 0x8B4513), new("salmon", 0xFA8072), new("sandy brown", 0xF4A460), new("sea green", 0x2E8B57),
        new("sea shell", 0xFFF5EE), new("sienna", 0xA0522D), new("silver", 0xC0C0C0), new("sky blue", 0x87CEEB), new("slate blue", 0x6A5ACD),
        new("slate gray", 0x708090), new("snow", 0xFFFAFA), new("spring green", 0x00FF7F), new("steel blue", 0x4682B4), new("tan", 0xD2B48C), new("teal", 0x008080),
        new("thistle", 0xD8BFD8), new("tomato", 0xFF6347), new("turquoise", 0x40E0D0), new("violet", 0xEE82EE), new("wheat", 0xF5DEB3), new("white", 0xFFFFFF),
        new("white smoke", 0xF5F5F5), new("yellow", 0xFFFF00), new("yellow green", 0x9ACD32),
    ];

    public int Red => Rgb >> 16;

    public int Green => Rgb >> 8 & 255;

    public int Blue => Rgb & 255;

    /// <summary>The Euclidean distance in RGB.</summary>
    public double DistanceTo(CssColour other)
    {
        var (red, green, blue) = (Red - other.Red, Green - other.Green, Blue - other.Blue);
        return Math.Sqrt(red * red + green * green + blue * blue);
    }
}
