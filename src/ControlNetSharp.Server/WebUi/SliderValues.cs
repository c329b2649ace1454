using System.Globalization;
using Microsoft.Extensions.Logging;

namespace ControlNetSharp.Server.WebUi;

/// <summary>What the sliders of a preprocessor mean.</summary>
internal sealed partial class SliderValues(ILogger<SliderValues> logger)
{
    /// <summary>The resolution, and the options of an annotator, that sliders mean.</summary>
    /// <param name="module">The preprocessor.</param>
    /// <param name="resolution">What was sent; outside of the slider's range means its default.</param>
    /// <param name="thresholds">Likewise, of the first and second slider.</param>
    /// <param name="warnings">Gets what was put right.</param>
    public (int? Resolution, Dictionary<string, double> Options) Of(
        ControlModule module,
        long resolution,
        IReadOnlyList<double> thresholds,
        List<string> warnings
    )
    {
        var row = module.Row;
        var side = (int)Within(
            row,
            new("processor_res", ModuleTable.LeastResolution, ModuleTable.MostResolution, row.Resolution, 1),
            resolution,
            resolution.ToString(CultureInfo.InvariantCulture),
            warnings
        );
        var chosen = new Dictionary<string, double>(StringComparer.Ordinal);
        string[] names = ["threshold_a", "threshold_b"];
        foreach (var (index, slider) in row.Sliders.Take(names.Length).Index())
        {
            var sent = thresholds[index];
            var text = sent.ToString(sent == Math.Floor(sent) ? "0.0" : "R", CultureInfo.InvariantCulture);
            var value = Within(row, slider with { Name = names[index] }, sent, text, warnings);
            if (module.Annotator?.Options.ElementAtOrDefault(index) is { } option)
            {
                chosen[option.Name] = Math.Clamp(option.Whole ? Math.Round(value) : value, option.Min, option.Max);
            }
        }

        // A reference is looked at in full, whatever its slider says.
        var isAsked = row is { HasResolution: true, IsModelFree: false } && module.Use == ModuleUse.Annotate;
        return (isAsked ? side : null, chosen);
    }

    private double Within(ModuleRow row, ModuleSlider slider, double sent, string text, List<string> warnings)
    {
        if (sent >= slider.Least && sent <= slider.Most)
        {
            return sent;
        }

        // -1 is how one says that nothing was chosen.
        if (sent != -1)
        {
            LogPutRight(row.Name, slider.Name, text, slider.Default);
            warnings.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"[{row.Name}.{slider.Name}] Invalid value({text}), using default value {slider.Default}."
                )
            );
        }

        return slider.Default;
    }

    [LoggerMessage(LogLevel.Warning, "[{Module}.{Field}] Invalid value({Value}), using default value {Usual}.")]
    private partial void LogPutRight(string module, string field, string value, double usual);
}
