using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>
/// A region as the user writes it: <c>PROMPT,mask=PICTURE</c> with options after commas, or <c>@region.json</c>.
/// </summary>
internal static class RegionText
{
    /// <summary>The option that regions are given by.</summary>
    public const string Option = "--region";

    private const string Form =
        "a region is written PROMPT,mask=PICTURE[,weight=X,negative=TEXT]. A text with commas or equals signs in it "
        + "stands in quotes, as in --region '\"a sofa, red\",mask=left.png'; or write the region into a file and give "
        + "@region.json.";
    private static readonly string[] Known = ["mask", "weight", "negative"];

    /// <summary>Reads a region; nothing is opened but the JSON file of an <c>@</c> region.</summary>
    /// <param name="text">The region.</param>
    /// <param name="path">Where it will stand in its request, such as <c>regions[0]</c>.</param>
    /// <exception cref="UsageException">The text is not a region.</exception>
    /// <exception cref="RequestException">A value is wrong.</exception>
    public static PromptRegion Parse(string text, string path)
    {
        if (text.StartsWith('@'))
        {
            return FromJson(text[1..]);
        }

        var fields = Fields.Read(text);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in fields.Skip(1))
        {
            if (!Known.Contains(name) || value is null || !values.TryAdd(name, value))
            {
                throw UsageException.Of(
                    Option,
                    text,
                    $"'{name}{(value is null ? "" : $"={value}")}' must be one of "
                        + $"{string.Join(", ", Known.Select(known => known + "=…"))}, each at most once; {Form}"
                );
            }
        }

        if (fields[0].Value is not null || values.GetValueOrDefault("mask") is not { Length: > 0 } mask)
        {
            throw UsageException.Of(Option, text, Form);
        }

        return new PromptRegion
        {
            Prompt = fields[0].Name,
            NegativePrompt = values.GetValueOrDefault("negative"),
            Mask = mask,
            Weight = values.TryGetValue("weight", out var weight)
                ? RequestValues.Real<PromptRegion>(nameof(PromptRegion.Weight), path + ".weight", weight)
                : 1,
        };
    }

    private static PromptRegion FromJson(string file)
    {
        try
        {
            var region = RequestJson.Parse(File.ReadAllBytes(file), RequestJsonContext.Default.PromptRegion);
            // A region can be moved together with its mask.
            return RequestPaths.From(region, Path.GetDirectoryName(Path.GetFullPath(file))!);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw UsageException.Of(Option, "@" + file, "there is no such file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw UsageException.Of(Option, "@" + file, $"the file cannot be read: {e.Message}", e);
        }
        catch (RequestException e)
        {
            throw UsageException.Of(Option, "@" + file, e.Message, e);
        }
    }
}
