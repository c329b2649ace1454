namespace ControlNetSharp.Server.Tests;

/// <summary>
/// How long is waited for what comes by itself: longer than any machine takes, so that the end of it means a fault and
/// never a slow machine.
/// </summary>
internal static class Patience
{
    public static TimeSpan Time { get; } = TimeSpan.FromMinutes(30);

    /// <summary>The same as Playwright counts.</summary>
    public static float Milliseconds => (float)Time.TotalMilliseconds;

    /// <summary>A client with it.</summary>
    public static HttpClient Client(Uri address) => new() { BaseAddress = address, Timeout = Time };
}
