using ControlNetSharp.Checkpoints;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Networks.Vision;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Engine;

/// <summary>What image encoders said is asked once.</summary>
public sealed class PictureEncodingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_APictureThatWasSeenBefore_AsksNoEncoder()
    {
        var file = Encoder();
        using var shelf = new NetworkShelf(1L << 30);
        using var encodings = new PictureEncodings(shelf);
        ImageProjectionParams plus = new ResamplerParams(48) { Channels = 8, Queries = 1, Layers = 1, AttentionWidth = 8, Heads = 1, InnerWidth = 8 };
        var (first, second) = (TestPictures.Noise(28, 28), TestPictures.Square(28, 28));
        long Asked() => shelf.Figures.Hits + shelf.Figures.Loads;
        using var two = encodings.Of(file, plus, [first, second], Placement.Cpu32, TestContext.Current.CancellationToken);
        Assert.Equal([2, 5, 48], two.Encoded.shape);
        Assert.Equal([1, 5, 48], two.Nothing.shape);
        Assert.Equal(1, Asked());
        using var again = encodings.Of(file, plus, [second], Placement.Cpu32, TestContext.Current.CancellationToken);
        Assert.Equal(1, Asked());
        Assert.True(again.Encoded.equal(two.Encoded.narrow(0, 1, 1)).all().item<bool>());

        // Another answer of the same encoder is another question; without a picture an embedding is zeros.
        using var embedding = encodings.Of(file, new LinearProjectionParams(40, 4), [first], Placement.Cpu32, TestContext.Current.CancellationToken);
        Assert.Equal(2, Asked());
        Assert.Equal(0, embedding.Nothing.abs().max().item<float>());
        Assert.NotEqual(0, embedding.Encoded.abs().max().item<float>());
    }

    [Fact]
    public void Of_MorePicturesThanAreKept_AsksForTheOldestAgain()
    {
        var file = Encoder();
        using var shelf = new NetworkShelf(1L << 30);
        using var encodings = new PictureEncodings(shelf);
        var squares = Enumerable.Range(0, 33).Select(seed => TestPictures.Noise(28, 28, seed)).ToList();
        using var all = encodings.Of(file, new LinearProjectionParams(40, 4), squares, Placement.Cpu32, TestContext.Current.CancellationToken);
        using var last = encodings.Of(file, new LinearProjectionParams(40, 4), [squares[^1]], Placement.Cpu32, TestContext.Current.CancellationToken);
        Assert.Equal(1, shelf.Figures.Hits + shelf.Figures.Loads);
        using var first = encodings.Of(file, new LinearProjectionParams(40, 4), [squares[0]], Placement.Cpu32, TestContext.Current.CancellationToken);
        Assert.Equal(2, shelf.Figures.Hits + shelf.Figures.Loads);
        Assert.True(first.Encoded.equal(all.Encoded.narrow(0, 0, 1)).all().item<bool>());
    }

    private string Encoder()
    {
        ClipVisionParams p = new() { Width = 48, InnerWidth = 96, Layers = 2, Heads = 4, Patch = 14, Grid = 2, EmbeddingWidth = 40, IsQuick = false };
        using var scope = NewDisposeScope();
        using var network = FormulaWeights.Fill(new ClipVision(p, Placement.Cpu32), "", 3);
        SafetensorsWriter.Write(_folder["e.safetensors"], network.named_parameters().ToDictionary(w => w.name, w => w.parameter.clone()), new CheckpointMetadata { Heads = 4 }.Write());
        return _folder["e.safetensors"];
    }
}
