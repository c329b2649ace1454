using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace ControlNetSharp.Checkpoints.Hub;

/// <summary>
/// Requests to the hub and what can go wrong with them: attempts, waits, silences, redirects, and the token, which only
/// the hub gets. What is asked for and what becomes of it is the <see cref="HubClient"/>'s business.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    /// <summary>How often something is asked for before it is given up.</summary>
    public const int MostAttempts = 5;

    private const int MostRedirects = 10;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private readonly HubOptions _options;
    private readonly HttpClient _http;

    /// <summary>Makes ready; nothing is asked yet.</summary>
    public HubConnection(HubOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        // Redirects are followed here: the token must not go to another host.
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = TimeSpan.FromSeconds(30),
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(
            $"controlnetsharp/{Assembly.GetExecutingAssembly().GetName().Version!.ToString(3)}"
        );
        _http.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Sends a request, waits where the hub asks for it, and tries again where that can help. Any other answer is the
    /// caller's.
    /// </summary>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        Uri address,
        long? from,
        string what,
        bool followsHosts,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan wait;
            try
            {
                var response = await FollowAsync(method, address, from, followsHosts, cancellationToken)
                    .ConfigureAwait(false);
                if ((int)response.StatusCode is not (429 or >= 500) || attempt == MostAttempts)
                {
                    return response;
                }

                using (response)
                {
                    wait = (
                        response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - DateTimeOffset.UtcNow
                    )
                        is { } asked
                        ? (asked > TimeSpan.Zero ? asked : TimeSpan.Zero)
                        : TimeSpan.FromSeconds(1 << attempt);
                    if (wait > LongestWait)
                    {
                        throw new HubException(
                            HubFailure.Unreachable,
                            $"{address.Authority} asks to wait {wait.TotalSeconds:f0} seconds before {what} is asked "
                                + "for again; try later, or with a token."
                        );
                    }
                }
            }
            catch (Exception e) when (IsBroken(e, cancellationToken))
            {
                wait = attempt < MostAttempts ? TimeSpan.FromSeconds(1 << attempt) : throw Unreachable(what, e);
            }

            await _options.Wait(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Copies what comes; a silence that is too long breaks the connection off, and so does more than there should be.
    /// </summary>
    public async Task CopyAsync(
        HttpResponseMessage response,
        Stream target,
        long most,
        Action<long>? progress,
        CancellationToken cancellationToken
    )
    {
        await using var source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var buffer = new byte[1 << 18];
        for (var copied = 0L; ; )
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            silence.CancelAfter(_options.Silence);
            var count = await source.ReadAsync(buffer, silence.Token).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            if (count > most - copied)
            {
                throw new HubException(
                    HubFailure.Damaged,
                    $"{response.RequestMessage?.RequestUri?.Authority} sends more than the {most} bytes that there "
                        + "should be."
                );
            }

            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            copied += count;
            progress?.Invoke(copied);
        }
    }

    /// <summary>
    /// Follows redirects: inside the hub always, to other hosts where the contents are wanted. The token goes to the
    /// hub alone.
    /// </summary>
    private async Task<HttpResponseMessage> FollowAsync(
        HttpMethod method,
        Uri address,
        long? from,
        bool followsHosts,
        CancellationToken cancellationToken
    )
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(method, address);
            if (_options.Token is { } token && IsHub(address))
            {
                request.Headers.Authorization = new("Bearer", token);
            }

            if (from > 0)
            {
                request.Headers.Range = new(from, null);
            }

            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            silence.CancelAfter(_options.Silence);
            var response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token)
                .ConfigureAwait(false);
            if (!IsRedirect(response) || response.Headers.Location is not { } location)
            {
                return response;
            }

            var target = new Uri(address, location);
            if (!IsHub(target) && !followsHosts)
            {
                return response;
            }

            response.Dispose();
            if (
                redirects == MostRedirects
                || target.Scheme is not ("http" or "https")
                || (address.Scheme == "https" && target.Scheme == "http")
            )
            {
                var reason =
                    redirects == MostRedirects ? $"after {MostRedirects} redirects already" : "which is not safe";
                throw new HubException(
                    HubFailure.Unreachable,
                    $"{address.Authority} sends on to {target.GetLeftPart(UriPartial.Path)}, {reason}."
                );
            }

            address = target;
        }
    }

    private bool IsHub(Uri address) =>
        address.Scheme == _options.Endpoint.Scheme && address.Authority == _options.Endpoint.Authority;

    /// <summary>The address of a path at the hub.</summary>
    public Uri Address(string path) => new($"{_options.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    /// <summary>Whether an answer only leads elsewhere.</summary>
    public static bool IsRedirect(HttpResponseMessage response) =>
        (int)response.StatusCode is 301 or 302 or 303 or 307 or 308;

    /// <summary>Says in words why an answer is none.</summary>
    /// <exception cref="HubException">It is no success.</exception>
    public void RequireSuccess(HttpResponseMessage response, string what)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var said = response.Headers.TryGetValues("X-Error-Message", out var messages)
            ? $" ({string.Join(' ', messages)})"
            : "";
        var withToken = _options.Token is null
            ? "no token was given: HF_TOKEN or the file HF_HOME/token"
            : "a token was given";
        throw (int)response.StatusCode switch
        {
            401 => new HubException(
                HubFailure.Forbidden,
                $"{what}: there is no such repository, or it is not public ({withToken}){said}."
            ),
            403 => new HubException(
                HubFailure.Forbidden,
                $"{what}: the hub refuses it; its conditions may have to be accepted on its page ({withToken}){said}."
            ),
            404 => new HubException(HubFailure.NotFound, $"{what}: the hub has none{said}."),
            var status => new HubException(
                HubFailure.Unreachable,
                $"{what}: {response.RequestMessage?.RequestUri?.Authority} answers {status} "
                    + $"{response.ReasonPhrase}{said}."
            ),
        };
    }

    /// <summary>What is thrown where the hub is not there, or no longer.</summary>
    public HubException Unreachable(string what, Exception? cause) =>
        new(
            HubFailure.Unreachable,
            $"{what} cannot be had from {_options.Endpoint.Authority}: "
                + $"{cause?.Message ?? "the connection broke off again and again."} What has come is kept for the next "
                + "time.",
            cause
        );

    /// <summary>Whether a connection failed or fell silent, which another attempt may cure.</summary>
    public static bool IsBroken(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or HttpIOException or IOException { InnerException: SocketException }
        || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);
}
