using System.CommandLine;
using System.Globalization;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Cli;

/// <summary>A second pass as the user writes it: <c>SCALE,denoise=X,steps=N,upscaler=NAME</c>.</summary>
internal static class HiresSettings
{
    public static readonly Option<string?> Hires = new("--hires") { Description = "A second pass at a larger size: SCALE[,denoise=X,steps=N,upscaler=NAME]; defaults 0.7, those of --steps, latent." };
    private static readonly string[] Parts = ["denoise", "steps", "upscaler"];

    /// <summary>Reads the option; null where it is not given.</summary>
    /// <exception cref="UsageException">A part is unknown or its value wrong.</exception>
    public static HiresPass? Read(ParseResult arguments)
    {
        if (arguments.GetValue(Hires) is not { } text)
        {
            return null;
        }

        if (arguments.Has(InitialSettings.Init))
        {
            throw UsageException.Of(Hires.Name, text, $"it is for pictures from noise; with {InitialSettings.Init.Name} a larger --size does the same.");
        }

        var fields = Fields.Read(text);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in fields.Skip(1))
        {
            if (!Parts.Contains(name) || string.IsNullOrEmpty(value) || !values.TryAdd(name, value))
            {
                throw UsageException.Of(Hires.Name, text, $"'{name}{(value is null ? "" : $"={value}")}' must be one of {string.Join(", ", Parts.Select(part => part + "=…"))}, each at most once, after the scale.");
            }
        }

        return new HiresPass
        {
            Scale = Numbers.Real(Hires.Name, fields[0] is (var scale, null) ? scale : text, 1, HiresPass.MostScale),
            Denoise = values.TryGetValue("denoise", out var denoise) ? Numbers.Real(Hires.Name, denoise, 0, 1, "denoise") : 0.7,
            Steps = values.TryGetValue("steps", out var steps) ? Steps(steps) : null,
            Upscaler = values.TryGetValue("upscaler", out var upscaler) ? Upscaler(upscaler) : UpscalerCatalogue.Default,
        };
    }

    private static int Steps(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var steps) && steps is >= 1 and <= SamplingPlan.MostSteps ? steps
        : throw UsageException.Of(Hires.Name, $"steps={text}", $"must be a whole number from 1 to {SamplingPlan.MostSteps}.");

    private static string Upscaler(string name)
    {
        try
        {
            return UpscalerCatalogue.Find(name).Name;
        }
        catch (ArgumentException)
        {
            throw UsageException.Of(Hires.Name, $"upscaler={name}", $"must be one of {string.Join(", ", UpscalerCatalogue.All.Select(row => row.Name))}.");
        }
    }
}
