using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;

namespace ControlNetSharp.Engine;

/// <summary>Tells where LoRAs are used in another way than their files say.</summary>
internal static class LoraWarnings
{
    /// <summary>A warning for each LoRA that acts and is for something else; only headers are read.</summary>
    /// <param name="request">The request.</param>
    /// <param name="files">The files of its LoRAs.</param>
    /// <param name="noise">The model's, which may choose the scheduler.</param>
    /// <exception cref="CheckpointException">What a file says of itself cannot be understood.</exception>
    public static IEnumerable<RequestWarning> Of(GenerationRequest request, PromptFiles files, NoiseSchedule noise) =>
        from lora in ParsedPrompt.Parse(request.Prompt).Networks
        where lora.TextWeight != 0 || lora.UNetWeight != 0
        let usage = UsageOf(files.FindLora(lora.Name))
        where usage is not null
        let others = Others(request, usage, noise)
        where others.Count > 0
        select new RequestWarning(
            "prompt",
            null,
            $"the LoRA {lora.Name} is for {usage}; with {string.Join(", ", others)} the picture may be poor."
        );

    private static LoraUsage? UsageOf(string path)
    {
        using var file = CheckpointFiles.Open(path);
        return LoraUsage.Read(file.Metadata, path);
    }

    /// <summary>What is asked for that is not what a LoRA is for.</summary>
    private static List<string> Others(GenerationRequest request, LoraUsage usage, NoiseSchedule noise)
    {
        var (sampler, scheduler) = SamplingPlan.RowsOf(request.Sampler, request.Scheduler, noise);
        bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
        string?[] others =
        [
            usage.Samplers.Any(known => Is(known, sampler.Name)) ? null : $"{sampler.Name} sampler",
            usage.Scheduler is null || Is(usage.Scheduler, scheduler.Name) ? null : $"{scheduler.Name} scheduler",
            request.Steps >= usage.FewestSteps && request.Steps <= usage.MostSteps ? null
            : request.Steps == 1 ? "1 step"
            : $"{request.Steps} steps",
            request.GuidanceScale == usage.GuidanceScale
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"guidance scale {request.GuidanceScale:r}"),
        ];
        return [.. others.OfType<string>()];
    }
}
