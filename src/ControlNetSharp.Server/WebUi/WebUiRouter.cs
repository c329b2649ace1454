using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Server.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// Routes as stable-diffusion-webui has them: each answers with JSON, with an error in its forms, with the time it
/// took, and in gzip where that is worth it.
/// </summary>
internal sealed partial class WebUiRouter(IEndpointRouteBuilder routes, ILogger<WebUiRouter> logger)
{
    private const int LeastCompressed = 1000;

    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 256,
    };

    private readonly Dictionary<string, List<string>> _verbs = new(StringComparer.OrdinalIgnoreCase);

    public void Get(string path, Func<HttpContext, Task<JsonNode?>> answer) => Map(HttpMethods.Get, path, answer);

    public void Get(string path, Func<JsonNode?> answer) => Get(path, _ => Task.FromResult(answer()));

    public void Post(string path, Func<HttpContext, Task<JsonNode?>> answer) => Map(HttpMethods.Post, path, answer);

    public void Post(string path, Func<JsonNode?> answer) => Post(path, _ => Task.FromResult(answer()));

    /// <summary>What is below a prefix and was not mapped: no such route, or the wrong verb.</summary>
    public void Close(string prefix) =>
        routes.Map(
            prefix + "/{**rest}",
            context =>
            {
                var verbs = _verbs.GetValueOrDefault(context.Request.Path.Value ?? "");
                if (verbs is not null)
                {
                    context.Response.Headers.Allow = string.Join(", ", verbs);
                }

                var (status, detail) = verbs is null
                    ? (StatusCodes.Status404NotFound, "Not Found")
                    : (StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
                return WriteAsync(context, status, new JsonObject { ["detail"] = detail }, Stopwatch.StartNew());
            }
        );

    private void Map(string verb, string path, Func<HttpContext, Task<JsonNode?>> answer)
    {
        if (!_verbs.TryGetValue(path, out var verbs))
        {
            _verbs[path] = verbs = [];
        }

        verbs.Add(verb);
        routes.MapMethods(path, [verb], context => AnswerAsync(context, answer));
    }

    private async Task AnswerAsync(HttpContext context, Func<HttpContext, Task<JsonNode?>> answer)
    {
        var clock = Stopwatch.StartNew();
        int status;
        JsonNode? body;
        try
        {
            (status, body) = (StatusCodes.Status200OK, await answer(context).ConfigureAwait(false));
        }
        catch (WebUiException e)
        {
            (status, body) = (e.Status, e.Body);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (QueueFullException e)
        {
            context.Response.Headers.RetryAfter = e.RetryAfter.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            (status, body) = Told(WebUiException.Http(StatusCodes.Status429TooManyRequests, e.Message));
        }
        catch (BadHttpRequestException e)
        {
            (status, body) = Told(WebUiException.Http(e.StatusCode, e.Message));
        }
#pragma warning disable CA1031 // Whatever went wrong, the caller gets the form of error that it knows.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, context.Request.Path);
            (status, body) = Told(WebUiException.Python(e.GetType().Name, e.Message));
        }

        await WriteAsync(context, status, body, clock).ConfigureAwait(false);
    }

    private static (int Status, JsonNode Body) Told(WebUiException e) => (e.Status, e.Body);

    private static async Task WriteAsync(HttpContext context, int status, JsonNode? body, Stopwatch clock)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.Headers["X-Process-Time"] = clock.Elapsed.TotalSeconds.ToString(
            "0.0000",
            CultureInfo.InvariantCulture
        );
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, Json);
        if (
            bytes.Length >= LeastCompressed
            && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase)
        )
        {
            response.Headers.ContentEncoding = "gzip";
            response.Headers.Vary = "Accept-Encoding";
            bytes = Compressed(bytes);
        }

        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    private static byte[] Compressed(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return compressed.ToArray();
    }

    [LoggerMessage(LogLevel.Error, "{Path} failed")]
    private partial void LogFailed(Exception exception, string path);
}
