using BenchmarkDotNet.Attributes;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Benchmarks;

/// <summary>Files and sizes of a 512 x 512 picture with the detail of a photograph.</summary>
[InProcess]
[MemoryDiagnoser]
public class PictureBenchmarks
{
    private readonly Picture _picture = Pictures.OfWaves(512);
    private readonly Picture _large = Pictures.OfWaves(1024);
    private byte[] _png = [];
    private byte[] _jpeg = [];

    [GlobalSetup]
    public void Encode() => (_png, _jpeg) = (WritePng(), PictureWriter.EncodeJpeg(_picture));

    [Benchmark]
    public byte[] WritePng() => PictureWriter.EncodePng(_picture);

    [Benchmark]
    public Picture ReadPng() => PictureReader.Read(_png);

    [Benchmark]
    public Picture ReadJpeg() => PictureReader.Read(_jpeg);

    [Benchmark]
    [Arguments(Interpolation.Area)]
    [Arguments(Interpolation.Lanczos4)]
    public Picture ToHalfTheSize(Interpolation interpolation) =>
        PictureResizing.Resize(_large, 512, 512, interpolation);
}
