using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

public partial class ReferenceTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly ServerSettings FrontEnd = new() { Workers = 0 };

    [Fact]
    public async Task Document_HasAllRoutesOfV1AndNoOthers()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var paths = (await server.GetAsync("/openapi/v1.json"))["paths"]!.AsObject();

        string[] some = ["/v1/generations", "/v1/jobs/{id}/events", "/v1/uploads/{sha256}", "/v1/images/edits", "/v1/ranges"];
        Assert.Empty(some.Except(paths.Select(path => path.Key)));
        Assert.All(paths, path => Assert.StartsWith("/v1/", path.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Document_SaysChoicesRangesAndForms()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var document = await server.GetAsync("/openapi/v1.json");

        var schemas = document["components"]!["schemas"]!;
        var steps = schemas["GenerationRequest"]!["properties"]!["steps"]!;
        Assert.Equal(("integer", 1, 1000), ((string?)steps["type"], (int)steps["minimum"]!, (int)steps["maximum"]!));
        var unit = schemas["ControlUnit"]!["properties"]!;
        Assert.Contains("\"balanced\",\"prompt\",\"control\"", schemas.ToJsonString(), StringComparison.Ordinal);
        Assert.NotNull(unit["hires"]);
        var body = document["paths"]!["/v1/generations"]!["post"]!["requestBody"]!["content"]!;
        Assert.NotNull(body["multipart/form-data"]!["schema"]!["properties"]!["request"]);
        Assert.Equal(
            ["Idempotency-Key", "priority", "group"],
            document["paths"]!["/v1/generations"]!["post"]!["parameters"]!.AsArray().Select(row => (string)row!["name"]!)
        );
        Assert.Contains("control_units", schemas["ImageRequest"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_LoadsNothingFromAnotherHost()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        using var page = await server.Client.GetAsync("/docs/", Stop);
        var html = await page.Content.ReadAsStringAsync(Stop);

        var places = Places().Matches(html).Select(match => match.Groups["url"].Value).ToList();
        Assert.NotEmpty(places);
        Assert.All(places, place => Assert.DoesNotContain("//", place, StringComparison.Ordinal));
        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        var nonces = Nonces().Matches(html).Select(match => match.Groups["nonce"].Value).Distinct().ToList();
        Assert.Contains($"'nonce-{WebUtility.HtmlDecode(Assert.Single(nonces))}'", policy, StringComparison.Ordinal);
        foreach (var script in places.Where(place => place.EndsWith(".js", StringComparison.Ordinal)))
        {
            using var response = await server.Client.GetAsync(new Uri(new Uri(server.Address, "/docs/"), script), Stop);
            Assert.True(response.IsSuccessStatusCode, script);
        }
    }

    [GeneratedRegex("""nonce="(?<nonce>[^"]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Nonces();

    [GeneratedRegex("""(src|href)="(?<url>[^"]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Places();
}
