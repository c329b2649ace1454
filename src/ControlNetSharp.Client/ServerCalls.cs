using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ControlNetSharp.Client;

/// <summary>Calls over HTTP: what is sent, what comes back, and what a refusal says.</summary>
/// <param name="http">With the server's address as its base. Borrowed.</param>
internal sealed class ServerCalls(HttpClient http)
{
    private const string JobEvent = "job";

    /// <summary>Jobs as the server tells of them, until it ends the stream.</summary>
    /// <param name="place">Where it tells.</param>
    /// <param name="mayBeAway">Whether a server that is not there is a stream that ends at once.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<Job> EventsAsync(
        string place,
        bool mayBeAway,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, Place(place));
        using var response = await OpenAsync(message, mayBeAway, cancellationToken).ConfigureAwait(false);
        if (response is null)
        {
            yield break;
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var events = SseParser
                .Create(stream)
                .EnumerateAsync(cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
            await using (events.ConfigureAwait(false))
            {
                while (await NextAsync(events).ConfigureAwait(false))
                {
                    if (events.Current.EventType == JobEvent)
                    {
                        yield return JsonSerializer.Deserialize(events.Current.Data, ClientJson.Default.Job)!;
                    }
                }
            }
        }
    }

    /// <summary>A stream that breaks is a stream that ends.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return false;
        }
    }

    private async Task<HttpResponseMessage?> OpenAsync(
        HttpRequestMessage message,
        bool mayBeAway,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await SendAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException) when (mayBeAway)
        {
            return null;
        }
    }

    /// <summary>What stands at a place.</summary>
    public async Task<T> GetAsync<T>(string place, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, Place(place));
        return await ReadAsync(message, type, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The answer to what is sent to a place.</summary>
    public async Task<T> PostAsync<T>(
        string place,
        HttpContent? content,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken
    )
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, Place(place)) { Content = content };
        return await ReadAsync(message, type, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The answer to a call.</summary>
    public async Task<T> ReadAsync<T>(
        HttpRequestMessage message,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken
    )
    {
        using var response = await SendAsync(message, cancellationToken).ConfigureAwait(false);
        return (await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>The bytes at a place.</summary>
    public async Task<byte[]> BytesAsync(string place, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, Place(place));
        using var response = await SendAsync(message, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a call; the answer's body comes later.</summary>
    /// <exception cref="ControlNetApiException">The server refused.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            var problem = ProblemOf(text);
            throw new ControlNetApiException(
                response.StatusCode,
                problem.Code ?? "failed",
                problem.Detail ?? problem.Title ?? $"The server answered {(int)response.StatusCode}.",
                problem.Member,
                response.Headers.RetryAfter?.Delta
            );
        }
    }

    private static Problem ProblemOf(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ClientJson.Default.Problem) ?? new Problem();
        }
        catch (JsonException)
        {
            // Something between the two answered.
            return new Problem();
        }
    }

    /// <summary>The query of what is given; empty for nothing.</summary>
    public static string Query(params (string Name, string? Value)[] values)
    {
        var given = values.Where(value => value.Value is not null).ToList();
        return given.Count == 0
            ? ""
            : "?" + string.Join('&', given.Select(value => $"{value.Name}={Uri.EscapeDataString(value.Value!)}"));
    }

    /// <summary>Bytes to be sent.</summary>
    public static ByteArrayContent BytesOf(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return content;
    }

    /// <summary>A place below the server's address.</summary>
    public static Uri Place(string place) => new(place, UriKind.RelativeOrAbsolute);
}
