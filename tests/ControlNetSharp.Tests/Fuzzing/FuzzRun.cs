using System.Globalization;
using ControlNetSharp.Runtime;
using Xunit;

namespace ControlNetSharp.Tests.Fuzzing;

/// <summary>
/// Gives a reader inputs that were made from a seed each: it takes them or refuses them with an exception that it documents, in no more than five seconds and a gigabyte. A failure names the seed, which makes
/// the same input again. CONTROLNETSHARP_FUZZ says how many inputs a test takes, from seed 0 on; default 200.
/// </summary>
internal static class FuzzRun
{
    private const int UsualInputs = 200;
    private const long MostBytes = 1L << 30;
    private static readonly int? Asked = Environment.GetEnvironmentVariable("CONTROLNETSHARP_FUZZ") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>Five seconds in a run that was asked for; in the suite, where other tests take their time, a minute.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(Asked is null ? 600 : 5);

    /// <summary>Runs a test's inputs.</summary>
    /// <param name="name">What is read, for messages.</param>
    /// <param name="make">Makes the input of a seed.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="isDocumented">Whether the reader says that it throws this.</param>
    public static void Of(string name, Func<Random, byte[]> make, Action<byte[]> read, Func<Exception, bool> isDocumented)
    {
        var (seed, began, failure) = (0, Environment.TickCount64, (string?)null);
        var peak = MachineMemory.PeakBytes;
        var worker = new Thread(() =>
        {
            for (; seed < (Asked ?? UsualInputs) && failure is null; seed++)
            {
                Volatile.Write(ref began, Environment.TickCount64);
                var input = make(new Random(seed));
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    read(input);
                }
                catch (Exception e) when (isDocumented(e))
                {
                }
                catch (Exception e)
                {
                    failure = $"{name}, seed {seed}: {e}";
                }

                if (GC.GetAllocatedBytesForCurrentThread() - before is var allocated and > MostBytes)
                {
                    failure = $"{name}, seed {seed}: {allocated} bytes were allocated for an input of {input.Length}.";
                }
            }
        })
        { IsBackground = true };
        worker.Start();
        while (!worker.Join(TimeSpan.FromMilliseconds(100)))
        {
            Assert.True(TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref began)) < Longest, $"{name}, seed {seed}: not done after {Longest.TotalSeconds} seconds.");
        }

        Assert.True(failure is null, failure);
        Assert.True(MachineMemory.PeakBytes - peak < MostBytes, $"{name}: the process took {MachineMemory.PeakBytes - peak} bytes more than before.");
    }
}
