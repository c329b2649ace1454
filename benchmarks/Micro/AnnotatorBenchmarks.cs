using BenchmarkDotNet.Attributes;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Benchmarks;

/// <summary>The annotators without a network, on 512 x 512 pixels.</summary>
[InProcess]
[MemoryDiagnoser]
public class AnnotatorBenchmarks
{
    private readonly Picture _picture = Pictures.OfWaves(512);
    private IAnnotator? _annotator;

    [Params("canny", "hough", "scribble_xdog", "scribble_drawing", "lineart_standard", "invert")]
    public string Name { get; set; } = "";

    [GlobalSetup]
    public void Create() => _annotator = AnnotatorCatalogue.Create(Name);

    [GlobalCleanup]
    public void Dispose() => _annotator?.Dispose();

    [Benchmark]
    public Picture Annotate() => _annotator!.Annotate(_picture);
}
