namespace ControlNetSharp.Scenes;

/// <summary>
/// Puts a scene into words: style, things, place and time in varied order, 4 to 20 plain lower-case words.
/// </summary>
internal static class CaptionWriter
{
    /// <summary>"a blue cup", "an orange ball".</summary>
    public static string WithArticle(string noun) => ("aeio".Contains(noun[0]) ? "an " : "a ") + noun;

    /// <summary>"a", "a and b", "a, b and c".</summary>
    public static string List(IReadOnlyList<string> parts) =>
        parts.Count < 2 ? string.Concat(parts) : $"{string.Join(", ", parts.Take(parts.Count - 1))} and {parts[^1]}";

    public static string Write(Stage stage)
    {
        var random = stage.Random;
        var text = stage.Subject;
        if (stage.Where.Length > 0 && random.Chance(0.85f))
        {
            text += " " + stage.Where;
        }

        var time = When(random, stage.Time);
        if (time.Length > 0)
        {
            text +=
                time.StartsWith("at ", StringComparison.Ordinal)
                || time.StartsWith("on ", StringComparison.Ordinal)
                || time.StartsWith("in ", StringComparison.Ordinal)
                    ? random.Chance(0.7f)
                        ? $" {time}"
                        : $", {time}"
                    : $", {time}";
        }

        return Styled(random, stage.Style, text);
    }

    private static string When(SceneRandom random, SceneTime time) =>
        time switch
        {
            SceneTime.Day => random.Pick("", "", "", "", "", "by day", "daytime", "in daylight", "in bright light"),
            SceneTime.Sunset => random.Pick(
                "at sunset",
                "sunset",
                "at sunset",
                "in the evening light",
                "sunset light",
                ""
            ),
            SceneTime.Night => random.Pick("at night", "night", "at night", "in the dark", "by night", ""),
            SceneTime.Snow => random.Pick("in the snow", "in winter", "snow", "on a snowy day", "winter"),
            _ => random.Pick("in the fog", "in fog", "on a foggy day", "fog", "in the mist"),
        };

    private static string Styled(SceneRandom random, SceneStyle style, string text) =>
        style switch
        {
            SceneStyle.Photo => random.Pick(
                "{0}",
                "{0}",
                "{0}",
                "{0}",
                "a photo of {0}",
                "a photo of {0}",
                "photo of {0}",
                "a photograph of {0}",
                "{0}, photo"
            ),
            SceneStyle.Cartoon => random.Pick(
                "a cartoon of {0}",
                "cartoon of {0}",
                "{0}, cartoon",
                "a cartoon drawing of {0}",
                "{0}, cartoon style"
            ),
            SceneStyle.BlackAndWhite => random.Pick(
                "a black and white photo of {0}",
                "{0}, black and white",
                "black and white photo of {0}",
                "{0}, black and white photo"
            ),
            SceneStyle.Pastel => random.Pick(
                "a pastel drawing of {0}",
                "{0}, pastel",
                "pastel of {0}",
                "{0} in soft pastel colours"
            ),
            _ => random.Pick(
                "a pencil sketch of {0}",
                "{0}, pencil sketch",
                "sketch of {0}",
                "a pencil drawing of {0}"
            ),
        }
            is var pattern
            ? pattern.Replace("{0}", text)
            : text;
}
