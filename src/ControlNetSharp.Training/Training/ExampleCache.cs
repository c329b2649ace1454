using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training.Datasets;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Examples encoded once by the locked parts of a model: latents, text conditioning and hint of each in a file whose
/// name is the digest of all that it follows from. What has changed on
/// the disk is encoded anew; what has not is found again, in another run, too.
/// </summary>
public sealed class ExampleCache
{
    private const string Version = "2";
    private const string Moments = "moments";
    private const string Context = "context";
    private const string Pooled = "pooled";
    private const string Hint = "hint";
    private readonly double _scaleFactor;

    private ExampleCache(IReadOnlyList<CachedExample> examples, double scaleFactor)
    {
        (Examples, _scaleFactor) = (examples, scaleFactor);
        Fingerprint = Digest(string.Join('\n', examples.Select(example => example.Key)))[..16];
    }

    /// <summary>The examples, in the order in which they were given.</summary>
    public IReadOnlyList<CachedExample> Examples { get; }

    /// <summary>Digest of all examples and their order: 16 hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <summary>Encodes what is not in the cache yet.</summary>
    /// <param name="folder">The cache's folder; made if need be.</param>
    /// <param name="model">Its Autoencoder and text encoder encode. Borrowed.</param>
    /// <param name="modelHash">Digest of the model's files.</param>
    /// <param name="examples">What is to be encoded; one with several sources is several examples.</param>
    /// <param name="files">Where annotators look for their weights.</param>
    /// <param name="buckets">The sizes that pictures are brought to.</param>
    /// <param name="workers">Threads that encode side by side.</param>
    /// <param name="onExample">Told how many are done, in no particular thread.</param>
    /// <param name="cancellationToken">Looked at before each example.</param>
    /// <exception cref="PictureException">A picture cannot be read; it is named.</exception>
    /// <exception cref="DatasetException">
    /// A hint has another shape than its picture, or an example has no hint and its source no annotator.
    /// </exception>
    public static ExampleCache Open(
        string folder,
        DiffusionModel model,
        string modelHash,
        IReadOnlyList<(TrainingExample Example, HintSource Source)> examples,
        AnnotatorFiles files,
        AspectBuckets buckets,
        int workers,
        Action<int>? onExample = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(model);
        Directory.CreateDirectory(folder);
        var (cached, done) = (new CachedExample[examples.Count], 0);
        // Each thread has annotators of its own; they read the same networks.
        using var shelf = new NetworkShelf();
        using var annotators = new ThreadLocal<Dictionary<string, IAnnotator>>(() => [], trackAllValues: true);
        try
        {
            SideBySide.Compute(
                examples,
                workers,
                (row, i) =>
                {
                    cached[i] = Encode(
                        folder,
                        model,
                        modelHash,
                        row.Example,
                        row.Source,
                        buckets,
                        name =>
                        {
                            var own = annotators.Value!;
                            return own.TryGetValue(name, out var annotator)
                                ? annotator
                                : own[name] = AnnotatorCatalogue.Create(name, files, shelf, PlacementPolicy.Cpu);
                        }
                    );
                    onExample?.Invoke(Interlocked.Increment(ref done));
                },
                cancellationToken
            );
        }
        finally
        {
            foreach (var annotator in annotators.Values.SelectMany(own => own.Values))
            {
                annotator.Dispose();
            }
        }

        return new ExampleCache(cached, model.Autoencoder.Params.ScaleFactor);
    }

    /// <summary>Some of the examples as a cache of their own.</summary>
    public ExampleCache Part(IEnumerable<int> indices) => new([.. indices.Select(i => Examples[i])], _scaleFactor);

    /// <summary>Examples by size, for <see cref="BatchOrder"/>.</summary>
    /// <param name="ofOneCondition">Whether those of a group have one condition, too.</param>
    public IReadOnlyList<IReadOnlyList<int>> Groups(bool ofOneCondition = false) =>
        [
            .. Enumerable
                .Range(0, Examples.Count)
                .GroupBy(i => (Examples[i].Size, ofOneCondition ? Examples[i].Condition : ""))
                .Select(group => group.ToArray()),
        ];

    /// <summary>Reads a batch of examples of one size.</summary>
    /// <param name="indices">Which ones.</param>
    /// <param name="generator">
    /// Draws the latents from the Autoencoder's distribution, on the CPU; null for their means.
    /// </param>
    /// <param name="device">Where the batch is wanted.</param>
    /// <returns>The batch; fresh.</returns>
    /// <exception cref="CheckpointException">A file of the cache is gone or damaged; it is named.</exception>
    public ExampleBatch Batch(IReadOnlyList<int> indices, Generator? generator, Device device)
    {
        ArgumentNullException.ThrowIfNull(indices);
        using var scope = NewDisposeScope();
        var (moments, texts, hints) = (
            new Tensor[indices.Count],
            new ExampleText[indices.Count],
            new Tensor[indices.Count]
        );
        SideBySide.ForEach(
            indices,
            Environment.ProcessorCount,
            (index, i) =>
            {
                using var file = SafetensorsFile.Open(Examples[index].File);
                moments[i] = file.Read(Moments).DetachFromDisposeScope();
                texts[i] = new ExampleText(
                    file.Read(Context),
                    file.Entries.ContainsKey(Pooled) ? file.Read(Pooled) : null
                ).Kept();
                hints[i] = file.Read(Hint).DetachFromDisposeScope();
            }
        );
        scope.Attach([
            .. moments,
            .. hints,
            .. texts.Select(text => text.Context),
            .. texts.Select(text => text.Pooled).OfType<Tensor>(),
        ]);
        var halves = stack(moments).chunk(2, 1);
        var (mean, logVariance) = (halves[0], halves[1]);
        var latents = (
            generator is null ? mean : mean.Plus(logVariance.Over(2).exp() * randn(mean.shape, generator: generator))
        )
            .Times(_scaleFactor)
            .to(device);
        var pixels = stack([.. hints.Select(hint => hint.expand(-1, -1, 3))])
            .to(device)
            .permute(0, 3, 1, 2)
            .to(ScalarType.Float32)
            .Over(255);
        return new ExampleBatch(
            latents.MoveToOuterDisposeScope(),
            ExampleText.Batch(texts).To(device).MovedToOuterScope(),
            [.. indices.Select(index => Examples[index].Sizes)],
            pixels.MoveToOuterDisposeScope()
        );
    }

    /// <summary>The hint of an example as a picture, at the size at which it is trained.</summary>
    /// <inheritdoc cref="Batch" path="/exception"/>
    public Picture HintOf(int index)
    {
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(Examples[index].File);
        var size = Examples[index].Size;
        return Picture.Owning(size.Width, size.Height, file.Read(Hint).expand(-1, -1, 3).contiguous().bytes.ToArray());
    }

    private static CachedExample Encode(
        string folder,
        DiffusionModel model,
        string modelHash,
        TrainingExample example,
        HintSource source,
        AspectBuckets buckets,
        Func<string, IAnnotator> annotatorOf
    )
    {
        if (example.Hint is null && source.Annotator is null)
        {
            throw new DatasetException(
                example.Picture,
                $"the dataset has no hint for it, and there is no annotator for {source.Condition}."
            );
        }

        var picture = PictureReader.Read(example.Picture);
        var size = buckets.Fit(picture.Width, picture.Height).Size;
        var made = source.Annotator is not null;
        var key = Digest(
            string.Join(
                '\n',
                Version,
                modelHash,
                size,
                HashOf(example.Picture),
                made ? source.Description : HashOf(example.Hint!),
                example.Caption
            )
        );
        var (left, top) = PictureResizing.CropCorner(picture.Width, picture.Height, size.Width, size.Height);
        var cached = new CachedExample(
            example,
            source,
            key,
            Path.Combine(folder, $"{key[..32]}.safetensors"),
            size,
            new SizeConditioning(picture.Height, picture.Width, top, left, size.Height, size.Width)
        );
        if (
            IsWhole(cached.File, model.Family.TakesVector ? [Moments, Context, Pooled, Hint] : [Moments, Context, Hint])
        )
        {
            return cached;
        }

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var given = made ? null : ReadHint(example, picture);
        picture = PictureResizing.Fit(picture, size.Width, size.Height, ResizeMode.Crop);
        var hint = given is null
            ? annotatorOf(source.AnnotatorName).Annotate(picture, source.Options)
            : PictureResizing.FitHint(given, size.Width, size.Height, ResizeMode.Crop);
        var (mean, logVariance) = model.Autoencoder.Encode(
            PictureTensors.ToPicture(picture).to(model.Placement.Dtype).to(model.Placement.Device)
        );
        var text = ExampleText.Of(model, example.Caption);
        var encoded = new Dictionary<string, Tensor>
        {
            [Moments] = cat([mean, logVariance], 1).squeeze(0).to(ScalarType.Float32),
            [Context] = text.Context,
            [Hint] = HintTensor(hint),
        };
        if (text.Pooled is not null)
        {
            encoded[Pooled] = text.Pooled;
        }

        SafetensorsWriter.Write(cached.File, encoded);
        return cached;
    }

    /// <summary>Whether an example was encoded before. A damaged file is none: it is made again.</summary>
    private static bool IsWhole(string file, IEnumerable<string> tensors)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        try
        {
            using var encoded = SafetensorsFile.Open(file);
            return tensors.All(encoded.Entries.ContainsKey);
        }
        catch (CheckpointException)
        {
            return false;
        }
    }

    private static Picture ReadHint(TrainingExample example, Picture picture)
    {
        var hint = PictureReader.Read(example.Hint!);
        return ExampleFacts.HaveOneShape(hint.Width, hint.Height, picture.Width, picture.Height)
            ? hint
            : throw new DatasetException(
                example.Hint!,
                $"the hint has {hint.Width} x {hint.Height} pixels, its picture {picture.Width} x {picture.Height}: "
                    + "they must have one shape, or what they show does not lie on each other."
            );
    }

    /// <summary>[H, W, 3], or [H, W, 1] for a grey hint.</summary>
    private static Tensor HintTensor(Picture hint)
    {
        var pixels = tensor(hint.Rgb.ToArray(), [hint.Height, hint.Width, 3]);
        var red = pixels.narrow(2, 0, 1);
        return pixels.eq(red).all().item<bool>() ? red.contiguous() : pixels;
    }

    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Digest(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture))));
}
