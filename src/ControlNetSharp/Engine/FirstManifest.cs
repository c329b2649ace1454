using System.Text.Json;
using System.Text.Json.Serialization;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>
/// The manifest of the first version, which pictures made before requests were data carry; it is only read.
/// </summary>
internal static class FirstManifest
{
    /// <summary>Whether a JSON object has this form: a version of the program where later ones have requests.</summary>
    public static bool IsOne(JsonElement json) =>
        json.TryGetProperty("version", out var version) && version.ValueKind == JsonValueKind.String;

    /// <summary>Reads it in today's form.</summary>
    /// <exception cref="RequestException">A value is not possible.</exception>
    public static Manifest Read(JsonElement json)
    {
        Data data;
        try
        {
            data = json.Deserialize(FirstManifestContext.Default.Data) ?? throw new JsonException("it is null.");
        }
        catch (JsonException e)
        {
            throw new RequestException("", null, $"the manifest cannot be read: {e.Message.Split(" Path:")[0]}", e);
        }

        return new Manifest { Request = RequestOf(data), Resolved = ResolutionOf(data) };
    }

    private static GenerationRequest RequestOf(Data data) =>
        new()
        {
            Prompt = data.Prompt,
            NegativePrompt = data.Negative,
            Model = data.ModelPath ?? data.Model,
            Vae = data.VaePath,
            Prediction = Prediction(data.Prediction),
            Size = (data.Width, data.Height),
            Steps = data.Steps,
            Sampler = data.Sampler,
            Scheduler = data.Scheduler,
            GuidanceScale = data.Cfg,
            // Seeds above 32 bits counted modulo 2^32 then.
            Seed = unchecked((uint)data.Seed),
            Batch = data.Batch,
            ClipSkip = data.ClipSkip,
            Tiling = data.Tiling ?? false,
            OriginalSize = data.OriginalSize is { } size ? SizeText.ParseOriginal("originalSize", size) : null,
            Initial = data.Init is not { } init
                ? null
                : new InitialPicture
                {
                    Picture = Source(init.Picture),
                    Denoise = init.Denoise,
                    Mask = init.Mask is not { } mask
                        ? null
                        : new InpaintMask
                        {
                            Picture = Source(mask),
                            Blur = init.MaskBlur ?? 0,
                            Content = Word("init.maskedContent", init.MaskedContent, MaskedContent.Original),
                            OnlyMasked = init.OnlyMasked ?? false,
                            Padding = init.MaskPadding ?? 0,
                        },
                },
            Hires = data.Hires is { } hires
                ? new HiresPass
                {
                    Scale = hires.Scale,
                    Denoise = hires.Denoise,
                    Steps = hires.Steps,
                    Upscaler = hires.Upscaler,
                }
                : null,
            Units = [.. data.Units.Select(UnitOf)],
        };

    private static ControlUnit UnitOf(Unit unit) =>
        new()
        {
            Kind = unit.Kind,
            Picture = PictureSource.FromFile(unit.Picture, unit.PictureSha256),
            Model = unit.ModelPath,
            Annotator = unit.Annotator,
            Options =
                unit.Options?.ToDictionary(
                    option => option.Key,
                    option => Number($"units.options.{option.Key}", option.Value)
                )
                ?? [],
            Weight = unit.Weight,
            Start = unit.Start,
            End = unit.End,
            Mode = Word("units.mode", unit.Mode, ControlMode.Balanced),
            Layers = unit.Layers,
            Resize = Word("units.resize", unit.Resize, ResizeMode.Crop),
            Resolution = unit.Resolution,
            Channels = Word("units.channels", unit.Channels, ChannelOrder.Rgb),
            Passes = Word("units.hires", unit.Hires, ControlPasses.Both),
            Pooling = Word("units.pooling", unit.Pooling, ResidualPooling.Auto),
            Mask = unit.Mask is { } mask ? Source(mask) : null,
            Holes = unit.Inpaint is { } holes ? Source(holes) : null,
        };

    private static Resolution ResolutionOf(Data data) =>
        new()
        {
            Program = data.Version,
            Libtorch = data.Libtorch,
            BatchIndex = data.BatchIndex,
            Device = data.Device,
            Dtype = data.Dtype switch
            {
                "Float32" => "fp32",
                "BFloat16" => "bf16",
                "Float16" => "fp16",
                var other => throw Impossible("dtype", other),
            },
            Threads = data.Threads,
            Model = new(data.Model, data.ModelSha256, data.ModelPath),
            Vae = data.VaePath is { } vae ? new(Path.GetFileName(vae), data.VaeSha256 ?? "", vae) : null,
            Initial = data.Init?.Picture.Text,
            Mask = data.Init?.Mask?.Text,
            Units =
            [
                .. data.Units.Select(unit => new ResolvedUnit
                {
                    ControlNet = unit is { Model: { } name, ModelSha256: { } hash }
                        ? new(name, hash, unit.ModelPath)
                        : null,
                    Annotator = unit.Annotator,
                    Pooled = unit.Pooling == "average",
                    Hint = unit.Hint,
                    HiresHint = unit.HiresHint,
                    Mask = unit.Mask?.Text,
                    Inpaint = unit.Inpaint?.Text,
                }),
            ],
            Loras = [.. (data.Loras ?? []).Select(file => new ResolvedFile(file.Name, file.Sha256, file.Path))],
            Embeddings =
            [
                .. (data.Embeddings ?? []).Select(file => new ResolvedFile(file.Name, file.Sha256, file.Path)),
            ],
        };

    private static PictureSource Source(PictureFile picture) => PictureSource.FromFile(picture.Path, picture.Sha256);

    private static PredictionType Prediction(string word) =>
        word switch
        {
            "v" => PredictionType.Velocity,
            "epsilon" => PredictionType.Epsilon,
            var other => throw Impossible("prediction", other),
        };

    private static T Word<T>(string member, string? word, T otherwise)
        where T : struct, Enum =>
        word is null ? otherwise
        : Enum.TryParse<T>(word, ignoreCase: true, out var value) ? value
        : throw Impossible(member, word);

    private static double Number(string member, string text) =>
        double.TryParse(
            text,
            System.Globalization.NumberStyles.Float,
            System.Globalization.CultureInfo.InvariantCulture,
            out var value
        )
            ? value
            : throw Impossible(member, text);

    private static RequestException Impossible(string member, string value) => new(member, value, "is not possible.");

    /// <summary>The JSON text.</summary>
    internal sealed record Data(
        string Version,
        string Libtorch,
        string Prompt,
        string Negative,
        string Model,
        string? ModelPath,
        string ModelSha256,
        string? Vae,
        string? VaePath,
        string? VaeSha256,
        int Width,
        int Height,
        string Sampler,
        string Scheduler,
        int Steps,
        double Cfg,
        string Prediction,
        int? ClipSkip,
        long Seed,
        int Batch,
        int BatchIndex,
        bool? Tiling,
        string? OriginalSize,
        Start? Init,
        SecondPass? Hires,
        string Device,
        string Dtype,
        int Threads,
        IReadOnlyList<Unit> Units,
        IReadOnlyList<NamedFile>? Loras,
        IReadOnlyList<NamedFile>? Embeddings
    );

    /// <summary>The picture to start from.</summary>
    internal sealed record Start(
        PictureFile Picture,
        double Denoise,
        PictureFile? Mask,
        int? MaskBlur,
        string? MaskedContent,
        bool? OnlyMasked,
        int? MaskPadding
    );

    /// <summary>The second pass.</summary>
    internal sealed record SecondPass(double Scale, double Denoise, int? Steps, string Upscaler);

    /// <summary>A picture that went in; <c>Text</c> is the key of the PNG text with its pixels.</summary>
    internal sealed record PictureFile(string Path, string Sha256, string? Text);

    /// <summary>A file that a prompt names.</summary>
    internal sealed record NamedFile(string Name, string Path, string Sha256);

    /// <summary>A control unit.</summary>
    internal sealed record Unit(
        string Kind,
        string Picture,
        string PictureSha256,
        string? Hint,
        string? HiresHint,
        string Annotator,
        string? Channels,
        int? Resolution,
        IReadOnlyDictionary<string, string>? Options,
        double Weight,
        double Start,
        double End,
        string Mode,
        string Resize,
        IReadOnlyList<double>? Layers,
        string? Hires,
        string? Pooling,
        PictureFile? Mask,
        PictureFile? Inpaint,
        string? Model,
        string? ModelPath,
        string? ModelSha256
    );
}

/// <summary>The generated code for manifests of the first version.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(FirstManifest.Data))]
internal sealed partial class FirstManifestContext : JsonSerializerContext;
