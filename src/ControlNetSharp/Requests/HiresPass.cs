using System.ComponentModel.DataAnnotations;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Requests;

/// <summary>A second pass at a larger size, which starts from the enlarged result of the first (hires fix).</summary>
public sealed record HiresPass
{
    /// <summary>
    /// Sides of the result in those of the first pass, 1 to 4; default 2. They are rounded down to multiples of 8, as
    /// in
    /// stable-diffusion-webui.
    /// </summary>
    [Range(1.0, 4.0)]
    public double Scale { get; init; } = 2;

    /// <summary>
    /// How much of the enlarged picture is made anew, 0 (nothing: it is only enlarged) to 1; default 0.7.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Denoise { get; init; } = 0.7;

    /// <summary>
    /// Steps of the second pass, 1 to 1000, all of them run; null (the default) for those of the first.
    /// </summary>
    [Range(1, SamplingPlan.MostSteps)]
    public int? Steps { get; init; }

    /// <summary>
    /// Name of a row of <see cref="UpscalerCatalogue"/>, or name, path or hash of an upscaler's file (ESRGAN); default
    /// latent.
    /// </summary>
    public string Upscaler { get; init; } = UpscalerCatalogue.Default;

    /// <summary>The sampling of the second pass; null where nothing is made anew.</summary>
    /// <param name="first">That of the first pass.</param>
    internal SamplingOptions? Sampling(SamplingOptions first) =>
        Denoise == 0 ? null : first with { Steps = Steps ?? first.Steps, Denoise = Denoise, RunAllSteps = true };

    /// <summary>The size of the second pass.</summary>
    /// <param name="first">The size of the first.</param>
    public PictureSize SizeOf(PictureSize first) => (Side(first.Width), Side(first.Height));

    /// <summary>
    /// The same with the scale that leads to a size, whose sides are rounded down; null where it has another shape.
    /// </summary>
    /// <param name="result">The size of the second pass; a side of 0 follows from the other.</param>
    /// <param name="first">The size of the first.</param>
    internal HiresPass? To(PictureSize result, PictureSize first)
    {
        var wanted = result switch
        {
            (0, var height) => new PictureSize(height * first.Width / first.Height, height),
            (var width, 0) => new PictureSize(width, width * first.Height / first.Width),
            _ => result,
        };
        PictureSize floored = new(Floored(wanted.Width), Floored(wanted.Height));
        double[] scales = [(double)wanted.Width / first.Width, (double)wanted.Height / first.Height];
        // Half a pixel more, since a quotient times its divisor may be a little less than what was divided.
        scales = [.. scales, (wanted.Width + 0.5) / first.Width, (wanted.Height + 0.5) / first.Height];
        return scales
            .Select(scale => this with { Scale = scale })
            .FirstOrDefault(pass => pass.SizeOf(first) == floored);
    }

    private static int Floored(int side) => side / PictureSize.Step * PictureSize.Step;

    private int Side(int side) => Floored((int)(side * Scale));
}
