using System.Net;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace ControlNetSharp.Server.Tests.Safety;

public class OriginTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("evil.example", 421)]
    [InlineData("evil.example:7860", 421)]
    [InlineData("localhost.evil.example", 421)]
    [InlineData("localhost:80", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]:7860", 200)]
    [InlineData("192.168.1.20:7860", 200)]
    [InlineData("draw.example", 200)]
    [InlineData("DRAW.example:443", 200)]
    public async Task Host_ThatIsNotOurs_IsRefused(string host, int status)
    {
        await using var server = await StartAsync(new ServerSettings { Hosts = ["draw.example"] });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/test/look");
        request.Headers.Host = host;

        using var answer = await server.Client.SendAsync(request, Stop);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("POST", "https://evil.example", null, 403)]
    [InlineData("POST", "null", null, 403)]
    [InlineData("POST", null, "cross-site", 403)]
    [InlineData("POST", null, "same-site", 403)]
    [InlineData("DELETE", "https://evil.example", "cross-site", 403)]
    [InlineData("POST", "http://localhost:1", null, 403)]
    [InlineData("POST", "OWN", "same-origin", 200)]
    [InlineData("POST", "OWN", null, 200)]
    [InlineData("POST", null, "none", 200)]
    [InlineData("POST", null, null, 200)] // no browser
    [InlineData("GET", "https://evil.example", "cross-site", 200)] // changes nothing, and cannot be read
    [InlineData("POST", "https://draw.example", "cross-site", 200)]
    public async Task Change_ByAForeignPage_IsRefused(string method, string? origin, string? site, int status)
    {
        await using var server = await StartAsync(new ServerSettings { Origins = ["https://draw.example"] });
        using var request = new HttpRequestMessage(new HttpMethod(method), "/test/look");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin == "OWN" ? server.Address.GetLeftPart(UriPartial.Authority) : origin);
        }

        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
        }

        using var answer = await server.Client.SendAsync(request, Stop);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("https://draw.example", "https://draw.example")]
    [InlineData("https://evil.example", null)]
    public async Task OtherOrigin_MayRead_OnlyWhereItIsAllowed(string origin, string? allowed)
    {
        await using var server = await StartAsync(new ServerSettings { Origins = ["https://draw.example"] });
        using var request = new HttpRequestMessage(HttpMethod.Options, "/test/look");
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");

        using var answer = await server.Client.SendAsync(request, Stop);

        Assert.Equal(
            allowed,
            answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null
        );
    }

    [Theory]
    [InlineData("/test/look", HttpStatusCode.OK)]
    [InlineData("/no/such/route", HttpStatusCode.NotFound)]
    public async Task EveryAnswer_TellsBrowsersWhatToRefuse(string path, HttpStatusCode status)
    {
        await using var server = await StartAsync(new ServerSettings());

        using var answer = await server.Client.GetAsync(path, Stop);

        Assert.Equal(status, answer.StatusCode);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    private static Task<RunningServer> StartAsync(ServerSettings settings) =>
        RunningServer.StartAsync(
            settings with
            {
                Workers = 0,
            },
            more: app => app.MapMethods("/test/look", ["GET", "POST", "DELETE"], () => "seen")
        );
}
