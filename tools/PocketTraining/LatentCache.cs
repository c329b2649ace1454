using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>The latents of all training pictures, encoded once, with their captions as tokens.</summary>
internal sealed class LatentCache : IDisposable
{
    private const int EncodeBatch = 16;
    private readonly Tensor _latents;
    private readonly Tensor _tokens;
    private readonly Tensor _noCaption;

    private LatentCache(Tensor latents, IReadOnlyList<string> captions)
    {
        _latents = latents;
        _tokens = Tokens(captions).DetachFromDisposeScope();
        _noCaption = Tokens([""]).DetachFromDisposeScope();
    }

    public long Count => _latents.shape[0];

    /// <summary>Opens the cache of a run; encodes the pictures first if it is not there.</summary>
    /// <param name="path">The safetensors file of the latents.</param>
    /// <param name="autoencoder">An Autoencoder for RGB whose latents are normalised by its scale factor.</param>
    /// <param name="pictures">The pictures.</param>
    /// <param name="placement">Where the Autoencoder is and what it computes in.</param>
    public static LatentCache Open(string path, Autoencoder autoencoder, PictureCache pictures, Placement placement)
    {
        if (!File.Exists(path))
        {
            using var scope = NewDisposeScope();
            var batches = new Tensor[(pictures.Count + EncodeBatch - 1) / EncodeBatch];
            Parallel.For(
                0,
                batches.Length,
                new ParallelOptions
                {
                    MaxDegreeOfParallelism =
                        placement.Device.type == DeviceType.CPU ? PocketModel.Workers : Environment.ProcessorCount,
                },
                i =>
                {
                    using var inner = NewDisposeScope();
                    using var _ = no_grad();
                    var batch = pictures.Batch([
                        .. Enumerable.Range(i * EncodeBatch, Math.Min(EncodeBatch, pictures.Count - i * EncodeBatch)),
                    ]);
                    var mean = autoencoder
                        .Encode(batch.to(placement.Device).to(placement.Dtype))
                        .Mean.to(ScalarType.Float32)
                        .Times(autoencoder.Params.ScaleFactor)
                        .cpu();
                    batches[i] = mean.DetachFromDisposeScope();
                }
            );

            SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["latents"] = cat(batches) });
            foreach (var batch in batches)
            {
                batch.Dispose();
            }
        }

        using var file = SafetensorsFile.Open(path);
        return new LatentCache(file.Read("latents").DetachFromDisposeScope(), pictures.Captions);
    }

    /// <summary>Some latents and their tokens; captions are left out with a probability.</summary>
    public (Tensor Latents, Tensor Tokens) Batch(IReadOnlyList<long> indices, Random random, double dropCaption)
    {
        using var scope = NewDisposeScope();
        var index = tensor(indices.ToArray());
        var dropped = tensor(indices.Select(_ => random.NextDouble() < dropCaption).ToArray()).unsqueeze(1);
        var tokens = where(dropped, _noCaption, _tokens.index_select(0, index));
        return (_latents.index_select(0, index).MoveToOuterDisposeScope(), tokens.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        _latents.Dispose();
        _tokens.Dispose();
        _noCaption.Dispose();
    }

    private static Tensor Tokens(IReadOnlyList<string> captions)
    {
        var tokenizer = ClipTokenizer.Default;
        return tensor(
            captions
                .SelectMany(caption => tokenizer.Pad(tokenizer.Encode(caption), PocketModel.Text.PadToken))
                .ToArray(),
            [captions.Count, ClipTokenizer.ContextLength]
        );
    }
}
