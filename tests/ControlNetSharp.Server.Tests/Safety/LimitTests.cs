using System.Net;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Operation;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace ControlNetSharp.Server.Tests.Safety;

public class LimitTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1000, true, 200)]
    [InlineData(1001, true, 413)]
    [InlineData(1001, false, 413)] // chunked: its length is not said
    public async Task Body_AboveTheLimit_IsRefused(int bytes, bool saysLength, int status)
    {
        await using var server = await RunningServer.StartAsync(
            new ServerSettings { Limits = new() { BodyBytes = 1000 }, Workers = 0 },
            more: app =>
                app.MapPost(
                    "/test/read",
                    async (HttpContext context) =>
                    {
                        using var read = new MemoryStream();
                        await context.Request.Body.CopyToAsync(read, context.RequestAborted);
                        return read.Length;
                    }
                )
        );
        using var request = new HttpRequestMessage(HttpMethod.Post, "/test/read")
        {
            Content = new ByteArrayContent(new byte[bytes]),
        };
        request.Headers.TransferEncodingChunked = !saysLength;

        using var answer = await server.Client.SendAsync(request, Stop);

        Assert.Equal(status, (int)answer.StatusCode);
        if (status == (int)HttpStatusCode.RequestEntityTooLarge)
        {
            Assert.Contains("\"too_large\"", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, GenerationRequest> TooMuch =>
        new()
        {
            { "steps", Small with { Steps = 31 } },
            { "batch", Small with { Batch = 3 } },
            { "count", Small with { Count = 5 } },
            { "size", Small with { Size = (128, 136) } },
            { "hires.scale", Small with { Hires = new HiresPass { Scale = 2.5 } } },
            { "hires.steps", Small with { Hires = new HiresPass { Steps = 31 } } },
        };

    private static GenerationRequest Small =>
        new()
        {
            Prompt = "x",
            Steps = 30,
            Batch = 2,
            Count = 4,
            Size = (64, 64),
        };

    [Theory]
    [MemberData(nameof(TooMuch), DisableDiscoveryEnumeration = true)]
    public async Task Request_AboveALimit_IsRefusedByItsMember(string member, GenerationRequest request)
    {
        await using var server = await RunningServer.StartAsync(
            new ServerSettings
            {
                Workers = 0,
                Limits = new()
                {
                    Steps = 30,
                    Batch = 2,
                    Count = 4,
                    Pixels = 128 * 128,
                },
            }
        );
        var desk = server.App.Services.GetRequiredService<JobDesk>();

        await desk.SubmitAsync(Small, new JobTerms("local"), Stop);
        var e = await Assert.ThrowsAsync<RequestException>(() => desk.SubmitAsync(request, new JobTerms("local"), Stop));

        Assert.Equal(member, e.Member);
        Assert.Contains("this server allows at most", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.168.1.20")]
    public async Task AddressThatOthersReach_NeedsALogin(string address)
    {
        var e = await Assert.ThrowsAsync<SettingsException>(() =>
            ControlNetServer.CreateAsync(new ServerSettings { Listen = address }, Stop)
        );

        Assert.StartsWith($"listen {address}:", Assert.Single(e.Problems), StringComparison.Ordinal);
        Assert.Empty(SettingRules.Problems(new ServerSettings { Listen = address, IsInsecure = true }));
        Assert.Empty(SettingRules.Problems(new ServerSettings { Listen = address, Users = [new("a", "b")] }));
    }
}
