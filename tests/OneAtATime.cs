using Xunit;

[assembly: AssemblyFixture(typeof(ControlNetSharp.Tests.OneAtATime))]

namespace ControlNetSharp.Tests;

/// <summary>
/// Test programs of this checkout follow one another, whatever starts them side by side: each computes with all cores,
/// and two at once take more than twice the time and memory.
/// </summary>
public sealed class OneAtATime : IAsyncLifetime
{
    /// <summary>The variable of a program that a test starts: the turn of that test is its own, too.</summary>
    public const string WithinTurn = "CONTROLNETSHARP_WITHIN_TURN";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private FileStream? _turn;

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable(WithinTurn) is not null)
        {
            return;
        }

        // The folder of all test projects, four above a program's own.
        var tests = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));
        var place = Path.Combine(tests, "obj");
        Directory.CreateDirectory(place);
        while (_turn is null)
        {
            try
            {
                _turn = new FileStream(
                    Path.Combine(place, "tests.lock"),
                    FileMode.OpenOrCreate,
                    FileAccess.ReadWrite,
                    FileShare.None
                );
            }
            catch (IOException)
            {
                await Task.Delay(Pause);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_turn is not null)
        {
            await _turn.DisposeAsync();
        }
    }
}
