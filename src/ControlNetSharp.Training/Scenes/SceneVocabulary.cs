namespace ControlNetSharp.Scenes;

/// <summary>
/// The words with which captions of scenes name things, places, colours and times. What scenes draw alike is one thing
/// here.
/// </summary>
public static class SceneVocabulary
{
    // A name, and the words that mean it; plurals in s are understood.
    private static readonly (string Name, string[] Words)[] ThingRows =
    [
        ("apple", ["apple"]),
        ("banana", ["banana"]),
        ("lemon", ["lemon"]),
        ("orange", ["orange"]),
        ("pear", ["pear"]),
        ("ball", ["ball"]),
        ("book", ["book"]),
        ("bottle", ["bottle"]),
        ("bowl", ["bowl"]),
        ("box", ["box"]),
        ("gift box", ["gift box"]),
        ("candle", ["candle"]),
        ("cup", ["cup"]),
        ("mug", ["mug"]),
        ("lamp", ["lamp"]),
        ("plant pot", ["plant pot"]),
        ("teapot", ["teapot"]),
        ("vase", ["vase"]),
        ("table", ["table"]),
        ("sofa", ["sofa"]),
        ("bed", ["bed"]),
        ("armchair", ["armchair"]),
        ("cabinet", ["cabinet"]),
        ("chair", ["chair"]),
        ("bookcase", ["bookcase"]),
        ("plant", ["plant"]),
        ("rug", ["rug"]),
        ("window", ["window"]),
        ("room", ["room"]),
        ("wall", ["wall"]),
        ("floor", ["floor"]),
        ("car", ["car"]),
        ("bus", ["bus"]),
        ("truck", ["truck"]),
        ("building", ["building"]),
        ("street", ["street", "road", "pavement"]),
        ("house", ["house"]),
        ("roof", ["roof"]),
        ("door", ["door"]),
        ("church", ["church"]),
        ("windmill", ["windmill"]),
        ("lighthouse", ["lighthouse"]),
        ("tree", ["tree"]),
        ("pine tree", ["pine tree"]),
        ("palm tree", ["palm tree"]),
        ("grass", ["grass", "meadow"]),
        ("field", ["field"]),
        ("desert", ["desert"]),
        ("sea", ["sea", "beach", "coast"]),
        ("lake", ["lake"]),
        ("hills", ["hill"]),
        ("mountains", ["mountain"]),
        ("cat", ["cat", "tabby cat"]),
        ("dog", ["dog"]),
        ("horse", ["horse"]),
        ("cow", ["cow"]),
        ("sheep", ["sheep"]),
        ("bird", ["bird"]),
        ("fence", ["fence"]),
        ("branch", ["branch"]),
        ("person", ["person"]),
        ("man", ["man", "boy"]),
        ("woman", ["woman", "girl"]),
        ("shirt", ["shirt", "sweater"]),
        ("dress", ["dress"]),
        ("hat", ["hat"]),
        ("bench", ["bench"]),
        ("sailing boat", ["sailing boat"]),
        ("sail", ["sail"]),
        ("hot-air balloon", ["hot-air balloon"]),
        ("snowman", ["snowman"]),
        ("scarf", ["scarf"]),
        ("tent", ["tent"]),
        ("rocket", ["rocket"]),
    ];

    /// <summary>What is also there where a thing is.</summary>
    private static readonly (string Thing, string Implied)[] Implications =
    [
        ("man", "person"),
        ("woman", "person"),
        ("pine tree", "tree"),
        ("palm tree", "tree"),
        ("sailing boat", "sail"),
    ];

    private static readonly Dictionary<string, int> ThingOfWord = ThingRows
        .Index()
        .SelectMany(row => row.Item.Words.Select(word => (word, row.Index)))
        .ToDictionary(pair => pair.word, pair => pair.Index);

    /// <summary>The things and places.</summary>
    public static IReadOnlyList<string> Things { get; } = [.. ThingRows.Select(row => row.Name)];

    /// <summary>The colours.</summary>
    public static IReadOnlyList<string> Colours { get; } =
    [
        .. new[]
        {
            Palette.Red,
            Palette.Orange,
            Palette.Yellow,
            Palette.Green,
            Palette.Blue,
            Palette.Purple,
            Palette.Pink,
            Palette.Brown,
            Palette.Black,
            Palette.White,
            Palette.Grey,
            Palette.Teal,
            Palette.Beige,
        }.Select(colour => colour.Name),
    ];

    /// <summary>
    /// The words of times of day; where several occur in a text the first one here counts: a snowy day is no day.
    /// </summary>
    internal static IReadOnlyList<(string Words, SceneTime Time)> Times { get; } =
    [
        ("snow", SceneTime.Snow),
        ("snowy", SceneTime.Snow),
        ("winter", SceneTime.Snow),
        ("fog", SceneTime.Fog),
        ("foggy", SceneTime.Fog),
        ("mist", SceneTime.Fog),
        ("sunset", SceneTime.Sunset),
        ("evening", SceneTime.Sunset),
        ("night", SceneTime.Night),
        ("in the dark", SceneTime.Night),
        ("by day", SceneTime.Day),
        ("daytime", SceneTime.Day),
        ("daylight", SceneTime.Day),
        ("bright light", SceneTime.Day),
    ];

    /// <summary>Words of the longest name.</summary>
    internal static int LongestName { get; } = ThingOfWord.Keys.Max(words => words.Count(letter => letter == ' ') + 1);

    /// <summary>
    /// The number in <see cref="Things"/> of what some words mean, in the singular or plural; null for others.
    /// </summary>
    public static int? ThingOf(string words)
    {
        ArgumentNullException.ThrowIfNull(words);
        return
            ThingOfWord.TryGetValue(words, out var thing)
            || (words.EndsWith('s') && ThingOfWord.TryGetValue(words[..^1], out thing))
            ? thing
            : null;
    }

    /// <summary>Some things with what is also there where they are, in order.</summary>
    internal static IEnumerable<int> WithImplied(IEnumerable<int> things)
    {
        var all = new SortedSet<int>(things);
        foreach (var (thing, implied) in Implications)
        {
            if (all.Contains(ThingOf(thing)!.Value))
            {
                all.Add(ThingOf(implied)!.Value);
            }
        }

        return all;
    }
}
