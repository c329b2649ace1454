using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using Microsoft.Extensions.AI;

namespace ControlNetSharp.Extensions.AI;

/// <summary>
/// The request that an image generation request and its options ask for. Nothing is silently left out.
/// </summary>
internal static class RequestOf
{
    /// <summary>Reads both.</summary>
    /// <exception cref="RequestException">Something is asked for that cannot be.</exception>
    public static GenerationRequest Image(
        ImageGenerationRequest request,
        ImageGenerationOptions? options,
        IImageGenerator generator
    )
    {
        RequestRules.Require(
            options?.ResponseFormat is null or ImageGenerationResponseFormat.Data,
            "responseFormat",
            options?.ResponseFormat,
            "must be Data: pictures are made in this process."
        );
        var begun = options?.RawRepresentationFactory?.Invoke(generator) as GenerationRequest;
        var prompt = request.Prompt ?? begun?.Prompt ?? throw new RequestException("prompt", null, "is missing.");
        var asked = (begun ?? new GenerationRequest { Prompt = prompt }) with { Prompt = prompt };
        asked = WithMembers(asked, options?.AdditionalProperties) with
        {
            Initial = InitialOf(request) ?? asked.Initial,
        };
        asked = asked with
        {
            Model = options?.ModelId ?? asked.Model,
            Count = options?.Count ?? asked.Count,
            Size = options?.ImageSize is { } size ? new PictureSize(size.Width, size.Height) : asked.Size,
        };
        asked.Check();
        return asked;
    }

    private static InitialPicture? InitialOf(ImageGenerationRequest request)
    {
        var images = request.OriginalImages?.ToList() ?? [];
        return images switch
        {
            [] => null,
            [DataContent data] => new InitialPicture { Picture = PictureSource.FromBytes(data.Data.Span) },
            [UriContent { Uri: { IsFile: true } uri }] => new InitialPicture { Picture = uri.LocalPath },
            [var other] => throw new RequestException(
                "originalImages[0]",
                other.GetType().Name,
                "must be the bytes of a picture or a file; nothing is fetched from other hosts."
            ),
            _ => throw new RequestException(
                "originalImages",
                null,
                $"one picture can be started from, not {images.Count}; further ones can be control units."
            ),
        };
    }

    private static GenerationRequest WithMembers(GenerationRequest asked, AdditionalPropertiesDictionary? properties)
    {
        var members = (properties ?? []).Where(member => member.Key != ControlNetImageOptions.Progress).ToList();
        if (members.Count == 0)
        {
            return asked;
        }

        var json = JsonSerializer.SerializeToNode(asked, RequestJsonContext.Default.GenerationRequest)!.AsObject();
        foreach (var (name, value) in members)
        {
            json[name] = value is IEnumerable<ControlUnit> ? null : Node(value);
        }

        var units = members.Select(member => member.Value).OfType<IEnumerable<ControlUnit>>().FirstOrDefault();
        if (units is not null)
        {
            json.Remove(ControlNetImageOptions.Units);
        }

        var read = RequestJson.Parse(
            JsonSerializer.SerializeToUtf8Bytes(json),
            RequestJsonContext.Default.GenerationRequest
        );
        // Pictures in memory need not become text and back.
        return units is null ? read : read with { Units = [.. units] };
    }

    private static JsonNode? Node(object? value) =>
        value switch
        {
            null => null,
            JsonNode node => node.DeepClone(),
            ControlUnit unit => JsonSerializer.SerializeToNode(unit, RequestJsonContext.Default.ControlUnit),
            Enum word => JsonNamingPolicy.CamelCase.ConvertName(word.ToString()),
            _ => JsonSerializer.SerializeToNode(value, JsonSerializerOptions.Web),
        };
}
