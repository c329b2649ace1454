using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.WebUi;

/// <summary>What a field of a body holds.</summary>
internal enum PayloadType
{
    Text,
    Whole,
    Number,
    Flag,
    Texts,
    List,
    Map,
    Any,
}

/// <summary>A field of a body, read as leniently as pydantic 1 does it.</summary>
/// <param name="Name">Its name in JSON.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Default">What it holds where it is not given: a string, a number, a boolean, or null.</param>
internal sealed record PayloadField(string Name, PayloadType Type, object? Default = null)
{
    private static readonly string[] True = ["1", "on", "t", "true", "y", "yes"];
    private static readonly string[] False = ["0", "off", "f", "false", "n", "no"];

    /// <summary>Whether a body without it is refused.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether null is refused, which otherwise means the default.</summary>
    public bool RefusesNull { get; init; }

    /// <summary>The least value; null for any.</summary>
    public double? Least { get; init; }

    /// <summary>The largest value; null for any.</summary>
    public double? Most { get; init; }

    /// <summary>The value that was given, as it is echoed.</summary>
    /// <param name="value">What the body has.</param>
    /// <param name="error">What is wrong with it, and the word for programs; null where nothing is.</param>
    public JsonNode? Read(JsonElement value, out (string Message, string Type)? error)
    {
        error = null;
        if (value.ValueKind == JsonValueKind.Null)
        {
            error = RefusesNull ? ("none is not an allowed value", "type_error.none.not_allowed") : null;
            return null;
        }

        JsonNode? read = Type switch
        {
            PayloadType.Text => TextOf(value) is { } text ? JsonValue.Create(text) : null,
            PayloadType.Whole => WholeOf(value) is { } whole ? JsonValue.Create(whole) : null,
            PayloadType.Number => NumberOf(value) is { } number ? JsonValue.Create(number) : null,
            PayloadType.Flag => FlagOf(value) is { } flag ? JsonValue.Create(flag) : null,
            PayloadType.Texts => TextsOf(value),
            PayloadType.List => value.ValueKind == JsonValueKind.Array ? JsonArray.Create(value) : null,
            PayloadType.Map => value.ValueKind == JsonValueKind.Object ? JsonObject.Create(value) : null,
            _ => Copied(value),
        };
        error = read is null ? Wrong() : OutOfRange(read);
        return read;
    }

    /// <summary>Text that may be a number; null where it is neither, or is no Unicode.</summary>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => WholeOf(value) is { } whole && whole == value.GetDouble()
                    ? whole.ToString(CultureInfo.InvariantCulture)
                    : value.GetRawText(),
                JsonValueKind.True => "True",
                JsonValueKind.False => "False",
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    private static long? WholeOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetInt64(out var whole) => whole,
            JsonValueKind.Number => value.GetDouble() is var number && Math.Abs(number) < long.MaxValue
                ? (long)number
                : null,
            JsonValueKind.String => long.TryParse(
                TextOf(value),
                NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture,
                out var whole
            )
                ? whole
                : null,
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            _ => null,
        };

    private static double? NumberOf(JsonElement value)
    {
        double? number = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.String => double.TryParse(
                TextOf(value),
                NumberStyles.Float,
                CultureInfo.InvariantCulture,
                out var parsed
            )
                ? parsed
                : null,
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            _ => null,
        };
        return number is { } finite && double.IsFinite(finite) ? finite : null;
    }

    private static bool? FlagOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number or JsonValueKind.String when TextOf(value) is { } text => Word(
                text.ToLowerInvariant()
            ),
            _ => null,
        };

    private static bool? Word(string word) =>
        True.Contains(word, StringComparer.Ordinal) ? true
        : False.Contains(word, StringComparer.Ordinal) ? false
        : null;

    private static JsonArray? TextsOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var texts = value.EnumerateArray().Select(TextOf).ToList();
        return texts.Contains(null) ? null : new JsonArray([.. texts.Select(text => (JsonNode?)text)]);
    }

    private static JsonNode? Copied(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Array => JsonArray.Create(value),
            JsonValueKind.Object => JsonObject.Create(value),
            _ => JsonValue.Create(value),
        };

    private (string Message, string Type) Wrong() =>
        Type switch
        {
            PayloadType.Text => ("str type expected", "type_error.str"),
            PayloadType.Whole => ("value is not a valid integer", "type_error.integer"),
            PayloadType.Number => ("value is not a valid float", "type_error.float"),
            PayloadType.Flag => ("value could not be parsed to a boolean", "type_error.bool"),
            PayloadType.Texts => ("value is not a valid list of str", "type_error.list"),
            PayloadType.List => ("value is not a valid list", "type_error.list"),
            _ => ("value is not a valid dict", "type_error.dict"),
        };

    private (string Message, string Type)? OutOfRange(JsonNode read)
    {
        if (Least is null && Most is null)
        {
            return null;
        }

        var number = Type == PayloadType.Whole ? read.GetValue<long>() : read.GetValue<double>();
        return number < Least
                ? (Invariant($"ensure this value is greater than or equal to {Least}"), "value_error.number.not_ge")
            : number > Most
                ? (Invariant($"ensure this value is less than or equal to {Most}"), "value_error.number.not_le")
            : null;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
