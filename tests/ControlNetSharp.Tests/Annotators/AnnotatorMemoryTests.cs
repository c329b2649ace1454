using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class AnnotatorMemoryTests
{
    /// <summary>Bytes a picture: a third of its smallest map, which has a byte for each of 128 x 96 pixels.</summary>
    private const long Most = 4096;

    /// <summary>The suite takes a few; <c>.ci/long</c> asks for 1000 by this variable.</summary>
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("CONTROLNETSHARP_PICTURES") ?? "30", CultureInfo.InvariantCulture);

    [Theory]
    [MemberData(nameof(AnnotatorCatalogueTests.WithNothingDownloaded), MemberType = typeof(AnnotatorCatalogueTests))]
    public void Annotate_ManyPictures_NeedsNoMoreMemory(string name)
    {
        using var annotator = AnnotatorCatalogue.Create(name);
        // Another picture each time, for what is remembered by content.
        var seed = 0;
        long NativeGrowth()
        {
            var before = AllocatedMemory.Bytes ?? 0;
            annotator.Annotate(TestPictures.Noise(128, 96, seed++));
            return (AllocatedMemory.Bytes ?? 0) - before;
        }

        for (var i = 0; i < 5; i++)
        {
            NativeGrowth();
        }

        var (tensors, managed) = (DisposeScopeManager.Statistics.ThreadTotalLiveCount, Managed());
        var native = Enumerable.Range(0, Count).Select(_ => NativeGrowth()).ToList();
        Assert.Equal(tensors, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.InRange((Managed() - managed) / Count, long.MinValue, Most);
        // A leak grows with every picture. What else the process does (mostly the compiler) moves the number at some of
        // them, up more often than down, which is why this is not the median.
        Assert.InRange(native.Order().ElementAt(Count / 4), long.MinValue, Most);
    }

    /// <summary>Bytes of what is not garbage.</summary>
    private static long Managed()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
