using System.Globalization;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// What a LoRA is for, as its file says in its metadata: one for few steps makes poor pictures otherwise.
/// </summary>
/// <param name="Samplers">The samplers, the usual one first.</param>
/// <param name="Scheduler">The scheduler; null for that of the sampler, or any that suits it.</param>
/// <param name="FewestSteps">The fewest steps, 1 or more.</param>
/// <param name="MostSteps">The most steps.</param>
/// <param name="GuidanceScale">The guidance scale; 1 for none.</param>
internal sealed record LoraUsage(
    IReadOnlyList<string> Samplers,
    string? Scheduler,
    int FewestSteps,
    int MostSteps,
    double GuidanceScale
)
{
    private const string ProseKey = "usage";
    private const string SamplerKey = "usage_sampler";
    private const string SchedulerKey = "usage_scheduler";
    private const string StepsKey = "usage_steps";
    private const string GuidanceKey = "usage_guidance_scale";

    private const string Comma = ", ";
    private const char Dash = '-';

    /// <summary>What a file says; null where it says nothing.</summary>
    /// <param name="metadata">Its metadata.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <exception cref="CheckpointException">What it says cannot be understood.</exception>
    public static LoraUsage? Read(IReadOnlyDictionary<string, string> metadata, string file)
    {
        if (!metadata.TryGetValue(SamplerKey, out var samplers))
        {
            return null;
        }

        var (steps, guidance) = (Said(StepsKey), Said(GuidanceKey));
        var ends = steps.Split(Dash);
        return
            ends.Length <= 2
            && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var fewest)
            && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var most)
            && fewest >= 1
            && most >= fewest
            ? new(samplers.Split(Comma), metadata.GetValueOrDefault(SchedulerKey), fewest, most, Scale(guidance))
            : throw Wrong(StepsKey, "a number of steps, or two with a dash between", steps);

        string Said(string key) =>
            metadata.TryGetValue(key, out var text)
                ? text
                : throw new CheckpointException(file, $"its metadata have '{SamplerKey}' and no '{key}'.");
        double Scale(string text) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var scale)
            && double.IsFinite(scale)
                ? scale
                : throw Wrong(GuidanceKey, "a number", text);
        CheckpointException Wrong(string key, string allowed, string text) =>
            new(file, $"the metadata '{key}' must be {allowed}, not '{text}'.");
    }

    /// <summary>The same as texts for a safetensors file: for programs, and as <see cref="ToString"/>.</summary>
    public IEnumerable<KeyValuePair<string, string>> Write()
    {
        yield return new(ProseKey, ToString());
        yield return new(SamplerKey, string.Join(Comma, Samplers));
        if (Scheduler is not null)
        {
            yield return new(SchedulerKey, Scheduler);
        }

        yield return new(StepsKey, FewestSteps == MostSteps ? $"{FewestSteps}" : $"{FewestSteps}{Dash}{MostSteps}");
        yield return new(GuidanceKey, string.Create(CultureInfo.InvariantCulture, $"{GuidanceScale:r}"));
    }

    /// <summary>For people.</summary>
    public override string ToString()
    {
        var scheduler = Scheduler is null ? "" : $"{Scheduler} scheduler, ";
        var steps = FewestSteps == MostSteps ? $"{FewestSteps}" : $"{FewestSteps} to {MostSteps}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{string.Join(" or ", Samplers)} sampler, {scheduler}{steps} steps, guidance scale {GuidanceScale:r}"
        );
    }
}
