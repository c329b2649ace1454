using System.Diagnostics;
using System.Globalization;
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Engine;

/// <summary>
/// What an engine has loaded it gives back when it is disposed. The cycles are explicit and run in a process of their own,
/// since what other tests leave behind moves their numbers; <c>.ci/long</c> asks for more of them.
/// </summary>
public sealed class EngineMemoryTests : IDisposable
{
    private const int Rounds = 5;

    /// <summary>Bytes that a load and disposal may leave behind: a twentieth of the tiny model's weights.</summary>
    private const long Most = 16384;

    /// <summary>Fifty where nothing is said; <c>.ci/long</c> asks for 1000 by this variable.</summary>
    private static readonly int Cycles = int.Parse(Environment.GetEnvironmentVariable("CONTROLNETSHARP_CYCLES") ?? "50", CultureInfo.InvariantCulture);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Cycles_InAProcessOfTheirOwn_NeedNoMoreMemory()
    {
        var tests = Path.ChangeExtension(typeof(EngineMemoryTests).Assembly.Location, OperatingSystem.IsWindows() ? ".exe" : null);
        using var process = Process.Start(
            new ProcessStartInfo(tests, ["-noColor", "-explicit", "only", "-method", $"{typeof(EngineMemoryTests).FullName}.{nameof(LoadGenerateDispose_ManyTimes_NeedsNoMoreMemory)}"])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
                Environment = { [OneAtATime.WithinTurn] = "1" },
            }
        )!;

        var told = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, told);
        Assert.Contains("Total: 1,", told, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task LoadGenerateDispose_ManyTimes_NeedsNoMoreMemory()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        Assert.True(new FileInfo(_folder["model.safetensors"]).Length > 20 * Most);
        var request = new GenerationRequest
        {
            Prompt = "a red house", Model = _folder["model.safetensors"], Size = (64, 64), Seed = 5, Steps = 1,
            Units = [ControlUnit.Canny(TestPictures.Square(64, 64)) with { Model = _folder["control.safetensors"] }],
        };
        async Task CycleAsync()
        {
            await using var engine = new ControlNetEngine();
            await engine.GenerateAsync(request, cancellationToken: TestContext.Current.CancellationToken);
        }

        for (var i = 0; i < 10; i++)
        {
            await CycleAsync();
        }

        // A leak grows in each round. What else the process does moves the numbers in some of them.
        var growth = new List<(long Native, long Managed)>();
        for (var round = 0; round < Rounds; round++)
        {
            var before = Used();
            for (var i = 0; i < Cycles / Rounds; i++)
            {
                await CycleAsync();
            }

            var after = Used();
            growth.Add(((after.Native - before.Native) / (Cycles / Rounds), (after.Managed - before.Managed) / (Cycles / Rounds)));
        }

        var told = string.Join(", ", growth);
        Assert.True(growth.Min(round => round.Native) < Most, told);
        Assert.True(growth.Min(round => round.Managed) < Most, told);
    }

    /// <summary>Bytes that are not garbage.</summary>
    private static (long Native, long Managed) Used()
    {
        // What a finalizer lets go may have one of its own.
        for (var pass = 0; pass < 3; pass++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        var managed = GC.GetTotalMemory(forceFullCollection: true);
        return (AllocatedMemory.Bytes ?? 0, managed);
    }
}
