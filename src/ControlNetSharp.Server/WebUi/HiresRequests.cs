using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;
using static ControlNetSharp.Server.WebUi.GenerationPlanner;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// The second pass of txt2img. Source: stable-diffusion-webui v1.10.1, modules/processing.py (behaviour).
/// </summary>
internal static class HiresRequests
{
    private static readonly string[] Same = ["", "Use same checkpoint", "Use same sampler", "Use same scheduler"];

    /// <summary>Latent modes that are known and not offered.</summary>
    private static readonly string[] OtherLatents =
    [
        "Latent (antialiased)",
        "Latent (bicubic antialiased)",
        "Latent (nearest-exact)",
    ];

    /// <summary>The request with its second pass.</summary>
    /// <param name="request">The first pass.</param>
    /// <param name="payload">What was sent.</param>
    /// <param name="upscalers">Those that there are.</param>
    /// <exception cref="WebUiException">There is no such upscaler.</exception>
    /// <exception cref="RequestException">A value is not allowed or not offered.</exception>
    public static GenerationRequest With(GenerationRequest request, Payload payload, WebUiUpscalers upscalers)
    {
        RefuseOthers(request, payload);
        var steps = payload.Whole("hr_second_pass_steps")!.Value;
        var pass = new HiresPass
        {
            Denoise = payload.Number("denoising_strength")!.Value,
            Steps = steps == 0 ? null : (int)Math.Clamp(steps, int.MinValue, int.MaxValue),
            Upscaler = Upscaler(payload, upscalers),
        };
        var first = request.Size!.Value;
        PictureSize result = new(Whole(payload, "hr_resize_x"), Whole(payload, "hr_resize_y"));
        var name = "hr_resize_x";
        PictureSize smaller = new(Whole(payload, "firstphase_width"), Whole(payload, "firstphase_height"));
        if (smaller != default)
        {
            // Of old, width and height were those of the result.
            (name, result, first) = ("firstphase_width", first, Floored(smaller));
        }

        return request with
        {
            Size = first,
            Hires =
                result == default
                    ? pass with
                    {
                        Scale = payload.Number("hr_scale")!.Value,
                    }
                    : pass.To(result, first)
                        ?? throw Refused(
                            name,
                            null,
                            $"a second pass of {result} must have the shape of the first, {first}."
                        ),
        };
    }

    private static void RefuseOthers(GenerationRequest request, Payload payload)
    {
        var sampling = SamplerCatalogue.Resolve(request.Sampler, request.Scheduler);
        (string Name, Func<string, bool> IsSame)[] members =
        [
            ("hr_checkpoint_name", name => name == request.Model),
            (
                "hr_sampler_name",
                name =>
                    RequestRules.Named("hr_sampler_name", name, one => SamplerCatalogue.Resolve(one)).Sampler
                    == sampling.Sampler
            ),
            (
                "hr_scheduler",
                name =>
                    InfotextVocabulary.Same(name, request.Scheduler)
                    || SamplerCatalogue.Resolve(request.Sampler, name).Scheduler == sampling.Scheduler
            ),
            ("hr_prompt", prompt => prompt == request.Prompt),
            ("hr_negative_prompt", prompt => prompt == request.NegativePrompt),
        ];
        foreach (var (name, isSame) in members)
        {
            var value = payload.Text(name) ?? "";
            if (!Same.Contains(value, StringComparer.OrdinalIgnoreCase) && !isSame(value))
            {
                throw Refused(name, value, "the second pass has the same as the first here.");
            }
        }
    }

    private static string Upscaler(Payload payload, WebUiUpscalers upscalers)
    {
        var name = payload.Text("hr_upscaler") is { Length: > 0 } given ? given : UpscalerCatalogue.Default;
        if (OtherLatents.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw Refused("hr_upscaler", name, "this is not offered here.");
        }

        return UpscalerCatalogue.LookFor(name) is { } row ? row.Name
            : InfotextVocabulary.Same(name, PictureUpscalers.None) ? InfotextVocabulary.UpscalerNamed(name)
            : upscalers.Find(name)?.File
                ?? throw WebUiException.Python("Exception", $"could not find upscaler named {name}");
    }

    private static PictureSize Floored(PictureSize size) =>
        new(size.Width / PictureSize.Step * PictureSize.Step, size.Height / PictureSize.Step * PictureSize.Step);

    private static int Whole(Payload payload, string name) =>
        payload.Whole(name)!.Value is >= 0 and <= PictureSize.Most and var side
            ? (int)side
            : throw Refused(
                name,
                RequestRules.Text(payload.Whole(name)!.Value),
                $"must be from 0 to {PictureSize.Most}."
            );
}
