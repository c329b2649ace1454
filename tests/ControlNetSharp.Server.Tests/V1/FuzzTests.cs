using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ControlNetSharp.Pictures;
using ControlNetSharp.Server.Jobs;
using CsCheck;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

/// <summary>Bodies that nobody should send: each is refused in words, and none is the server's own fault.</summary>
public class FuzzTests
{
    private const string Request = """
        {"version":1,"prompt":"a","negativePrompt":"","model":"pocket","prediction":"epsilon","size":{"width":64,"height":64},
        "steps":2,"sampler":"Euler","scheduler":"automatic","guidanceScale":7,"seed":1,"batch":1,"count":1,"tiling":false,
        "initial":{"picture":{"data":"AAAA"},"denoise":0.5,"mask":{"picture":"data:image/png;base64,AAAA","blur":4}},
        "units":[{"kind":"canny","picture":{"data":"AAAA"},"weight":1,"options":{"low":100},"layers":[1,1],"mode":"balanced"}]}
        """;

    private const string Images = """
        {"prompt":"a","n":1,"size":"64x64","response_format":"b64_json","output_format":"png","seed":1,"steps":1,
        "control_units":[{"kind":"canny","picture":{"data":"AAAA"}}]}
        """;

    /// <summary>More of them in a long run.</summary>
    private static readonly int? Rounds =
        Environment.GetEnvironmentVariable("CONTROLNETSHARP_FUZZ") is { } rounds
            ? int.Parse(rounds, CultureInfo.InvariantCulture)
            : null;

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private static readonly string[] Pieces =
    [
        "null", "true", "-1", "1e400", "99999999999999999999", "NaN", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "[]", "{}",
        "[[[[[[[[[[", "{\"\\ud800\":1}", "{\"sha256\":\"x\"}", "{\"path\":\"/etc/passwd\"}", "\"data:,\"", "{\"a\":1,\"a\":1}",
        "\"../../etc/passwd\"", "\u00ff", "/*", ",", "\"", "0.1", "[null]", "{\"data\":\"!\"}",
    ];

    private static readonly Gen<string> Piece = Gen.Int[0, Pieces.Length - 1].Select(index => Pieces[index]);

    [Theory]
    [InlineData("/v1/generations", Request)]
    [InlineData("/v1/annotations", """{"kind":"canny","picture":{"data":"AAAA"},"annotator":"canny","resolution":64}""")]
    [InlineData("/v1/images/generations", Images)]
    public async Task Body_Damaged_IsNeverTheServersFault(string route, string whole)
    {
        // No worker: what is accepted by chance stays in the queue.
        await using var server = await RunningServer.StartAsync(
            new ServerSettings
            {
                Workers = 0,
                Queue = new JobStoreOptions { QueueBound = 0 },
            }
        );
        var damaged = Damaged(whole);
        var replaced = Gen.Select(Gen.Int[0, 40], Piece).Select(at => WithValue(whole, at.Item1, at.Item2));

        await Gen.OneOf(damaged, replaced)
            .SampleAsync(
                async body =>
                {
                    using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
                    content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                    using var response = await server.Client.PostAsync(route, content, Stop);
                    var text = await response.Content.ReadAsStringAsync(Stop);
                    Assert.True((int)response.StatusCode is >= 400 and < 500, $"{(int)response.StatusCode} for {body}: {text}");
                    Assert.Contains("\"code\"", text, StringComparison.Ordinal);
                },
                iter: Rounds ?? 300,
                threads: 1
            );
    }

    [Fact]
    public async Task Picture_WithDamagedSettings_IsNeverTheServersFault()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var manifest = Request[..^1]
            + ""","resolved":{"program":"1","libtorch":"2","device":"cpu","dtype":"fp32","threads":1,"model":{"name":"pocket","sha256":"00"},"units":[{"annotator":"canny","hint":"controlnetsharp.hint0"}]}}""";
        const string parameters =
            "a cat\nNegative prompt: dog\nSteps: 12, Sampler: Euler a, CFG scale: 5, Seed: 42, Size: 64x64, Model hash: 00";
        var texts = Gen.Bool.SelectMany(isOurs =>
            Damaged(isOurs ? manifest : parameters).Select(text => (isOurs ? "controlnetsharp" : "parameters", text))
        );

        await texts.SampleAsync(
            async text =>
            {
                if (text.text.Contains('\0'))
                {
                    return;
                }

                var png = PictureWriter.EncodePng(
                    PictureReader.Read(V1Calls.Png()),
                    new Dictionary<string, string> { [text.Item1] = text.text }
                );
                using var response = await server.Client.PostAsync("/v1/read", V1Calls.Bytes(png), Stop);
                Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode} for {text}");
            },
            iter: Rounds ?? 200,
            threads: 1
        );
    }

    [Theory]
    [InlineData("--x\r\n")]
    [InlineData("--x\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{\"prompt\":\"a\"}")]
    [InlineData("--x\r\nContent-Disposition: nonsense\r\n\r\n1\r\n--x--")]
    [InlineData("")]
    public async Task Form_Damaged_IsNeverTheServersFault(string body)
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        foreach (var route in (string[])["generations", "annotations", "uploads", "images/edits"])
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
            using var response = await server.Client.PostAsync($"/v1/{route}", content, Stop);
            Assert.InRange(response.StatusCode, HttpStatusCode.BadRequest, HttpStatusCode.UnprocessableEntity);
        }

        using var without = new ByteArrayContent([1]);
        without.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data");
        await server.RefusedAsync(HttpMethod.Post, "/v1/uploads", HttpStatusCode.BadRequest, "bad_request", without);
    }

    private static Gen<string> Damaged(string whole) =>
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Int[0, 30], Piece)
            .Select(cut => whole[..cut.Item1] + cut.Item3 + whole[Math.Min(whole.Length, cut.Item1 + cut.Item2)..]);

    /// <summary>Another value in the place of the n-th member's.</summary>
    private static string WithValue(string json, int n, string value)
    {
        var at = -1;
        for (; n >= 0 && json.IndexOf("\":", at + 1, StringComparison.Ordinal) is >= 0 and var next; n--)
        {
            at = next;
        }

        var end = json.IndexOfAny([',', '}'], at + 2);
        return json[..(at + 2)] + value + json[end..];
    }
}
