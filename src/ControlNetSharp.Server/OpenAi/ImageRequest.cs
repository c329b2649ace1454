using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Server.OpenAi;

/// <summary>
/// The body of OpenAI's images API, with what a ControlNet needs more. Source: OpenAI's API reference, Images (create
/// image, create image edit).
/// </summary>
internal sealed record ImageRequest
{
    private const int MostPictures = 10;
    private const int MostPartial = 3;
    private const int MostQuality = 100;
    private const string Auto = "auto";
    private const string Png = "png";

    public required string Prompt { get; init; }

    /// <summary>A model of <c>/v1/models</c>; null for the embedded one.</summary>
    public string? Model { get; init; }

    /// <summary>Pictures, 1 to 10; null for 1.</summary>
    public int? N { get; init; }

    /// <summary>WIDTHxHEIGHT, or auto.</summary>
    public string? Size { get; init; }

    /// <summary>b64_json (the default) or url.</summary>
    [JsonPropertyName("response_format")]
    public string? ResponseFormat { get; init; }

    /// <summary>png (the default), jpeg or webp.</summary>
    [JsonPropertyName("output_format")]
    public string? OutputFormat { get; init; }

    /// <summary>Quality of a JPEG or WebP, 0 to 100 (the default).</summary>
    [JsonPropertyName("output_compression")]
    public int? OutputCompression { get; init; }

    /// <summary>auto or standard: how good it gets is said by <c>steps</c>.</summary>
    public string? Quality { get; init; }

    /// <summary>auto or opaque.</summary>
    public string? Background { get; init; }

    /// <summary>auto or low: nothing is filtered here.</summary>
    public string? Moderation { get; init; }

    /// <summary>Whether pictures come as server-sent events.</summary>
    public bool? Stream { get; init; }

    /// <summary>With <c>stream</c>: pictures on the way, 0 (the default) to 3.</summary>
    [JsonPropertyName("partial_images")]
    public int? PartialImages { get; init; }

    /// <summary>The caller's name for a person; it is not kept.</summary>
    public string? User { get; init; }

    [JsonPropertyName("negative_prompt")]
    public string? NegativePrompt { get; init; }

    public long? Seed { get; init; }

    public int? Steps { get; init; }

    [JsonPropertyName("guidance_scale")]
    public double? GuidanceScale { get; init; }

    /// <summary>How much of an edited picture is given up; null for 0.75, and 1 where a mask is given.</summary>
    public double? Denoise { get; init; }

    /// <summary>Control units as a request of <c>/v1/generations</c> has them.</summary>
    [JsonPropertyName("control_units")]
    public JsonArray? ControlUnits { get; init; }

    /// <summary>The names of our members in this API.</summary>
    private static readonly (string Ours, string Theirs)[] Members =
    [
        ("initial.mask.picture", "mask"),
        ("initial.mask", "mask"),
        ("initial.denoise", "denoise"),
        ("initial.picture", "image"),
        ("units", "control_units"),
        ("negativePrompt", "negative_prompt"),
        ("guidanceScale", "guidance_scale"),
        ("count", "n"),
    ];

    [JsonIgnore]
    public string Format => OutputFormat ?? Png;

    [JsonIgnore]
    public bool AsUrl => ResponseFormat == "url";

    /// <summary>A member of our request by its name here.</summary>
    public static string NameOf(string member) =>
        Array.Find(Members, row => member.StartsWith(row.Ours, StringComparison.Ordinal)) is { Ours: { } ours } found
            ? found.Theirs + member[ours.Length..]
            : member;

    /// <summary>The request, with an initial picture for an edit.</summary>
    /// <exception cref="RequestException">A value is not allowed, or not offered here.</exception>
    public GenerationRequest ToRequest(PictureSource? image = null, PictureSource? mask = null)
    {
        Check();
        var request = new GenerationRequest
        {
            Prompt = Prompt,
            NegativePrompt = NegativePrompt ?? "",
            Model = Model ?? GenerationRequest.EmbeddedModel,
            Size = Size is null or Auto ? null : SizeText.Parse("size", Size),
            Seed = Seed,
            Count = N ?? 1,
            Units = [.. (ControlUnits ?? []).Select(Unit)],
        };
        const double all = 1;
        return request with
        {
            Steps = Steps ?? request.Steps,
            GuidanceScale = GuidanceScale ?? request.GuidanceScale,
            Initial = image is null
                ? null
                : new InitialPicture
                {
                    Picture = image,
                    Denoise = Denoise ?? (mask is null ? new InitialPicture { Picture = image }.Denoise : all),
                    Mask = mask is null ? null : new InpaintMask { Picture = mask },
                },
        };
    }

    private void Check()
    {
        Whole("n", N, 1, MostPictures);
        Whole("partial_images", PartialImages, 0, MostPartial);
        Whole("output_compression", OutputCompression, 0, MostQuality);
        Word("response_format", ResponseFormat, "b64_json", "url");
        Word("output_format", OutputFormat, Png, "jpeg", "webp");
        Word("quality", Quality, Auto, "standard");
        Word("background", Background, Auto, "opaque");
        Word("moderation", Moderation, Auto, "low");
        RequestRules.Require(
            OutputCompression is null or MostQuality || Format != Png,
            "output_compression",
            OutputCompression,
            "PNG has no loss; choose another output_format."
        );
        RequestRules.Require(
            !AsUrl || (Format == Png && Stream != true),
            "response_format",
            ResponseFormat,
            "only whole PNG files have addresses; choose b64_json."
        );
        RequestRules.Require(
            PartialImages is null or 0 || Stream == true,
            "partial_images",
            PartialImages,
            "come only with stream."
        );
    }

    private static void Whole(string name, int? value, int least, int most) =>
        RequestRules.Require(
            value is null || (value >= least && value <= most),
            name,
            value,
            $"must be a whole number from {least} to {most}."
        );

    private static void Word(string name, string? value, params string[] allowed) =>
        RequestRules.Require(
            value is null || allowed.Contains(value),
            name,
            value,
            $"must be {string.Join(" or ", allowed)} here."
        );

    private static ControlUnit Unit(JsonNode? unit, int index)
    {
        try
        {
            return RequestJson.Parse(
                Encoding.UTF8.GetBytes(unit?.ToJsonString() ?? "null"),
                RequestJsonContext.Default.ControlUnit
            );
        }
        catch (RequestException e)
        {
            var path = $"control_units[{index}]{(e.Member.Length == 0 ? "" : "." + e.Member)}";
            throw new RequestException(path, e.Value, e.Problem, e);
        }
    }
}

/// <summary>The answer to who waits for all pictures.</summary>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="Data">The pictures.</param>
/// <param name="Size">Their size.</param>
/// <param name="OutputFormat">Their format.</param>
internal sealed record ImageList(
    long Created,
    IReadOnlyList<ImageData> Data,
    string Size,
    [property: JsonPropertyName("output_format")] string OutputFormat
);

/// <summary>A picture of an answer: its bytes, or where they are.</summary>
internal sealed record ImageData
{
    [JsonPropertyName("b64_json")]
    public byte[]? Bytes { get; init; }

    public string? Url { get; init; }

    /// <summary>Our own: made alone with this seed it is the same.</summary>
    public long? Seed { get; init; }
}

/// <summary>A picture of a stream.</summary>
internal sealed record ImageEvent(
    string Type,
    [property: JsonPropertyName("b64_json")] byte[] Bytes,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    string Size,
    [property: JsonPropertyName("output_format")] string OutputFormat
)
{
    [JsonPropertyName("partial_image_index")]
    public int? PartialImageIndex { get; init; }

    /// <summary>Our own, of a finished picture.</summary>
    public long? Seed { get; init; }
}

/// <summary>What went wrong.</summary>
internal sealed record ImageFailure(ImageError Error)
{
    /// <summary>In a stream, where the event's name says it, too.</summary>
    public string? Type { get; init; }
}

/// <summary>An error as OpenAI's clients read it: all members are always there.</summary>
internal sealed record ImageError(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    string Code
);

/// <summary>The generated code for this API.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(ImageRequest))]
[JsonSerializable(typeof(ImageList))]
[JsonSerializable(typeof(ImageEvent))]
[JsonSerializable(typeof(ImageFailure))]
internal sealed partial class OpenAiJson : JsonSerializerContext;
