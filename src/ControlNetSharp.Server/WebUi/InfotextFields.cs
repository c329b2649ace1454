using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Server.WebUi;

/// <summary>Field <c>infotext</c>: says what a body leaves open.</summary>
internal static class InfotextFields
{
    /// <summary>Fills the fields that the body does not have.</summary>
    public static void Fill(Payload payload, string text, WebUiUpscalers upscalers, List<string> warnings)
    {
        var read = InfotextRequest.Of(Infotext.Parse(text));
        var request = read.Request;
        payload.Fill("prompt", request.Prompt);
        payload.Fill("negative_prompt", request.NegativePrompt);
        payload.Fill("steps", request.Steps);
        if (request.GuidanceScale is { } guidance)
        {
            payload.Fill("cfg_scale", guidance);
        }


        payload.Fill("sampler_name", request.Sampler);
        payload.Fill("scheduler", request.Scheduler);
        payload.Fill("seed", request.Seed is { } seed ? System.Text.Json.Nodes.JsonValue.Create(seed) : -1);
        payload.Fill("tiling", request.Tiling);
        if (request.Size is { } size)
        {
            payload.Fill("width", size.Width);
            payload.Fill("height", size.Height);
        }

        if (request.Hires is { } hires)
        {
            payload.Fill("enable_hr", true);
            payload.Fill("hr_scale", hires.Scale);
            payload.Fill("hr_second_pass_steps", hires.Steps ?? 0);
            FillUpscaler(payload, hires.Upscaler, upscalers, warnings);
            payload.Fill("denoising_strength", hires.Denoise);
        }

        if (request.TokenMerging > 0)
        {
            warnings.Add(
                $"infotext: Token merging ratio {RequestRules.Text(request.TokenMerging)}: is an option and no field; "
                    + $"override_settings.{OptionTable.TokenMerging} asks for it."
            );
        }

        warnings.AddRange(read.Losses.Select(loss => $"infotext: {loss}"));
    }

    private static void FillUpscaler(Payload payload, string name, WebUiUpscalers upscalers, List<string> warnings)
    {
        if (UpscalerCatalogue.LookFor(name) is not null || upscalers.Find(name) is not null)
        {
            payload.Fill("hr_upscaler", InfotextVocabulary.LabelOf(name));
        }
        else
        {
            warnings.Add($"infotext: {new InfotextLoss("Hires upscaler", name, "there is no such upscaler.")}");
        }
    }
}
