using System.Text.RegularExpressions;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;

namespace ControlNetSharp.Server.WebUi;

/// <summary>Says what is wrong with a request by the fields of the body that it was made of.</summary>
internal static partial class MemberNames
{
    private static readonly Dictionary<string, string> Fields = new(StringComparer.Ordinal)
    {
        ["negativePrompt"] = "negative_prompt",
        ["model"] = "sd_model_checkpoint",
        ["vae"] = "sd_vae",
        ["size"] = "width and height",
        ["size.width"] = "width",
        ["size.height"] = "height",
        ["sampler"] = "sampler_name",
        ["guidanceScale"] = "cfg_scale",
        ["batch"] = "batch_size",
        ["count"] = "n_iter",
        ["clipSkip"] = "CLIP_stop_at_last_layers",
        ["initial.picture"] = "init_images",
        ["initial.denoise"] = "denoising_strength",
        ["initial.mask.picture"] = "mask",
        ["initial.mask.blur"] = "mask_blur",
        ["initial.mask.padding"] = "inpaint_full_res_padding",
        ["hires"] = "enable_hr",
        ["hires.scale"] = "hr_scale",
        ["hires.denoise"] = "denoising_strength",
        ["hires.steps"] = "hr_second_pass_steps",
        ["hires.upscaler"] = "hr_upscaler",
    };

    private static readonly Dictionary<string, string> UnitMembers = new(StringComparer.Ordinal)
    {
        ["picture"] = "image",
        ["kind"] = "module",
        ["annotator"] = "module",
        ["start"] = "guidance_start",
        ["end"] = "guidance_end",
        ["mode"] = "control_mode",
        ["layers"] = "advanced_weighting",
        ["resize"] = "resize_mode",
        ["resolution"] = "processor_res",
        ["hires"] = "hr_option",
        ["mask"] = "effective_region_mask",
        ["inpaint"] = "mask",
    };

    /// <summary>What a job failed of, or would fail of.</summary>
    /// <param name="error">The error.</param>
    /// <param name="units">The units that act, which the members of the request count.</param>
    public static WebUiException Error(JobError error, IReadOnlyList<PlannedUnit> units)
    {
        var isCallers = error.Code is "wrong_input" or "wrong_picture" or "not_found";
        var text =
            error.Member is { Length: > 0 } member && error.Message.StartsWith(member, StringComparison.Ordinal)
                ? FieldOf(member, units) + error.Message[member.Length..]
                : error.Message;
        return isCallers ? WebUiException.Http(422, text) : WebUiException.Python(error.Code, text);
    }

    /// <summary>
    /// The same for what was thrown before there was a job; null for what nobody's request is to blame for.
    /// </summary>
    public static WebUiException? Error(Exception exception, IReadOnlyList<PlannedUnit> units) =>
        exception is NoWorkerException ? WebUiException.Http(422, exception.Message)
        : JobFailure.IsCallers(exception) ? Error(JobFailure.Of(exception), units)
        : null;

    /// <summary>A warning of a job in the words of the body.</summary>
    public static string Text(JobWarning warning, IReadOnlyList<PlannedUnit> units) =>
        warning.Member.Length == 0 ? warning.Text : $"{FieldOf(warning.Member, units)}: {warning.Text}";

    private static string FieldOf(string member, IReadOnlyList<PlannedUnit> units)
    {
        if (UnitMember().Match(member) is not { Success: true } match)
        {
            return Fields.GetValueOrDefault(member, member);
        }

        var index = InfotextVocabulary.Whole(match.Groups["index"].Value);
        var rest = match.Groups["rest"].Value;
        var name = rest.StartsWith("options.", StringComparison.Ordinal)
            ? "threshold_a or threshold_b"
            : UnitMembers.GetValueOrDefault(rest, rest);
        return $"units[{units.ElementAtOrDefault(index)?.Index ?? index}].{name}";
    }

    [GeneratedRegex(@"^units\[(?<index>\d+)\]\.(?<rest>.+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UnitMember();
}
