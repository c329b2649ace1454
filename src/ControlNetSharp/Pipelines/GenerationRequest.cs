using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Pipelines;

/// <summary>What a picture is to be. The same request gives the same pixels on the same kind of machine. Values are checked where they are set.</summary>
public sealed record GenerationRequest
{
    /// <summary>Width and height are multiples of this.</summary>
    public const int SizeStep = 8;

    /// <summary>Least and most width and height.</summary>
    public const int LeastSize = 64;

    /// <inheritdoc cref="LeastSize"/>
    public const int MostSize = 4096;

    private readonly (int Width, int Height)? _size;
    private readonly double _guidanceScale = 7;
    private readonly int _batch = 1;
    private readonly long _seed;

    /// <summary>What the picture shows.</summary>
    public required string Prompt { get; init; }

    /// <summary>What it does not show: the text of the unconditional side.</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>Control units; none for a picture from the prompt alone.</summary>
    public IReadOnlyList<ControlUnit> Units { get; init; } = [];

    /// <summary>Width and height in pixels, 64 to 4096, multiples of 8; null (the default) for the model's native size in the first hint's aspect ratio.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Another size.</exception>
    public (int Width, int Height)? Size
    {
        get => _size;
        init => _size = value is null || (Fits(value.Value.Width) && Fits(value.Value.Height)) ? value
            : throw new ArgumentOutOfRangeException(nameof(Size), $"{value.Value.Width}x{value.Value.Height}", $"Size must be two multiples of {SizeStep} from {LeastSize} to {MostSize}.");
    }

    /// <summary>A picture to start from; null (the default) for noise alone.</summary>
    public InitialPicture? Initial { get; init; }

    /// <summary>A second pass at a larger size; null (the default) for none. Not together with <see cref="Initial"/>.</summary>
    public HiresPass? Hires { get; init; }

    /// <summary>Whether the picture can be laid side by side without seams: all convolutions go on at the opposite border.</summary>
    public bool Tiling { get; init; }

    /// <summary>What SDXL is told of the picture's size; null (the default) for the size that it is made in, uncropped. Other families are not told any.</summary>
    public SizeConditioning? SizeConditioning { get; init; }

    /// <summary>Sampler, scheduler, steps.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Guidance scale (CFG), 1 to 30; 1 follows the prompt alone, 7 (the default) amplifies it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number from 1 to 30.</exception>
    public double GuidanceScale
    {
        get => _guidanceScale;
        init => _guidanceScale = value is >= 1 and <= 30 ? value : throw new ArgumentOutOfRangeException(nameof(GuidanceScale), value, "GuidanceScale must be from 1 to 30.");
    }

    /// <summary>Seed of the first picture, 0 to <see cref="Seeds.Largest"/>; picture k of the batch has seed + k.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Another seed.</exception>
    public long Seed
    {
        get => _seed;
        init
        {
            Seeds.Check(value);
            _seed = value;
        }
    }

    /// <summary>Pictures that are computed together, 1 to 64; default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 1 to 64.</exception>
    public int Batch
    {
        get => _batch;
        init => _batch = value is >= 1 and <= 64 ? value : throw new ArgumentOutOfRangeException(nameof(Batch), value, "Batch must be from 1 to 64.");
    }

    /// <summary>Which block of the text encoder counts as the last, as A1111 counts (1 = last); null for what the model was trained with.</summary>
    public int? ClipSkip { get; init; }

    /// <summary>Checks what no single value shows.</summary>
    /// <exception cref="ArgumentException">Parts of the request exclude each other.</exception>
    internal void CheckParts()
    {
        Seeds.Check(Seed, Batch);
        if (Initial is not null && Hires is not null)
        {
            throw new ArgumentException("Hires must not be given together with Initial: a larger Size does the same.", nameof(Hires));
        }

        if (Sampling.Denoise != 1)
        {
            throw new ArgumentException("Sampling must not have a Denoise of its own; it belongs to Initial and Hires.", nameof(Sampling));
        }
    }

    private static bool Fits(int size) => size is >= LeastSize and <= MostSize && size % SizeStep == 0;
}
