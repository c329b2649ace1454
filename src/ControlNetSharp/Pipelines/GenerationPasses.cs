using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// The passes of one generation: for each, prompts and hints at its size are put around the UNet, and the sampler walks
/// from noise to latents.
/// </summary>
/// <param name="course">What the generation goes by.</param>
/// <param name="unet">The denoising network. Borrowed, as all that follows.</param>
/// <param name="texts">Encode the prompts.</param>
/// <param name="inversions">The textual inversions that prompts may name; null for none.</param>
/// <param name="prediction">What the UNet predicts where the request does not say.</param>
/// <param name="latentPictures">Pictures to latents.</param>
/// <param name="placement">Device and compute dtype.</param>
/// <param name="enlargement">What enlarges pictures between two passes.</param>
internal sealed class GenerationPasses(
    GenerationCourse course,
    UNet unet,
    ModelTexts texts,
    TextualInversions? inversions,
    PredictionType prediction,
    LatentPictures latentPictures,
    Placement placement,
    Enlargement enlargement
)
{
    /// <summary>All passes, to latents of the dispose scope.</summary>
    /// <param name="cancellationToken">Looked at before each step.</param>
    public Tensor Run(CancellationToken cancellationToken)
    {
        var (request, size, canvas) = (course.Request, course.Size, course.Canvas);
        var mask = canvas?.LatentMask?.ToLatents(latentPictures.Downscale).to(placement.Device);
        var clean = canvas?.Start(latentPictures.Encode([canvas.Seen]), latentPictures.Noise(request, size), mask);
        if (request.Hires is not { } hires)
        {
            return Run(course.First, size, ControlPasses.Both, clean, mask, cancellationToken);
        }

        var latents = Run(course.First, size, ControlPasses.Low, clean, mask, cancellationToken);
        var larger = hires.SizeOf(size);
        latents = latentPictures.Enlarge(latents, hires.Upscaler, larger, enlargement, cancellationToken);
        return course.Second is null
            ? latents
            : Run(course.Second, larger, ControlPasses.High, latents, null, cancellationToken);
    }

    /// <summary>
    /// One pass from noise, or from clean latents with noise, to latents; under a mask, [1, 1, h, w], only what it
    /// marks changes. Fresh.
    /// </summary>
    private Tensor Run(
        SamplingPlan plan,
        PictureSize size,
        ControlPasses pass,
        Tensor? clean,
        Tensor? mask,
        CancellationToken cancellationToken
    )
    {
        using var cache = course.Request.Cache > 1 ? new StepCache(course.Request.Cache) : null;
        var denoiser = Denoiser(plan.Steps.Count, size, pass, cache);
        using var scope = NewDisposeScope();
        using var stepNoise = new StepNoise(course.Request.Seed!.Value, course.Request.Batch);
        var start = plan.StartFrom(latentPictures.Noise(course.Request, size), clean);
        course.Report.Begin();
        var latents = plan.Run(
            mask is null
                ? denoiser.Denoise
                : (noisy, level, step) => Keep(denoiser.Denoise(noisy, level, step), clean!, mask),
            start,
            stepNoise.Draw,
            course.Report.Done,
            cancellationToken
        );
        course.Report.End();
        return (mask is null ? latents : Keep(latents, clean!, mask)).MoveToOuterDisposeScope();
    }

    /// <summary>The UNet with everything that acts on it in one pass; what it holds is of the dispose scope.</summary>
    private ControlledDenoiser Denoiser(int steps, PictureSize size, ControlPasses pass, StepCache? cache)
    {
        var request = course.Request;
        var attached = new ControlAttachment(request, size, pass, unet, latentPictures, placement).All(course.Units);
        var acting = course.Units.Where(unit => unit.ActsIn(pass));
        attached.AddRange(acting.Select(unit => Fix(unit, size, pass)).OfType<IControl>());
        return new ControlledDenoiser(
            unet,
            request.Prediction ?? prediction,
            Areas(steps, size, size, pass),
            request.GuidanceScale!.Value,
            [.. attached, .. OfWholeRun(request)],
            steps
        )
        {
            Cache = cache,
            ConcatenatedChannels =
                unet.Params.ConcatenatedChannels == 0 ? null : latentPictures.InpaintingInput(course.Canvas, size),
        };
    }

    /// <summary>What acts at all steps beside the units.</summary>
    private IEnumerable<IControl> OfWholeRun(GenerationRequest request)
    {
        if (request.StyleAlignment is { } style)
        {
            yield return new AlignedStyle(style, request.Batch, unet.Params);
        }

        if (request.TokenMerging > 0)
        {
            var seeds = Enumerable.Range(0, request.Batch).Select(picture => request.Seed!.Value + picture);
            yield return new TokenMerging(request.TokenMerging, [.. seeds], unet.Params);
        }
    }

    /// <summary>What holds to a unit's colours; null where nothing does.</summary>
    private ColourFixControl? Fix(PreparedControl unit, PictureSize size, ControlPasses pass)
    {
        if (unit.ColourFix is not { } fix)
        {
            return null;
        }

        var isSecond = pass == ControlPasses.High;
        var hint = isSecond ? unit.HiresHint ?? unit.Hint : unit.Hint;
        var sized = PictureResizing.FitHint(hint, size.Width, size.Height, unit.Resize);
        // The second pass has larger things in as many latents.
        return new ColourFixControl(
            latentPictures.Encode([sized]),
            isSecond ? fix with { Radius = 2 * fix.Radius } : fix,
            unit.Strength
        );
    }

    /// <summary>The prompts of a pass with their shares of the picture; all of it is of the dispose scope.</summary>
    /// <param name="steps">Steps of the pass.</param>
    /// <param name="size">Of the pictures.</param>
    /// <param name="seen">Of the pictures that the UNet sees: the same, or tiles.</param>
    /// <param name="pass">Which pass it is.</param>
    public IReadOnlyList<PromptArea> Areas(int steps, PictureSize size, PictureSize seen, ControlPasses pass)
    {
        var shares = PreparedRegion.Shares(course.Regions, size, latentPictures.Downscale, placement.Device);
        var prompts = course
            .Regions.Select(region => (region.Prompt, region.Negative))
            .Prepend((course.Prompt, course.Negative))
            .Zip(shares)
            .Where(prompt => PromptArea.Counts(prompt.Second))
            .ToList();
        var conditionings = PromptEncoder.Encode(
            texts,
            [.. prompts.Select(prompt => prompt.First)],
            steps,
            placement.Device,
            course.Request.ClipSkip,
            inversions,
            pass == ControlPasses.High ? course.First.Steps.Count : null
        );
        var told = course.Request.OriginalSize?.For(seen) ?? SizeConditioning.Of(seen.Width, seen.Height);
        var sides = Sides(conditionings, told);
        return PromptArea.Counting([.. sides.Zip(prompts, (area, prompt) => new PromptArea(area, prompt.Second))]);
    }

    /// <summary>
    /// The prompts in the compute dtype and, for SDXL, with their vectors. What is the same at several steps or in
    /// several areas stays one object.
    /// </summary>
    private List<IReadOnlyList<StepSides>> Sides(
        IReadOnlyList<IReadOnlyList<StepConditioning>> areas,
        SizeConditioning sizes
    )
    {
        var known = new Dictionary<TextConditioning, TextSide>(ReferenceEqualityComparer.Instance);
        TextSide Side(TextConditioning text)
        {
            if (!known.TryGetValue(text, out var side))
            {
                var vector = text.Pooled is { } pooled
                    ? sizes.Vector(pooled.to(placement.Dtype), unet.Params.VectorChannels!.Value)
                    : null;
                known[text] = side = new TextSide(text.Context.to(placement.Dtype), vector);
            }

            return side;
        }

        StepSides Of(StepConditioning step) =>
            new(
                Side(step.Unconditional),
                [.. step.Conditional.Select(part => new WeightedSide(Side(part.Text), part.Weight))]
            );
        return [.. areas.Select(steps => (IReadOnlyList<StepSides>)[.. steps.Select(Of)])];
    }

    /// <summary>New latents under the mask, the clean ones elsewhere; fresh. The new ones are let go.</summary>
    private static Tensor Keep(Tensor latents, Tensor clean, Tensor mask)
    {
        using var scope = NewDisposeScope();
        using var made = latents;
        return (mask * made).Plus(mask.SubtractedFrom(1) * clean).MoveToOuterDisposeScope();
    }
}
