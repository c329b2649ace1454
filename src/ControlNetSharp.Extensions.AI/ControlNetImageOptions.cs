using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using Microsoft.Extensions.AI;

namespace ControlNetSharp.Extensions.AI;

/// <summary>
/// What a controlled picture needs and <see cref="ImageGenerationOptions"/> has no member for. All of it lies in the
/// additional properties under the names of docs/request.md, so that options also come from JSON:
/// <c>{"seed": 7, "units": [{"kind": "canny", "picture": "room.png"}]}</c>.
/// </summary>
public static class ControlNetImageOptions
{
    internal const string Units = "units";
    internal const string Progress = "progress";

    /// <summary>Adds control units.</summary>
    public static ImageGenerationOptions WithControl(
        this ImageGenerationOptions options,
        params IEnumerable<ControlUnit> units
    )
    {
        var all = Properties(options);
        all[Units] = all.TryGetValue(Units, out IEnumerable<ControlUnit>? before)
            ? [.. before!, .. units]
            : units.ToList();
        return options;
    }

    /// <summary>Sets a member of the request by its name in docs/request.md, such as <c>negativePrompt</c>.</summary>
    /// <param name="options">The options.</param>
    /// <param name="member">The member.</param>
    /// <param name="value">Its value as JSON has it: text, number, true or false, or an object of these.</param>
    public static ImageGenerationOptions With(this ImageGenerationOptions options, string member, object value)
    {
        ArgumentException.ThrowIfNullOrEmpty(member);
        Properties(options)[member] = value;
        return options;
    }

    /// <summary>
    /// Tells progress after each step, with <see cref="ImageGenerationOptions.StreamingCount"/> previews on the way.
    /// </summary>
    public static ImageGenerationOptions WithProgress(
        this ImageGenerationOptions options,
        IProgress<GenerationProgress> progress
    )
    {
        Properties(options)[Progress] = progress;
        return options;
    }

    internal static IProgress<GenerationProgress>? ProgressOf(ImageGenerationOptions? options) =>
        options?.AdditionalProperties?.TryGetValue(Progress, out IProgress<GenerationProgress>? progress) == true
            ? progress
            : null;

    private static AdditionalPropertiesDictionary Properties(ImageGenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.AdditionalProperties ??= [];
    }
}
