using System.CommandLine;
using System.Globalization;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Cli;

/// <summary>
/// The options of <c>controlnet generate</c> as a request; those that are not given leave a member as it is.
/// </summary>
internal static class RequestFlags
{
    private static readonly string[] HiresParts = ["denoise", "steps", "upscaler"];
    private static readonly string[] UpscaleParts =
    [
        "tile",
        "overlap",
        "denoise",
        "steps",
        "upscaler",
        "control",
        "model",
        "weight",
    ];
    private static readonly string[] StyleParts = ["scale", "shift", "plain", "adapts", "values", "norms"];

    /// <summary>Lays the options over a request.</summary>
    /// <exception cref="UsageException">
    /// An option stands without the one that it belongs to, or is written wrongly.
    /// </exception>
    /// <exception cref="RequestException">A value is wrong.</exception>
    public static GenerationRequest Over(GenerationRequest request, ParseResult arguments)
    {
        string? Text(Option<string?> option) => arguments.GetValue(option);
        T Given<T>(Option<string?> option, T otherwise, Func<string, T> read) =>
            Text(option) is { } text ? read(text) : otherwise;
        int Whole(string property, string member, string text) =>
            RequestValues.Integer<GenerationRequest>(property, member, text);
        var units = arguments.GetValue(GenerateOptions.Control) ?? [];
        var regions = arguments.GetValue(GenerateOptions.Region) ?? [];
        return request with
        {
            Prompt = Text(GenerateOptions.Prompt) ?? request.Prompt,
            NegativePrompt = Text(GenerateOptions.Negative) ?? request.NegativePrompt,
            Model = Given(GenerateOptions.Model, request.Model, FullPath),
            Vae = Given(GenerateOptions.Vae, request.Vae, FullPath),
            Prediction = Given(GenerateOptions.Prediction, request.Prediction, ReadPrediction),
            Size = Given<PictureSize?>(GenerateOptions.Size, request.Size, text => SizeText.Parse("size", text)),
            OriginalSize = Given(
                GenerateOptions.OriginalSize,
                request.OriginalSize,
                text => SizeText.ParseOriginal("originalSize", text)
            ),
            Steps = Given(GenerateOptions.Steps, request.Steps, text => Whole(nameof(request.Steps), "steps", text)),
            Sampler = Text(GenerateOptions.Sampler) ?? request.Sampler,
            Scheduler = Text(GenerateOptions.Scheduler) ?? request.Scheduler,
            Eta = Given<double?>(
                GenerateOptions.Eta,
                request.Eta,
                text => RequestValues.Real<GenerationRequest>(nameof(request.Eta), "eta", text)
            ),
            GuidanceScale = Given<double?>(
                GenerateOptions.Guidance,
                request.GuidanceScale,
                text => RequestValues.Real<GenerationRequest>(nameof(request.GuidanceScale), "guidanceScale", text)
            ),
            Seed = Given(GenerateOptions.Seed, request.Seed, ReadSeed),
            Batch = Given(GenerateOptions.Batch, request.Batch, text => Whole(nameof(request.Batch), "batch", text)),
            Count = Given(GenerateOptions.Count, request.Count, text => Whole(nameof(request.Count), "count", text)),
            ClipSkip = Given<int?>(
                GenerateOptions.ClipSkip,
                request.ClipSkip,
                text => Whole(nameof(request.ClipSkip), "clipSkip", text)
            ),
            Tiling = arguments.Has(GenerateOptions.Tiling)
                ? arguments.GetValue(GenerateOptions.Tiling)
                : request.Tiling,
            Cache = Given(GenerateOptions.Cache, request.Cache, text => Whole(nameof(request.Cache), "cache", text)),
            TokenMerging = Given(
                GenerateOptions.TokenMerging,
                request.TokenMerging,
                text => RequestValues.Real<GenerationRequest>(nameof(request.TokenMerging), "tokenMerging", text)
            ),
            Initial = ReadInitial(request.Initial, arguments),
            Hires = Given(GenerateOptions.Hires, request.Hires, text => ReadHires(text, arguments)),
            Upscale = Given(GenerateOptions.Upscale, request.Upscale, ReadUpscale),
            StyleAlignment = Given(GenerateOptions.StyleAlign, request.StyleAlignment, ReadStyleAlignment),
            Regions =
                regions.Length == 0
                    ? request.Regions
                    : [.. regions.Select((region, index) => RegionText.Parse(region, $"regions[{index}]"))],
            Units =
                units.Length == 0
                    ? request.Units
                    : [.. units.Select((unit, index) => UnitText.Parse(unit, $"units[{index}]"))],
        };
    }

    private static InitialPicture? ReadInitial(InitialPicture? initial, ParseResult arguments)
    {
        var path = arguments.GetValue(GenerateOptions.Init);
        var picture = path is null ? initial : (initial ?? new() { Picture = path }) with { Picture = path };
        Option[] belonging =
        [
            GenerateOptions.Denoise,
            GenerateOptions.Mask,
            GenerateOptions.MaskBlur,
            GenerateOptions.MaskedContent,
            GenerateOptions.OnlyMasked,
            GenerateOptions.MaskPadding,
        ];
        if (picture is null)
        {
            return belonging.FirstOrDefault(arguments.Has) is { } lonely
                ? throw new UsageException(lonely.Name, $"{lonely.Name} needs {GenerateOptions.Init.Name}.")
                : null;
        }

        return picture with
        {
            Denoise = arguments.GetValue(GenerateOptions.Denoise) is { } text
                ? RequestValues.Real<InitialPicture>(nameof(InitialPicture.Denoise), "initial.denoise", text)
                : picture.Denoise,
            Mask = ReadMask(picture.Mask, arguments),
        };
    }

    private static InpaintMask? ReadMask(InpaintMask? mask, ParseResult arguments)
    {
        var path = arguments.GetValue(GenerateOptions.Mask);
        mask = path is null ? mask : (mask ?? new() { Picture = path }) with { Picture = path };
        Option[] belonging =
        [
            GenerateOptions.MaskBlur,
            GenerateOptions.MaskedContent,
            GenerateOptions.OnlyMasked,
            GenerateOptions.MaskPadding,
        ];
        if (mask is null)
        {
            return belonging.FirstOrDefault(arguments.Has) is { } lonely
                ? throw new UsageException(lonely.Name, $"{lonely.Name} needs {GenerateOptions.Mask.Name}.")
                : null;
        }

        var onlyMasked = arguments.Has(GenerateOptions.OnlyMasked)
            ? arguments.GetValue(GenerateOptions.OnlyMasked)
            : mask.OnlyMasked;
        if (arguments.Has(GenerateOptions.MaskPadding) && !onlyMasked)
        {
            throw new UsageException(
                GenerateOptions.MaskPadding.Name,
                $"{GenerateOptions.MaskPadding.Name} needs {GenerateOptions.OnlyMasked.Name}."
            );
        }

        return mask with
        {
            OnlyMasked = onlyMasked,
            Blur = arguments.GetValue(GenerateOptions.MaskBlur) is { } blur
                ? RequestValues.Integer<InpaintMask>(nameof(mask.Blur), "initial.mask.blur", blur)
                : mask.Blur,
            Padding = arguments.GetValue(GenerateOptions.MaskPadding) is { } padding
                ? RequestValues.Integer<InpaintMask>(nameof(mask.Padding), "initial.mask.padding", padding)
                : mask.Padding,
            Content = arguments.GetValue(GenerateOptions.MaskedContent) is { } content
                ? RequestValues.Word<MaskedContent>("initial.mask.content", content)
                : mask.Content,
        };
    }

    private static HiresPass ReadHires(string text, ParseResult arguments)
    {
        var option = GenerateOptions.Hires.Name;
        if (arguments.Has(GenerateOptions.Init))
        {
            throw UsageException.Of(
                option,
                text,
                $"it is for pictures from noise; with {GenerateOptions.Init.Name} a larger {GenerateOptions.Size.Name} "
                    + "does the same."
            );
        }

        var (scale, values) = Parts(option, text, HiresParts, "the scale");
        var hires = new HiresPass
        {
            Scale = RequestValues.Real<HiresPass>(nameof(HiresPass.Scale), "hires.scale", scale),
        };
        return hires with
        {
            Denoise = values.TryGetValue("denoise", out var denoise)
                ? RequestValues.Real<HiresPass>(nameof(hires.Denoise), "hires.denoise", denoise)
                : hires.Denoise,
            Steps = values.TryGetValue("steps", out var steps)
                ? RequestValues.Integer<HiresPass>(nameof(hires.Steps), "hires.steps", steps)
                : null,
            Upscaler = values.TryGetValue("upscaler", out var upscaler) ? UpscalerPath(upscaler) : hires.Upscaler,
        };
    }

    private static UpscalePass ReadUpscale(string text)
    {
        var (scale, values) = Parts(GenerateOptions.Upscale.Name, text, UpscaleParts, "the scale");
        string? Word(string part) => values.GetValueOrDefault(part);
        double Real(string part, string property, double otherwise) =>
            Word(part) is { } value
                ? RequestValues.Real<UpscalePass>(
                    property,
                    $"upscale.{char.ToLowerInvariant(property[0])}{property[1..]}",
                    value
                )
                : otherwise;
        int? Whole(string part, string property) =>
            Word(part) is { } value ? RequestValues.Integer<UpscalePass>(property, $"upscale.{part}", value) : null;
        var upscale = new UpscalePass
        {
            Scale = RequestValues.Real<UpscalePass>(nameof(UpscalePass.Scale), "upscale.scale", scale),
        };
        return upscale with
        {
            Tile = Whole("tile", nameof(upscale.Tile)),
            Overlap = Whole("overlap", nameof(upscale.Overlap)) ?? upscale.Overlap,
            Denoise = Real("denoise", nameof(upscale.Denoise), upscale.Denoise),
            Steps = Whole("steps", nameof(upscale.Steps)),
            Upscaler = Word("upscaler") is { } upscaler ? UpscalerPath(upscaler) : upscale.Upscaler,
            Control = Word("control"),
            ControlModel = Word("model") is { } model ? FullPath(model) : null,
            ControlWeight = Real("weight", nameof(upscale.ControlWeight), upscale.ControlWeight),
        };
    }

    private static StyleAlignment ReadStyleAlignment(string text)
    {
        var option = GenerateOptions.StyleAlign.Name;
        var (whom, values) = Parts(option, text, StyleParts, "first or all");
        if (whom is not ("first" or "all"))
        {
            throw UsageException.Of(option, text, "must begin with first or all.");
        }

        double? Real(string property, string name) =>
            values.TryGetValue(name, out var value)
                ? RequestValues.Real<StyleAlignment>(property, $"styleAlignment.{name}", value)
                : null;
        bool Flag(string name, bool usual) =>
            values.GetValueOrDefault(name) switch
            {
                null => usual,
                "true" => true,
                "false" => false,
                var other => throw UsageException.Of(option, $"{name}={other}", "must be true or false."),
            };
        var style = new StyleAlignment { All = whom == "all" };
        return style with
        {
            Scale = Real(nameof(style.Scale), "scale") ?? style.Scale,
            Shift = Real(nameof(style.Shift), "shift") ?? style.Shift,
            Plain = Real(nameof(style.Plain), "plain") ?? style.Plain,
            Adapts = Flag("adapts", style.Adapts),
            Values = Flag("values", style.Values),
            Norms = Flag("norms", style.Norms),
        };
    }

    /// <summary>What stands before the first comma, and the parts behind it by their names.</summary>
    private static (string First, Dictionary<string, string> Values) Parts(
        string option,
        string text,
        IReadOnlyList<string> known,
        string behind
    )
    {
        var fields = Fields.Read(text);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in fields.Skip(1))
        {
            if (!known.Contains(name) || string.IsNullOrEmpty(value) || !values.TryAdd(name, value))
            {
                throw UsageException.Of(
                    option,
                    text,
                    $"'{name}{(value is null ? "" : $"={value}")}' must be one of "
                        + $"{string.Join(", ", known.Select(part => part + "=…"))}, each at most once, after {behind}."
                );
            }
        }

        return (fields[0] is (var first, null) ? first : text, values);
    }

    /// <summary>The name of an upscaler that needs no file stays, whatever lies in the folder.</summary>
    private static string UpscalerPath(string name) => UpscalerCatalogue.LookFor(name) is null ? FullPath(name) : name;

    private static PredictionType? ReadPrediction(string text) =>
        text switch
        {
            "auto" => null,
            "epsilon" => PredictionType.Epsilon,
            "v" => PredictionType.Velocity,
            _ => throw new RequestException("prediction", text, "must be auto, epsilon or v."),
        };

    /// <summary>-1 is a random one, as in stable-diffusion-webui.</summary>
    private static long? ReadSeed(string text) =>
        text == "-1" ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) && seed <= Seeds.Largest
            ? seed
        : throw new RequestException(
            "seed",
            text,
            $"must be a whole number from 0 to {Seeds.Largest}, or -1 for a random one."
        );

    /// <summary>So that a printed request means the same file wherever it is read.</summary>
    private static string FullPath(string name) =>
        File.Exists(name) || Directory.Exists(name) ? Path.GetFullPath(name) : name;
}
