using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Pictures;

/// <summary>
/// <see cref="PictureSource"/> in JSON. Read: a path, a data URL with base64, or an object with <c>path</c> or
/// <c>data</c> and, where it is to be checked, <c>sha256</c>, and of an animation <c>frame</c>. Written: a path alone
/// while the file was not read, else an object.
/// </summary>
internal sealed class PictureSourceConverter : JsonConverter<PictureSource>
{
    private const int DigestLength = 64;

    public override PictureSource Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.String => FromText(reader.GetString()!),
            JsonTokenType.StartObject => FromObject(ref reader),
            _ => throw new JsonException("must be a path, a data URL or an object with \"path\" or \"data\"."),
        };

    public override void Write(Utf8JsonWriter writer, PictureSource value, JsonSerializerOptions options)
    {
        if (value is { Path: { } only, Sha256: null, Frame: null })
        {
            writer.WriteStringValue(only);
            return;
        }

        writer.WriteStartObject();
        if (value.Path is { } path)
        {
            writer.WriteString("path", path);
        }
        else if (!value.IsKnownByDigestOnly)
        {
            writer.WriteBase64String("data", value.ReadBytes());
        }

        if (value.Sha256 is { } sha256)
        {
            writer.WriteString("sha256", sha256);
        }

        if (value.Frame is { } frame)
        {
            writer.WriteNumber("frame", frame);
        }

        writer.WriteEndObject();
    }

    private static PictureSource FromText(string text)
    {
        if (!text.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            return text.Length > 0 ? PictureSource.FromFile(text) : throw new JsonException("must not be empty.");
        }

        const string mark = ";base64,";
        var start = text.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
        return start < 0
            ? throw new JsonException("a data URL must have its bytes in base64.")
            : FromBase64(text[(start + mark.Length)..], null);
    }

    private static PictureSource FromObject(ref Utf8JsonReader reader)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        string? path = null,
            data = null,
            sha256 = null;
        int? frame = null;
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Name == "frame")
            {
                frame =
                    member.Value.ValueKind == JsonValueKind.Number
                    && member.Value.TryGetInt32(out var number)
                    && number >= 0
                        ? number
                        : throw new JsonException("'frame' must be a whole number, from 0 for the first.");
                continue;
            }

            var text =
                member.Value.ValueKind == JsonValueKind.String
                    ? member.Value.GetString()
                    : throw new JsonException($"'{member.Name}' must be a text.");
            switch (member.Name)
            {
                case "path":
                    path = text;
                    break;
                case "data":
                    data = text;
                    break;
                case "sha256":
                    sha256 =
                        text!.Length == DigestLength && text.All(char.IsAsciiHexDigitLower)
                            ? text
                            : throw new JsonException(
                                $"'sha256' must be {DigestLength} lower-case hexadecimal digits."
                            );
                    break;
                default:
                    throw new JsonException(
                        $"has an unknown member '{member.Name}'; allowed are path, data, sha256, frame."
                    );
            }
        }

        var source = (path, data, sha256) switch
        {
            ({ Length: > 0 }, null, _) => PictureSource.FromFile(path, sha256),
            (null, not null, _) => FromBase64(data, sha256),
            (null, null, not null) => PictureSource.Known(sha256),
            _ => throw new JsonException("must have either 'path' or 'data'."),
        };
        return source.WithFrame(frame);
    }

    private static PictureSource FromBase64(string text, string? sha256) =>
        Base64.IsValid(text)
            ? PictureSource.FromBytes(Convert.FromBase64String(text), sha256)
            : throw new JsonException("its bytes are not base64.");
}
