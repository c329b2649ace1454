using System.Text.Json;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// JSON from outside. The parser lets texts with half a surrogate pair pass and fails when somebody asks for them; here
/// they are found at once.
/// </summary>
internal static class CheckedJson
{
    /// <summary>Parses one object.</summary>
    /// <param name="text">UTF-8, or another encoding with its byte order mark.</param>
    /// <exception cref="JsonException">It is no JSON, no object, or has a text that is none.</exception>
    public static JsonDocument ParseObject(byte[] text)
    {
        var utf8 = ByteOrderMark.Removed(text);
        try
        {
            for (var reader = new Utf8JsonReader(utf8.Span); reader.Read(); )
            {
                _ = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? reader.GetString() : null;
            }
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException(e.Message, e);
        }

        var document = JsonDocument.Parse(utf8);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? document
            : throw new JsonException("it is no object");
    }
}
