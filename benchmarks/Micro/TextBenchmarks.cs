using System.Text;
using BenchmarkDotNet.Attributes;
using ControlNetSharp.Requests;
using ControlNetSharp.Text;

namespace ControlNetSharp.Benchmarks;

/// <summary>Prompts and requests.</summary>
[InProcess]
[MemoryDiagnoser]
public class TextBenchmarks
{
    private const string Prompt =
        "a red sofa in a bright room with a wooden floor, plants beside the window, soft morning light, photograph, "
        + "highly detailed, 35mm, (shallow depth of field:1.2), a cat sleeping on a blanket, books on a low table";

    private readonly GenerationRequest _request = new()
    {
        Prompt = Prompt,
        Seed = 7,
        Units = [ControlUnit.Canny("room.png"), ControlUnit.Canny("chair.png") with { Weight = 0.5 }],
    };
    private byte[] _json = [];

    [GlobalSetup]
    public void Write() => _json = Encoding.UTF8.GetBytes(WriteRequest());

    [Benchmark]
    public IReadOnlyList<int> Tokenize() => ClipTokenizer.Default.Encode(Prompt);

    [Benchmark]
    public string WriteRequest() => RequestJson.Write(_request);

    [Benchmark]
    public GenerationRequest ReadRequest() => RequestJson.Read(_json);
}
