using System.Collections.Frozen;
using System.Text;

namespace ControlNetSharp.Text;

/// <summary>
/// Puts letters and the marks that follow them together (e + U+0301 becomes é), as Unicode normalisation form C does
/// for text in everyday order.
/// The platform's own normalisation is not used: it does nothing where globalization is invariant, and the same prompt
/// must give the same ids everywhere.
/// </summary>
/// <remarks>
/// Marks out of canonical order and compatibility ideographs stay as they are. Source of the pairs: Unicode 14
/// character data, basic multilingual plane.
/// </remarks>
internal static class CanonicalComposition
{
    private const int HangulFirst = 0xAC00;
    private const int HangulLeadingFirst = 0x1100;
    private const int HangulVowelFirst = 0x1161;
    private const int HangulTrailingBeforeFirst = 0x11A7;
    private const int HangulLeadingCount = 19;
    private const int HangulVowelCount = 21;
    private const int HangulTrailingCount = 28;

    // Characters that stand for exactly one other.
    private const string Doubles =
        "\u0340\u0341\u0343\u0374\u037E\u0387\u1F71\u1F73\u1F75\u1F77\u1F79\u1F7B\u1F7D\u1FBB\u1FBE\u1FC9\u1FCB\u1FD3"
        + "\u1FDB\u1FE3\u1FEB\u1FEE\u1FEF\u1FF9\u1FFB"
        + "\u1FFD\u2000\u2001\u2126\u212A\u212B\u2329\u232A";

    private const string Originals =
        "\u0300\u0301\u0313\u02B9\u003B\u00B7\u03AC\u03AD\u03AE\u03AF\u03CC\u03CD\u03CE\u0386\u03B9\u0388\u0389\u0390"
        + "\u038A\u03B0\u038E\u0385\u0060\u038C\u038F"
        + "\u00B4\u2002\u2003\u03A9\u004B\u00C5\u3008\u3009";

    // For each mark: the letters that it joins, and what they become, position by position.
    private static readonly (char Mark, string Letters, string Composed)[] Rows =
    [
        (
            '\u0300',
            "AEIOUaeiouÜüNnЕИеиĒēŌōWwÂâĂăÊêÔôƠơƯưYyἀἁἈἉἐἑἘἙἠἡἨἩἰἱἸἹὀὁὈὉὐὑὙὠὡὨὩαεηιουωΑΕΗ\u1FBFϊΙ\u1FFEϋΥ¨ΟΩ",
            "ÀÈÌÒÙàèìòùǛǜǸǹЀЍѐѝḔḕṐṑẀẁẦầẰằỀềỒồỜờỪừỲỳἂἃἊἋἒἓἚἛἢἣἪἫἲἳἺἻὂὃὊὋὒὓὛὢὣὪὫὰὲὴὶὸὺὼᾺῈῊ\u1FCDῒῚ\u1FDDῢῪ\u1FEDῸῺ"
        ),
        (
            '\u0301',
            "AEIOUYaeiouyCcLlNnRrSsZzÜüGgÅåÆæØø¨ΑΕΗΙΟΥΩϊαεηιϋουωϒГКгкÇçĒēÏïKkMmÕõŌōPpŨũWwÂâĂăÊêÔôƠơƯưἀἁἈἉἐἑἘἙἠἡἨἩἰἱἸἹὀ"
                + "ὁὈὉὐὑὙὠὡὨὩ\u1FBF\u1FFE",
            "ÁÉÍÓÚÝáéíóúýĆćĹĺŃńŔŕŚśŹźǗǘǴǵǺǻǼǽǾǿ\u0385ΆΈΉΊΌΎΏΐάέήίΰόύώϓЃЌѓќḈḉḖḗḮḯḰḱḾḿṌṍṒṓṔṕṸṹẂẃẤấẮắẾếỐốỚớỨứἄἅἌἍἔἕἜἝἤἥἬἭ"
                + "ἴἵἼἽὄὅὌὍὔὕὝὤὥὬὭ\u1FCE\u1FDE"
        ),
        ('\u0302', "AEIOUaeiouCcGgHhJjSsWwYyZzẠạẸẹỌọ", "ÂÊÎÔÛâêîôûĈĉĜĝĤĥĴĵŜŝŴŵŶŷẐẑẬậỆệỘộ"),
        ('\u0303', "ANOanoIiUuVvÂâĂăEeÊêÔôƠơƯưYy", "ÃÑÕãñõĨĩŨũṼṽẪẫẴẵẼẽỄễỖỗỠỡỮữỸỹ"),
        ('\u0304', "AaEeIiOoUuÜüÄäȦȧÆæǪǫÖöÕõȮȯYyИиУуGgḶḷṚṛαΑιΙυΥ", "ĀāĒēĪīŌōŪūǕǖǞǟǠǡǢǣǬǭȪȫȬȭȰȱȲȳӢӣӮӯḠḡḸḹṜṝᾱᾹῑῙῡῩ"),
        ('\u0306', "AaEeGgIiOoUuУИиуЖжАаЕеȨȩẠạαΑιΙυΥ", "ĂăĔĕĞğĬĭŎŏŬŭЎЙйўӁӂӐӑӖӗḜḝẶặᾰᾸῐῘῠῨ"),
        ('\u0307', "CcEeGgIZzAaOoBbDdFfHhMmNnPpRrSsŚśŠšṢṣTtWwXxYyſ", "ĊċĖėĠġİŻżȦȧȮȯḂḃḊḋḞḟḢḣṀṁṄṅṖṗṘṙṠṡṤṥṦṧṨṩṪṫẆẇẊẋẎẏẛ"),
        (
            '\u0308',
            "AEIOUaeiouyYΙΥιυϒЕІеіАаӘәЖжЗзИиОоӨөЭэУуЧчЫыHhÕõŪūWwXxt",
            "ÄËÏÖÜäëïöüÿŸΪΫϊϋϔЁЇёїӒӓӚӛӜӝӞӟӤӥӦӧӪӫӬӭӰӱӴӵӸӹḦḧṎṏṺṻẄẅẌẍẗ"
        ),
        ('\u0309', "AaÂâĂăEeÊêIiOoÔôƠơUuƯưYy", "ẢảẨẩẲẳẺẻỂểỈỉỎỏỔổỞởỦủỬửỶỷ"),
        ('\u030A', "AaUuwy", "ÅåŮůẘẙ"),
        ('\u030B', "OoUuУу", "ŐőŰűӲӳ"),
        ('\u030C', "CcDdEeLlNnRrSsTtZzAaIiOoUuÜüGgKkƷ\u0292jHh", "ČčĎďĚěĽľŇňŘřŠšŤťŽžǍǎǏǐǑǒǓǔǙǚǦǧǨǩǮǯǰȞȟ"),
        ('\u030F', "AaEeIiOoRrUuѴѵ", "ȀȁȄȅȈȉȌȍȐȑȔȕѶѷ"),
        ('\u0311', "AaEeIiOoRrUu", "ȂȃȆȇȊȋȎȏȒȓȖȗ"),
        ('\u0313', "αΑεΕηΗιΙοΟυωΩρ", "ἀἈἐἘἠἨἰἸὀὈὐὠὨῤ"),
        ('\u0314', "αΑεΕηΗιΙοΟυΥωΩρΡ", "ἁἉἑἙἡἩἱἹὁὉὑὙὡὩῥῬ"),
        ('\u031B', "OoUu", "ƠơƯư"),
        ('\u0323', "BbDdHhKkLlMmNnRrSsTtVvWwZzAaEeIiOoƠơUuƯưYy", "ḄḅḌḍḤḥḲḳḶḷṂṃṆṇṚṛṢṣṬṭṾṿẈẉẒẓẠạẸẹỊịỌọỢợỤụỰựỴỵ"),
        ('\u0324', "Uu", "Ṳṳ"),
        ('\u0325', "Aa", "Ḁḁ"),
        ('\u0326', "SsTt", "ȘșȚț"),
        ('\u0327', "CcGgKkLlNnRrSsTtEeDdHh", "ÇçĢģĶķĻļŅņŖŗŞşŢţȨȩḐḑḨḩ"),
        ('\u0328', "AaEeIiUuOo", "ĄąĘęĮįŲųǪǫ"),
        ('\u032D', "DdEeLlNnTtUu", "ḒḓḘḙḼḽṊṋṰṱṶṷ"),
        ('\u032E', "Hh", "Ḫḫ"),
        ('\u0330', "EeIiUu", "ḚḛḬḭṴṵ"),
        ('\u0331', "BbDdKkLlNnRrTtZzh", "ḆḇḎḏḴḵḺḻṈṉṞṟṮṯẔẕẖ"),
        (
            '\u0338',
            "\u2190\u2192\u2194\u21D0\u21D4\u21D2\u2203\u2208\u220B\u2223\u2225\u223C\u2243\u2245\u2248=\u2261\u224D<>"
                + "\u2264\u2265\u2272\u2273\u2276\u2277\u227A\u227B\u2282\u2283\u2286\u2287\u22A2\u22A8\u22A9\u22AB"
                + "\u227C\u227D\u2291\u2292\u22B2\u22B3\u22B4\u22B5",
            "\u219A\u219B\u21AE\u21CD\u21CE\u21CF\u2204\u2209\u220C\u2224\u2226\u2241\u2244\u2247\u2249\u2260\u2262"
                + "\u226D\u226E\u226F\u2270\u2271\u2274\u2275\u2278\u2279\u2280\u2281\u2284\u2285\u2288\u2289\u22AC"
                + "\u22AD\u22AE\u22AF\u22E0\u22E1\u22E2\u22E3\u22EA\u22EB\u22EC\u22ED"
        ),
        ('\u0342', "ἀἁἈἉἠἡἨἩἰἱἸἹὐὑὙὠὡὨὩα¨η\u1FBFιϊ\u1FFEυϋω", "ἆἇἎἏἦἧἮἯἶἷἾἿὖὗὟὦὧὮὯᾶ\u1FC1ῆ\u1FCFῖῗ\u1FDFῦῧῶ"),
        (
            '\u0345',
            "ἀἁἂἃἄἅἆἇἈἉἊἋἌἍἎἏἠἡἢἣἤἥἦἧἨἩἪἫἬἭἮἯὠὡὢὣὤὥὦὧὨὩὪὫὬὭὮὯὰαάᾶΑὴηήῆΗὼωώῶΩ",
            "ᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯᾲᾳᾴᾷᾼῂῃῄῇῌῲῳῴῷῼ"
        ),
        ('\u0653', "\u0627", "\u0622"),
        ('\u0654', "\u0627\u0648\u064A\u06D5\u06C1\u06D2", "\u0623\u0624\u0626\u06C0\u06C2\u06D3"),
        ('\u0655', "\u0627", "\u0625"),
        ('\u093C', "\u0928\u0930\u0933", "\u0929\u0931\u0934"),
        ('\u09BE', "\u09C7", "\u09CB"),
        ('\u09D7', "\u09C7", "\u09CC"),
        ('\u0B3E', "\u0B47", "\u0B4B"),
        ('\u0B56', "\u0B47", "\u0B48"),
        ('\u0B57', "\u0B47", "\u0B4C"),
        ('\u0BBE', "\u0BC6\u0BC7", "\u0BCA\u0BCB"),
        ('\u0BD7', "\u0B92\u0BC6", "\u0B94\u0BCC"),
        ('\u0C56', "\u0C46", "\u0C48"),
        ('\u0CC2', "\u0CC6", "\u0CCA"),
        ('\u0CD5', "\u0CBF\u0CC6\u0CCA", "\u0CC0\u0CC7\u0CCB"),
        ('\u0CD6', "\u0CC6", "\u0CC8"),
        ('\u0D3E', "\u0D46\u0D47", "\u0D4A\u0D4B"),
        ('\u0D57', "\u0D46", "\u0D4C"),
        ('\u0DCA', "\u0DD9\u0DDC", "\u0DDA\u0DDD"),
        ('\u0DCF', "\u0DD9", "\u0DDC"),
        ('\u0DDF', "\u0DD9", "\u0DDE"),
        ('\u102E', "\u1025", "\u1026"),
        (
            '\u1B35',
            "\u1B05\u1B07\u1B09\u1B0B\u1B0D\u1B11\u1B3A\u1B3C\u1B3E\u1B3F\u1B42",
            "\u1B06\u1B08\u1B0A\u1B0C\u1B0E\u1B12\u1B3B\u1B3D\u1B40\u1B41\u1B43"
        ),
        (
            '\u3099',
            "かきくけこさしすせそたちつてとはひふへほうゝカキクケコサシスセソタチツテトハヒフヘホウワヰヱヲヽ",
            "がぎぐげござじずぜぞだぢづでどばびぶべぼゔゞガギグゲゴザジズゼゾダヂヅデドバビブベボヴヷヸヹヺヾ"
        ),
        ('\u309A', "はひふへほハヒフヘホ", "ぱぴぷぺぽパピプペポ"),
    ];

    private static readonly FrozenDictionary<(char Letter, char Mark), char> Pairs = Rows.SelectMany(row =>
            row.Letters.Zip(row.Composed, (letter, composed) => ((letter, row.Mark), composed))
        )
        .ToFrozenDictionary(pair => pair.Item1, pair => pair.composed);

    /// <summary>Composes every letter with the marks directly behind it.</summary>
    public static string Compose(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            var index = Doubles.IndexOf(c);
            var next = index < 0 ? c : Originals[index];
            if (result.Length > 0 && Join(result[^1], next) is { } joined)
            {
                result[^1] = joined;
            }
            else
            {
                result.Append(next);
            }
        }

        return result.ToString();
    }

    private static char? Join(char first, char second) =>
        Pairs.TryGetValue((first, second), out var composed) ? composed : JoinHangul(first, second);

    // Korean syllables are arithmetic: leading consonant, vowel, trailing consonant. Source: The Unicode Standard,
    // section 3.12.
    private static char? JoinHangul(char first, char second)
    {
        var (leading, vowel) = (first - HangulLeadingFirst, second - HangulVowelFirst);
        if (leading is >= 0 and < HangulLeadingCount && vowel is >= 0 and < HangulVowelCount)
        {
            return (char)(HangulFirst + (leading * HangulVowelCount + vowel) * HangulTrailingCount);
        }

        var (syllable, trailing) = (first - HangulFirst, second - HangulTrailingBeforeFirst);
        var open =
            syllable is >= 0 and < HangulLeadingCount * HangulVowelCount * HangulTrailingCount
            && syllable % HangulTrailingCount == 0;
        return open && trailing is > 0 and < HangulTrailingCount ? (char)(first + trailing) : null;
    }
}
