using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Pictures;
using ControlNetSharp.Text;

namespace ControlNetSharp.Requests;

/// <summary>
/// Requests as JSON: members in camelCase, words for choices. What is left out has its default; a member that is not
/// known, given
/// twice, or of another type is refused with its path.
/// </summary>
public static class RequestJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly RequestJsonContext Indented = new(
        new JsonSerializerOptions(RequestJsonContext.Default.Options) { WriteIndented = true }
    );

    /// <summary>A request as indented JSON; members that are null are left out.</summary>
    public static string Write(GenerationRequest request) =>
        JsonSerializer.Serialize(request, Indented.GenerationRequest);

    /// <summary>The same for a unit alone.</summary>
    internal static string WriteUnit(ControlUnit unit) => JsonSerializer.Serialize(unit, Indented.ControlUnit);

    /// <summary>The same for a picture that is only enlarged.</summary>
    internal static string WriteUpscale(UpscaleRequest request) =>
        JsonSerializer.Serialize(request, Indented.UpscaleRequest);

    /// <summary>Reads a request and checks it.</summary>
    /// <param name="utf8">JSON in UTF-8, with or without a byte order mark.</param>
    /// <param name="folder">Where relative paths count from; null for the present folder.</param>
    /// <exception cref="RequestException">
    /// It is no JSON, no request, or asks for what is not allowed; the message has the path of the member.
    /// </exception>
    public static GenerationRequest Read(ReadOnlySpan<byte> utf8, string? folder = null)
    {
        var request = Parse(utf8, RequestJsonContext.Default.GenerationRequest);
        request = folder is null ? request : RequestPaths.From(request, folder);
        request.Check();
        return request;
    }

    /// <summary>Reads a part of a request or what contains one; it is not checked.</summary>
    /// <exception cref="RequestException">As for <see cref="Read"/>.</exception>
    internal static T Parse<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type)
    {
        try
        {
            var json = ByteOrderMark.Removed(utf8.ToArray()).Span;
            RequireCharacters(json);
            var node = JsonNode.Parse(json, documentOptions: Strict);
            AddDefaults(node, type);
            return node.Deserialize(type)
                ?? throw new RequestException("", null, "the request is null; it must be an object.");
        }
        catch (JsonException e)
        {
            throw new RequestException(MemberOf(e), null, Explained(e), e);
        }
    }

    /// <summary>JSON can be well formed and its texts still be none, which is found only when they are read.</summary>
    private static void RequireCharacters(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            throw new RequestException("", null, "it is not UTF-8.");
        }

        for (var reader = new Utf8JsonReader(json); reader.Read(); )
        {
            if (reader is not { TokenType: JsonTokenType.String or JsonTokenType.PropertyName, ValueIsEscaped: true })
            {
                continue;
            }

            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException e)
            {
                throw new RequestException(
                    "",
                    null,
                    $"the text at byte {reader.TokenStartIndex} has half a character: a \\u escape without "
                        + "its other half.",
                    e
                );
            }
        }
    }

    /// <summary>
    /// Generated code sets members that only an initialiser can set to nothing where JSON has none; so they are given
    /// the values of
    /// a new object first.
    /// </summary>
    private static void AddDefaults(JsonNode? node, JsonTypeInfo type)
    {
        if (node is JsonArray array && type.ElementType is { } element)
        {
            foreach (var item in array)
            {
                AddDefaults(item, type.Options.GetTypeInfo(element));
            }
        }

        if (
            node is not JsonObject given
            || type.Kind != JsonTypeInfoKind.Object
            || (!type.Type.IsValueType && type.Type.GetConstructor(Type.EmptyTypes) is null)
        )
        {
            return;
        }

        var fresh = Activator.CreateInstance(type.Type)!;
        foreach (var property in type.Properties.Where(property => property is { IsRequired: false, Get: not null }))
        {
            var inner = type.Options.GetTypeInfo(property.PropertyType);
            if (given.TryGetPropertyValue(property.Name, out var value))
            {
                AddDefaults(value, inner);
            }
            else if (property.Get!(fresh) is { } otherwise)
            {
                given[property.Name] = JsonSerializer.SerializeToNode(otherwise, inner);
            }
        }
    }

    private static string MemberOf(JsonException e) => e.Path is { Length: > 2 } path ? path[2..] : "";

    private static string Explained(JsonException e)
    {
        // System.Text.Json's own words name .NET types, which say nothing to whoever wrote the JSON.
        var text = e.Message;
        return text.Contains("could not be mapped", StringComparison.Ordinal) ? "there is no such member."
            : text.Contains("could not be converted", StringComparison.Ordinal)
                ? "has the wrong type or is not one of the allowed words."
            : text.Contains("doesn't allow null", StringComparison.Ordinal) ? "must not be null."
            : text.Contains("missing required properties", StringComparison.Ordinal)
                ? $"lacks {text[(text.IndexOf(':', StringComparison.Ordinal) + 2)..].TrimEnd('.')}."
            : text.Split(" Path:")[0];
    }
}

/// <summary>The generated code for requests.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    Converters = [
        typeof(Words<ControlMode>),
        typeof(Words<ControlPasses>),
        typeof(Words<ResizeMode>),
        typeof(Words<ChannelOrder>),
        typeof(Words<ResidualPooling>),
        typeof(Words<PictureCombination>),
        typeof(Words<PictureTransfer>),
        typeof(Words<MaskedContent>),
        typeof(Words<PredictionType>),
    ]
)]
[JsonSerializable(typeof(GenerationRequest))]
[JsonSerializable(typeof(ControlUnit))]
[JsonSerializable(typeof(UpscaleRequest))]
internal sealed partial class RequestJsonContext : JsonSerializerContext;

/// <summary>Choices as words in camelCase, never as numbers.</summary>
internal sealed class Words<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
