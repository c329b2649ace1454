using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class AnnotatorMemoryTests
{
    private const long Most = 4 << 20;

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

        var first = InUse(5);
        Assert.InRange(InUse(Count) - first, long.MinValue, Most);
    }
}
