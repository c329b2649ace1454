using System.Net;
using ControlNetSharp.Server.Safety;
using Xunit;

namespace ControlNetSharp.Server.Tests.Safety;

public class FailedLoginsTests
{
    private readonly Clock _clock = new();
    private readonly FailedLogins _failures;

    public FailedLoginsTests() => _failures = new FailedLogins(_clock);

    [Fact]
    public void Pause_DoublesWithEachFailure_UpToAMinute()
    {
        var pauses = new List<double>();
        for (var i = 0; i < 14; i++)
        {
            pauses.Add(_failures.PauseOf(IPAddress.Loopback, "anna").TotalSeconds);
            _failures.Add(IPAddress.Loopback, "anna");
        }

        Assert.Equal([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 64, 64], pauses);
    }

    [Fact]
    public void Pause_IsOver_AfterItsTime_AndAfterASuccess()
    {
        for (var i = 0; i < 6; i++)
        {
            _failures.Add(IPAddress.Loopback, "anna");
        }

        _clock.Now += TimeSpan.FromSeconds(2);
        Assert.Equal(TimeSpan.Zero, _failures.PauseOf(IPAddress.Loopback, "anna"));
        _failures.Add(IPAddress.Loopback, "anna");
        Assert.NotEqual(TimeSpan.Zero, _failures.PauseOf(IPAddress.Loopback, "anna"));
        Assert.Equal(TimeSpan.Zero, _failures.PauseOf(IPAddress.Parse("10.0.0.1"), "anna"));
        _failures.Clear(IPAddress.Loopback, "anna");
        Assert.Equal(TimeSpan.Zero, _failures.PauseOf(IPAddress.Loopback, "anna"));
    }

    [Fact]
    public void ManyNames_DoNotMakeItForgetTheLatest()
    {
        for (var i = 0; i < 30_000; i++)
        {
            _clock.Now += TimeSpan.FromMilliseconds(1);
            _failures.Add(IPAddress.Loopback, $"name {i}");
        }

        for (var i = 0; i < 5; i++)
        {
            _failures.Add(IPAddress.Loopback, "anna");
        }

        Assert.NotEqual(TimeSpan.Zero, _failures.PauseOf(IPAddress.Loopback, "anna"));
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
