using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class AnnotatorMemoryTests
{
    private const long Most = 4 << 20;
    private const int Rounds = 3;

    /// <summary>The suite takes a few; <c>.ci/long</c> asks for 1000 by this variable.</summary>
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("CONTROLNETSHARP_PICTURES") ?? "30", CultureInfo.InvariantCulture);

    [Theory]
    [MemberData(nameof(AnnotatorCatalogueTests.WithNothingDownloaded), MemberType = typeof(AnnotatorCatalogueTests))]
    public void Annotate_ManyPictures_NeedsNoMoreMemory(string name)
    {
        using var annotator = AnnotatorCatalogue.Create(name);
        var picture = TestPictures.Noise(128, 96);
        long InUse(int pictures)
        {
            for (var i = 0; i < pictures; i++)
            {
                annotator.Annotate(picture);
            }

            // What is not garbage, managed and native.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return GC.GetTotalMemory(forceFullCollection: true) + (AllocatedMemory.Bytes ?? 0);
        }

        // What else the process does moves the number once or twice; a leak grows in every round.
        var rounds = Enumerable.Range(0, Rounds + 1).Select(round => InUse(round == 0 ? 5 : Count / Rounds)).ToList();
        Assert.InRange(rounds.Zip(rounds.Skip(1), (before, after) => after - before).Min(), long.MinValue, Most);
    }
}
