using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Client;

/// <summary>A picture of a request: bytes that are sent with it, or an upload that the server has already.</summary>
[JsonConverter(typeof(PictureInputConverter))]
public sealed class PictureInput
{
    private PictureInput(string sha256, byte[]? bytes) => (Sha256, Bytes) = (sha256, bytes);

    /// <summary>SHA-256 of the file, 64 lower-case digits.</summary>
    public string Sha256 { get; }

    /// <summary>The file; null for an upload.</summary>
    internal byte[]? Bytes { get; }

    /// <summary>The bytes of a file: a picture, or key points or depth for an annotator.</summary>
    /// <param name="bytes">The whole file. Not copied: it must not change.</param>
    public static PictureInput FromBytes(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return new(Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes);
    }

    /// <summary>A file, which is read now.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static PictureInput FromFile(string path) => FromBytes(File.ReadAllBytes(path));

    /// <summary>What was uploaded before (<see cref="ControlNetClient.UploadAsync"/>), or a file of a job.</summary>
    public static PictureInput FromUpload(string sha256)
    {
        ArgumentException.ThrowIfNullOrEmpty(sha256);
        return new(sha256, null);
    }
}

/// <summary>Bytes go beside the JSON as a part of a form, under their digest; an upload is named by it.</summary>
internal sealed class PictureInputConverter : JsonConverter<PictureInput>
{
    private const string Digest = "sha256";

    public override PictureInput Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var picture = JsonDocument.ParseValue(ref reader);
        return
            picture.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty(Digest, out var sha256)
            && sha256.GetString() is { } text
            ? PictureInput.FromUpload(text)
            : throw new JsonException("A picture in a server's answer must have its SHA-256.");
    }

    public override void Write(Utf8JsonWriter writer, PictureInput value, JsonSerializerOptions options)
    {
        if (value.Bytes is not null)
        {
            writer.WriteStringValue(value.Sha256);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString(Digest, value.Sha256);
        writer.WriteEndObject();
    }
}
