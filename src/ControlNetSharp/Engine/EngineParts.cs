using ControlNetSharp.Annotators;
using ControlNetSharp.Models;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Engine;

/// <summary>What all requests of an engine share.</summary>
internal sealed class EngineParts : IDisposable
{
    private readonly NetworkShelf _annotatorShelf;

    /// <summary>Checks the options; nothing is loaded.</summary>
    /// <exception cref="ArgumentException">A device or dtype is not known.</exception>
    /// <exception cref="Checkpoints.CheckpointException">A decoder for previews cannot be used.</exception>
    public EngineParts(EngineOptions options)
    {
        PlacementPolicy.CheckDevice(options.Device);
        PlacementPolicy.CheckDtype(options.Device, options.Dtype);
        Options = options;
        PreviewDecoders = new PreviewDecoders(options.PreviewDecoders);
        Finder = new ModelFinder(
            new ModelFinderOptions
            {
                Folders = options.ModelFolders,
                Sources = options.ModelSources,
                AllowPaths = options.AllowPaths,
            }
        );
        AnnotatorFiles = AnnotatorFiles.Below(options.ModelFolders);
        Shelf = new NetworkShelf(options.IdleMemory);
        // Without a budget a shelf keeps only the last network: a look at a hint would push the model out.
        _annotatorShelf = options.IdleMemory is null ? new NetworkShelf() : Shelf;
        Encodings = new PictureEncodings(options.IdleMemory is null ? null : Shelf);
        HintMaker = new HintMaker(AnnotatorFiles, _annotatorShelf, options.Device);
    }

    /// <summary>Where it computes and finds files.</summary>
    public EngineOptions Options { get; }

    /// <summary>Finds what requests name.</summary>
    public ModelFinder Finder { get; }

    /// <summary>Where annotators find their weights.</summary>
    public AnnotatorFiles AnnotatorFiles { get; }

    /// <summary>Makes hints; the networks of annotators stay for the next one.</summary>
    public HintMaker HintMaker { get; }

    /// <summary>What image encoders said of pictures.</summary>
    public PictureEncodings Encodings { get; }

    /// <summary>What previews are decoded with.</summary>
    public PreviewDecoders PreviewDecoders { get; }

    /// <summary>The loaded networks.</summary>
    public NetworkShelf Shelf { get; }

    /// <summary>
    /// Loads libtorch and chooses device and type; those of a picture that is made again are its own.
    /// </summary>
    /// <exception cref="RuntimeUnavailableException">libtorch or the device is not there.</exception>
    public Placement Place(Replay? replay) =>
        PlacementPolicy.Load(Options.Device, replay?.Manifest.Resolved.Dtype ?? Options.Dtype);

    /// <inheritdoc/>
    public void Dispose()
    {
        PreviewDecoders.Dispose();
        Encodings.Dispose();
        Shelf.Dispose();
        _annotatorShelf.Dispose();
    }
}
