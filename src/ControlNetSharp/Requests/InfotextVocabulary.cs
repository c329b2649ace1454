using System.Globalization;
using System.Text.RegularExpressions;
using ControlNetSharp.Models;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Requests;

/// <summary>
/// What the keys and values of infotexts mean here. Sources (behaviour): stable-diffusion-webui v1.10.1, processing.py
/// and shared_options.py; stable-diffusion-webui-forge, processing.py.
/// </summary>
internal static partial class InfotextVocabulary
{
    /// <summary>Why a setting is a loss of which nothing is known.</summary>
    public const string NothingLikeIt = "there is nothing like it here.";

    /// <summary>Keys that tell something and change nothing.</summary>
    public static readonly HashSet<string> Tells = new(StringComparer.OrdinalIgnoreCase)
    {
        "Version",
        "User",
        "App",
        "Backend",
        "Pipeline",
        "Created Date",
        "Civitai metadata",
        "Template",
        "Negative Template",
        "TI",
        "Used embeddings",
        "Batch size",
        "Batch pos",
        "Discard penultimate sigma",
        "Model sha256",
        "VAE sha256",
        "Original Size",
    };

    /// <summary>What the eta of a sampler is called.</summary>
    public static string EtaKeyOf(string sampler) => sampler == "DDIM" ? "Eta DDIM" : "Eta";

    /// <summary>Values of keys that are not used here with which they change nothing.</summary>
    public static readonly Dictionary<string, string> Unchanged = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Variation seed strength"] = "0",
        ["Token merging ratio hr"] = "0",
        ["NGMS"] = "0",
        ["Skip Early CFG"] = "0",
        ["ENSD"] = "0",
        ["Extra noise"] = "0",
        ["Noise multiplier"] = "1",
        ["Sigma churn"] = "0",
        ["Sigma tmin"] = "0",
        ["Sigma tmax"] = "0",
        ["Sigma noise"] = "1",
        ["Schedule min sigma"] = "0",
        ["Schedule max sigma"] = "0",
        ["Schedule rho"] = "0",
        ["Beta schedule alpha"] = "0.6",
        ["Beta schedule beta"] = "0.6",
        ["VAE Encoder"] = "Full",
        ["VAE Decoder"] = "Full",
        ["Emphasis"] = "Original",
        ["Noise Schedule"] = "Default",
        ["FP8 weight"] = "Disable",
        ["Diffusion in Low Bits"] = "Automatic",
        ["UniPC variant"] = "bh2",
        ["Mask mode"] = "Inpaint masked",
        ["Inpaint area"] = "Whole picture",
    };

    /// <summary>Values of any key that say that something is off.</summary>
    public static readonly HashSet<string> OffValues = new(StringComparer.OrdinalIgnoreCase)
    {
        "",
        "None",
        "False",
        "[]",
        "{}",
    };

    /// <summary>Values that mean the model's own Autoencoder.</summary>
    public static readonly HashSet<string> OwnVae = new(StringComparer.OrdinalIgnoreCase)
    {
        "",
        "None",
        "Automatic",
        "Built in",
        "Built-in",
        "Baked",
        "Baked in",
        "Baked VAE",
    };

    /// <summary>Keys of a second pass.</summary>
    public static readonly string[] HiresKeys = ["Hires upscale", "Hires resize", "Hires steps", "Hires upscaler"];

    /// <summary>Keys of a picture to start from, or of its mask.</summary>
    public static readonly string[] StartKeys =
    [
        "Init image hash",
        "Image CFG scale",
        "Conditional mask weight",
        "Masked content",
        "Mask blur",
        "Mask mode",
        "Inpaint area",
        "Masked area padding",
    ];

    /// <summary>This program.</summary>
    public const string OwnProgram = "ControlNetSharp";

    /// <summary>Programs that draw noise on a CPU without saying so.</summary>
    public static readonly string[] OwnNoise = ["ComfyUI", OwnProgram];

    /// <summary>Two words in any case.</summary>
    public static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    /// <summary>A number; null where it is none.</summary>
    public static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A few digits.</summary>
    public static int Whole(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    /// <summary>A hash in lower case; null where it cannot be one.</summary>
    public static string? HashOf(string? text) =>
        text?.Trim() is { } hash && HexDigits().IsMatch(hash) ? hash.ToLowerInvariant() : null;

    /// <summary>
    /// A sampler with its scheduler. Programs that do not say the scheduler apart have it in the sampler's name, and
    /// where it is not in there either they mean uniform steps, also for samplers that are used with others now.
    /// </summary>
    /// <exception cref="RequestException">It is not known.</exception>
    public static (string Sampler, string Scheduler, bool IsCombined) SamplerNamed(string name)
    {
        // ComfyUI writes k-diffusion's names without "k_", and others with underscores.
        string[] spellings = [name, "k_" + name, name.Replace("_", "", StringComparison.Ordinal)];
        var known = spellings.FirstOrDefault(spelling => IsKnown(() => SamplerCatalogue.Resolve(spelling))) ?? name;
        var (sampler, scheduler) = RequestRules.Named("sampler", known, spelling => SamplerCatalogue.Resolve(spelling));
        var isCombined = !Same(sampler.Name, known) && !sampler.Aliases.Any(alias => Same(alias, known));
        var plain = sampler.DefaultScheduler is "karras" or "exponential" ? "uniform" : SamplerCatalogue.Automatic;
        return (sampler.Name, isCombined ? scheduler.Name : plain, isCombined);
    }

    /// <summary>A scheduler by name or label.</summary>
    /// <exception cref="RequestException">It is not known.</exception>
    public static string SchedulerNamed(string name)
    {
        var any = SamplerCatalogue.Samplers[0].Name;
        return RequestRules.Named("scheduler", name, known => SamplerCatalogue.Resolve(any, known)).Scheduler.Name;
    }

    /// <summary>
    /// An upscaler by name or label; one that is not known is the name of a file. stable-diffusion-webui enlarges with
    /// Lanczos where it has none.
    /// </summary>
    /// <exception cref="RequestException">It works on latents, and is not known.</exception>
    public static string UpscalerNamed(string name) =>
        Same(name, "None") ? UpscalerCatalogue.Lanczos
        : UpscalerCatalogue.LookFor(name) is { } row ? row.Name
        : name.StartsWith("Latent", StringComparison.OrdinalIgnoreCase)
            ? RequestRules.Named("hires.upscaler", name, UpscalerCatalogue.Find).Name
        : name;

    /// <summary>What stable-diffusion-webui calls an upscaler.</summary>
    public static string LabelOf(string upscaler) =>
        UpscalerCatalogue.LookFor(upscaler)?.Label ?? PublishedUpscalers.LabelOf(upscaler);

    private static bool IsKnown(Func<object> find)
    {
        try
        {
            return find() is not null;
        }
        catch (UnknownNameException)
        {
            return false;
        }
    }

    [GeneratedRegex("^[0-9a-fA-F]{8,64}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HexDigits();
}
