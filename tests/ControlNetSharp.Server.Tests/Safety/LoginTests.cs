using System.Net;
using System.Text;
using ControlNetSharp.Server.Safety;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace ControlNetSharp.Server.Tests.Safety;

public class LoginTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly ServerSettings WithUsers = new()
    {
        Users = [new UserLogin("anna", "tör:chen"), new UserLogin("ben", "fence")],
    };

    [Fact]
    public async Task Nobody_WhereNobodyMustLogIn_IsLocal()
    {
        await using var server = await StartAsync(new ServerSettings());

        Assert.Equal("local", await server.Client.GetStringAsync("/test/owner", Stop));
    }

    [Theory]
    [InlineData("anna", "tör:chen", "anna")]
    [InlineData("ben", "fence", "ben")]
    public async Task User_WithItsPassword_OwnsItsJobs(string user, string password, string owner)
    {
        await using var server = await StartAsync(WithUsers);

        using var answer = await SendAsync(server, "/test/owner", Basic(user, password));

        Assert.Equal((HttpStatusCode.OK, owner), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop)));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/metrics")]
    [InlineData("/v1/jobs")]
    [InlineData("/sdapi/v1/progress")]
    [InlineData("/controlnet/version")]
    [InlineData("/internal/ping")]
    [InlineData("/no/such/route")]
    public async Task AnyRoute_WithoutLogin_Challenges(string path)
    {
        await using var server = await StartAsync(WithUsers);

        using var answer = await server.Client.GetAsync(path, Stop);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains(answer.Headers.WwwAuthenticate, challenge => challenge.Scheme == "Basic");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains("\"code\":\"unauthorized\"", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic YW5uYTp3cm9uZw==")] // anna:wrong
    [InlineData("Basic YW5uYQ==")] // anna, no colon
    [InlineData("Basic %%%")]
    [InlineData("Basic")]
    [InlineData("Bearer")]
    [InlineData("Bearer cns_0000")]
    [InlineData("Digest username=anna")]
    public async Task WrongLogin_IsRefused(string authorization)
    {
        await using var server = await StartAsync(WithUsers);

        using var answer = await SendAsync(server, "/test/owner", authorization);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Password_OfAnotherUser_IsRefused()
    {
        await using var server = await StartAsync(WithUsers);

        using var answer = await SendAsync(server, "/test/owner", Basic("anna", "fence"));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Key_OfTheFile_OwnsItsJobs_AndComesAndGoesWithoutARestart()
    {
        using var folder = new TemporaryFolder();
        var file = folder["keys.txt"];
        var first = ApiKeyFile.Add(file, "robot");
        await using var server = await StartAsync(new ServerSettings { ApiKeyFile = file });

        using var robot = await SendAsync(server, "/test/owner", "Bearer " + first);
        var second = ApiKeyFile.Add(file, "camera");
        using var camera = await SendAsync(server, "/test/owner", "Bearer " + second);
        var lines = await File.ReadAllLinesAsync(file, Stop);
        await File.WriteAllLinesAsync(file, lines[1..], Stop);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddSeconds(5));
        using var gone = await SendAsync(server, "/test/owner", "Bearer " + first);

        Assert.Equal("robot", await robot.Content.ReadAsStringAsync(Stop));
        Assert.Equal("camera", await camera.Content.ReadAsStringAsync(Stop));
        Assert.Equal(HttpStatusCode.Unauthorized, gone.StatusCode);
        Assert.DoesNotContain(lines, line => line.Contains(first, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task Health_NeedsNoLogin(string path)
    {
        await using var server = await StartAsync(WithUsers with { Workers = 0 });

        using var answer = await server.Client.GetAsync(path, Stop);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Guessing_IsSlowed_ForThisUserAlone()
    {
        await using var server = await StartAsync(WithUsers);
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await SendAsync(server, "/test/owner", Basic("anna", $"guess {i}"));
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using var slowed = await SendAsync(server, "/test/owner", Basic("anna", "tör:chen"));
        using var other = await SendAsync(server, "/test/owner", Basic("ben", "fence"));

        Assert.Equal(HttpStatusCode.TooManyRequests, slowed.StatusCode);
        Assert.NotNull(slowed.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    private static Task<RunningServer> StartAsync(ServerSettings settings) =>
        RunningServer.StartAsync(
            settings,
            more: app => app.MapGet("/test/owner", (HttpContext context) => context.Owner())
        );

    private static string Basic(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static async Task<HttpResponseMessage> SendAsync(RunningServer server, string path, string authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return await server.Client.SendAsync(request, Stop);
    }
}
