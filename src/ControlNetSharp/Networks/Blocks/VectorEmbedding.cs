using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// The vector that conditions a whole picture, by two linear layers to what is added to the time embedding. Source:
/// generative-models openaimodel.py, label_emb (num_classes "sequential").
/// </summary>
internal sealed class VectorEmbedding : Module
{
    private readonly LinearLayer _in;
    private readonly LinearLayer _out;
    private readonly int _channels;

    public VectorEmbedding(int channels, int timeChannels, Placement placement)
        : base(nameof(VectorEmbedding))
    {
        _channels = channels;
        _in = new(channels, timeChannels, bias: true, placement);
        _out = new(timeChannels, timeChannels, bias: true, placement);
        register_module("0", new NamedLayers(("0", _in), ("2", _out)));
    }

    /// <summary>The embedding of a network with these params; null where it takes no vector.</summary>
    public static VectorEmbedding? Of(UNetParams p, Placement placement) =>
        p.VectorChannels is { } channels ? new(channels, p.TimeChannels, placement) : null;

    /// <summary>
    /// Time embedding [B, T] plus that of the vector [B, V] -> [B, T]; the time embedding alone for a network that
    /// takes no vector.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A vector is missing, there is one too many, or it has another width.
    /// </exception>
    public static Tensor Added(VectorEmbedding? embedding, Tensor time, Tensor? vector) =>
        embedding is not null ? embedding.AddTo(time, vector)
        : vector is null ? time
        : throw new ArgumentException("This network takes no vector beside the text; one was given.", nameof(vector));

    private Tensor AddTo(Tensor time, Tensor? vector)
    {
        if (vector is null || vector.shape[^1] != _channels)
        {
            throw new ArgumentException(
                $"This network needs a vector of {_channels} numbers beside the text (SDXL: pooled text and sizes); "
                    + $"{(vector is null ? "none" : $"one of {vector.shape[^1]}")} was given.",
                nameof(vector)
            );
        }

        using var scope = NewDisposeScope();
        return time.Plus(_out.call(silu(_in.call(vector)))).MoveToOuterDisposeScope();
    }
}
