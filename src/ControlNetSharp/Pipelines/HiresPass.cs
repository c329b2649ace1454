using ControlNetSharp.Samplers;

namespace ControlNetSharp.Pipelines;

/// <summary>A second pass at a larger size, which starts from the enlarged result of the first (hires fix). Values are checked where they are set.</summary>
public sealed record HiresPass
{
    /// <summary>The most that a picture is enlarged.</summary>
    public const double MostScale = 4;

    private readonly double _scale = 2;
    private readonly double _denoise = 0.7;
    private readonly int? _steps;
    private readonly string _upscaler = UpscalerCatalogue.Default;

    /// <summary>Sides of the result in those of the first pass, 1 to 4; default 2. They are rounded down to multiples of 8, as in stable-diffusion-webui.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number from 1 to 4.</exception>
    public double Scale
    {
        get => _scale;
        init => _scale = value is >= 1 and <= MostScale ? value : throw new ArgumentOutOfRangeException(nameof(Scale), value, $"Scale must be from 1 to {MostScale}.");
    }

    /// <summary>How much of the enlarged picture is made anew, 0 (nothing: it is only enlarged) to 1; default 0.7.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number from 0 to 1.</exception>
    public double Denoise
    {
        get => _denoise;
        init => _denoise = value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Denoise), value, "Denoise must be from 0 to 1.");
    }

    /// <summary>Steps of the second pass, 1 to 1000, all of them run; null (the default) for those of the first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 1 to 1000.</exception>
    public int? Steps
    {
        get => _steps;
        init => _steps = value is null or (>= 1 and <= SamplingPlan.MostSteps) ? value
            : throw new ArgumentOutOfRangeException(nameof(Steps), value, $"Steps must be from 1 to {SamplingPlan.MostSteps}.");
    }

    /// <summary>Name of a row of <see cref="UpscalerCatalogue"/>; default latent.</summary>
    /// <exception cref="ArgumentException">Unknown; the message lists the names.</exception>
    public string Upscaler
    {
        get => _upscaler;
        init => _upscaler = UpscalerCatalogue.Find(value).Name;
    }

    /// <summary>The sampling of the second pass; null where nothing is made anew.</summary>
    /// <param name="first">That of the first pass.</param>
    internal SamplingOptions? Sampling(SamplingOptions first) => Denoise == 0 ? null : first with { Steps = Steps ?? first.Steps, Denoise = Denoise, RunAllSteps = true };

    /// <summary>The size of the second pass.</summary>
    /// <param name="width">Pixels a row of the first.</param>
    /// <param name="height">Rows of the first.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side would be longer than 4096 pixels.</exception>
    public (int Width, int Height) SizeOf(int width, int height)
    {
        var size = (Side(width), Side(height));
        return Math.Max(size.Item1, size.Item2) <= GenerationRequest.MostSize ? size
            : throw new ArgumentOutOfRangeException(nameof(width), width, $"Scale makes {size.Item1} x {size.Item2} pixels of {width} x {height}; each side must be at most {GenerationRequest.MostSize}.");

        int Side(int side) => (int)(side * Scale) / GenerationRequest.SizeStep * GenerationRequest.SizeStep;
    }
}
