using System.Globalization;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>The networks of the embedded model as training leaves them, and as files in LDM layout.</summary>
internal static class PocketWeights
{
    public const string TextPrefix = "cond_stage_model.transformer.";
    public const string UNetPrefix = "model.diffusion_model.";
    private const string AutoencoderPrefix = "first_stage_model.";
    private const string AutoencoderFile = "autoencoder.safetensors";
    private const string UNetFile = "unet.safetensors";
    private const string TextFile = "text_encoder.safetensors";
    private const string AnnotatorsFile = "annotators.safetensors";
    private const string StrengthsKey = "strengths";
    private const string LoraFile = "pocket_4steps.safetensors";
    private const int LatentSample = 256;

    /// <summary>
    /// Trained for four steps; measured, three and two follow hints nearly as well, and Live takes two.
    /// </summary>
    private static readonly LoraUsage FewSteps = new(
        ["Euler", "DDIM"],
        SamplerCatalogue.Trailing,
        FewestSteps: 2,
        MostSteps: 4,
        GuidanceScale: 1
    );

    /// <summary>
    /// Training makes residuals as strong as they are to be without guidance. Guidance makes seven times as much of the
    /// words and no more of the hint; so many times as much of it, on the UNet's
    /// four levels from the finest to the coarsest, gives the best of both: measured on scenes that the scoreboard does
    /// not use.
    /// </summary>
    private static readonly Dictionary<string, double[]> ControlStrengths = new()
    {
        ["canny"] = [3, 2, 1, 1],
        ["hough"] = [4, 3, 1.5, 1.5],
        ["hed"] = [3, 2, 1, 1],
        ["scribble"] = [3, 2, 1, 1],
        ["pose"] = [3, 2, 1, 1],
        ["segmentation"] = [3, 2, 1.5, 1.5],
        ["normal"] = [2, 1.5, 1, 1],
        ["depth"] = [1.5, 1.5, 1.5, 1.5],
        ["lineart"] = [4, 2, 1, 1],
    };

    private static readonly CheckpointMetadata Metadata = new()
    {
        HeadWidth = PocketModel.UNet.Heads.Width,
        NormGroups = PocketModel.UNet.NormGroups,
        AutoencoderNormGroups = PocketModel.Autoencoder.NormGroups,
        TextHeads = PocketModel.Text.Heads,
        NativeSize = PocketModel.PictureSize,
        GuidanceScale = PocketModel.GuidanceScale,
        Prediction = PocketModel.Loss.Prediction,
    };

    /// <summary>The parameters of text encoder and UNet under their names in the file, in training order.</summary>
    public static IEnumerable<(string Name, Parameter Parameter)> Parameters(UNet unet, ClipTextEncoder text) =>
        Named(unet, UNetPrefix).Concat(Named(text, TextPrefix));

    public static IEnumerable<(string Name, Parameter Parameter)> Named(nn.Module network, string prefix) =>
        network.named_parameters().Select(p => (prefix + p.name, p.parameter));

    public static string AutoencoderFolder(string runs) => Path.Combine(runs, "autoencoder");

    public static string DecoderFolder(string runs) => Path.Combine(runs, "decoder");

    /// <summary>The parameters behind the latents.</summary>
    public static IEnumerable<(string Name, Parameter Parameter)> Decoder(Autoencoder autoencoder) =>
        Named(autoencoder, "")
            .Where(p =>
                p.Name.StartsWith("decoder.", StringComparison.Ordinal)
                || p.Name.StartsWith("post_quant_conv.", StringComparison.Ordinal)
            );

    /// <summary>
    /// The trained Autoencoder for RGB, its latents with mean 0 and deviation 1 a channel over the given pictures
    /// (times its scale factor): from its training, or where there was none
    /// here, from the packed weights.
    /// </summary>
    public static Autoencoder Autoencoder(string runs, PictureCache pictures, string weights, Device device)
    {
        var autoencoder = new Autoencoder(PocketModel.Autoencoder, new Placement(device, ScalarType.Float32));
        if (!Trainer.HasCheckpoint(AutoencoderFolder(runs)))
        {
            Read(Path.Combine(ModelFolder(weights), AutoencoderFile), Named(autoencoder, AutoencoderPrefix));
            return autoencoder;
        }

        Trainer.LoadAverage(AutoencoderFolder(runs), Named(autoencoder, ""));
        if (Trainer.HasCheckpoint(DecoderFolder(runs)))
        {
            Trainer.LoadAverage(DecoderFolder(runs), Decoder(autoencoder));
        }

        WhitenedColour.FoldInto(autoencoder);
        NormaliseLatents(autoencoder, pictures);
        return autoencoder;
    }

    /// <summary>The trained UNet and text encoder, from their training or from the packed weights.</summary>
    public static (UNet UNet, ClipTextEncoder Text) Diffusion(string folder, string weights)
    {
        var (unet, text) = (
            new UNet(PocketModel.UNet, Placement.Cpu32),
            new ClipTextEncoder(PocketModel.Text, Placement.Cpu32)
        );
        if (Trainer.HasCheckpoint(folder))
        {
            Trainer.LoadAverage(folder, Parameters(unet, text));
        }
        else
        {
            ReadDiffusion(weights, unet, text);
        }

        return (unet, text);
    }

    /// <summary>Reads the packed UNet and text encoder.</summary>
    public static void ReadDiffusion(string weights, UNet unet, ClipTextEncoder text)
    {
        Read(Path.Combine(ModelFolder(weights), UNetFile), Named(unet, UNetPrefix));
        Read(Path.Combine(ModelFolder(weights), TextFile), Named(text, TextPrefix));
    }

    /// <summary>Writes the Autoencoder's file of a model, in bf16.</summary>
    public static void WriteAutoencoder(string weights, Autoencoder autoencoder) =>
        Write(Path.Combine(ModelFolder(weights), AutoencoderFile), Named(autoencoder, AutoencoderPrefix));

    /// <summary>Writes the files of UNet and text encoder of a model, in bf16.</summary>
    public static void WriteDiffusion(string weights, UNet unet, ClipTextEncoder text)
    {
        Write(Path.Combine(ModelFolder(weights), UNetFile), Named(unet, UNetPrefix));
        Write(Path.Combine(ModelFolder(weights), TextFile), Named(text, TextPrefix));
    }

    /// <summary>Writes the trained network of the embedded annotators, in bf16.</summary>
    public static void WriteAnnotators(string weights, string folder)
    {
        using var network = new EmbeddedNetwork(Placement.Cpu32);
        Trainer.LoadAverage(folder, Named(network, ""));
        Write(Path.Combine(weights, AnnotatorsFile), Named(network, ""));
    }

    /// <summary>Writes the trained classifier of scenes, in bf16.</summary>
    public static void WriteClassifier(string weights, SceneClassifierNetwork network) =>
        Write(Path.Combine(weights, SceneClassifier.FileName), Named(network, ""));

    /// <summary>
    /// Writes a ControlNet that <c>controlnet train</c> has made, in 8 bits, with its residuals as strong as
    /// <see cref="ControlStrengths"/> says.
    /// </summary>
    /// <param name="weights">Folder of the embedded weights.</param>
    /// <param name="file">Such as <c>controlnet_depth.safetensors</c>, which names the kind.</param>
    /// <exception cref="ArgumentException">The name says no kind.</exception>
    public static void WriteControl(string weights, string file)
    {
        using var scope = NewDisposeScope();
        using var trained = SafetensorsFile.Open(file);
        if (
            !ControlStrengths.TryGetValue(
                Path.GetFileNameWithoutExtension(file).Replace("controlnet_", "", StringComparison.Ordinal),
                out var strengths
            )
        )
        {
            throw new ArgumentException(
                $"{file}: must be named controlnet_KIND.safetensors, KIND one of "
                    + $"{string.Join(", ", ControlStrengths.Keys)}.",
                nameof(file)
            );
        }

        var tensors = trained.Entries.Keys.ToDictionary(
            name => name,
            name =>
                LevelOf(name) is { } level
                    ? trained.Read(name).to(ScalarType.Float32).Times(strengths[level])
                    : trained.Read(name)
        );
        var (target, strong) = (Path.Combine(weights, Path.GetFileName(file)), file + ".strong.tmp");
        try
        {
            SafetensorsWriter.Write(
                strong,
                tensors,
                trained
                    .Metadata.Append(
                        KeyValuePair.Create(
                            StrengthsKey,
                            string.Join(
                                ", ",
                                strengths.Select(strength => strength.ToString(CultureInfo.InvariantCulture))
                            )
                        )
                    )
                    .ToDictionary()
            );
            CheckpointConverter.Convert(strong, target, format: WeightFormat.ScaledFloat8);
        }
        finally
        {
            File.Delete(strong);
        }
    }

    /// <summary>
    /// Writes the LoRA for four steps that <c>controlnet train</c> has made, as it is, but for what it says that it is
    /// for: <see cref="FewSteps"/>.
    /// </summary>
    /// <param name="weights">Folder of the embedded weights.</param>
    /// <param name="file">The trained file.</param>
    public static void WriteLora(string weights, string file)
    {
        using var scope = NewDisposeScope();
        using var trained = SafetensorsFile.Open(file);
        var metadata = trained.Metadata.ToDictionary();
        foreach (var (key, value) in FewSteps.Write())
        {
            metadata[key] = value;
        }

        var folder = Path.Combine(weights, "loras");
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(
            Path.Combine(folder, LoraFile),
            trained.Entries.Keys.Select(name => KeyValuePair.Create(name, trained.Read(name))),
            metadata
        );
    }

    /// <summary>
    /// Writes a packed ControlNet as training made it, in bf16, so that <c>controlnet train</c> goes on from it: the
    /// opposite of <see cref="WriteControl"/>, but for the digits that 8 bits have not.
    /// </summary>
    /// <param name="weights">Folder of the embedded weights.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="folder">Where it is written, under its own name.</param>
    public static void UnpackControl(string weights, string kind, string folder)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(folder);
        var name = $"controlnet_{kind}.safetensors";
        var (target, strong) = (Path.Combine(folder, name), Path.Combine(folder, name + ".strong.tmp"));
        try
        {
            CheckpointConverter.Convert(Path.Combine(weights, name), strong, format: WeightFormat.BFloat16);
            using var packed = SafetensorsFile.Open(strong);
            double[] strengths =
            [
                .. packed.Metadata[StrengthsKey].Split(", ").Select(s => double.Parse(s, CultureInfo.InvariantCulture)),
            ];
            SafetensorsWriter.Write(
                target,
                packed.Entries.Keys.ToDictionary(
                    key => key,
                    key =>
                        LevelOf(key) is { } level
                            ? packed.Read(key).to(ScalarType.Float32).Over(strengths[level]).to(ScalarType.BFloat16)
                            : packed.Read(key)
                ),
                packed.Metadata.Where(pair => pair.Key != StrengthsKey).ToDictionary()
            );
        }
        finally
        {
            File.Delete(strong);
        }
    }

    /// <summary>
    /// The UNet's level, from the finest, to which a weight of a zero convolution gives; null for other weights. There
    /// are two input blocks a level.
    /// </summary>
    private static int? LevelOf(string name) =>
        name.Split('.') is not [_, var part, var index, ..] ? null
        : part == "zero_convs" ? int.Parse(index, CultureInfo.InvariantCulture) / 2
        : part == "middle_block_out" ? PocketModel.UNet.Levels.Count - 1
        : null;

    private static string ModelFolder(string weights) => Path.Combine(weights, "model");

    private static void Read(string path, IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var (name, parameter) in parameters)
        {
            file.ReadInto(name, parameter);
        }
    }

    private static void Write(string path, IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SafetensorsWriter.Write(
            path,
            parameters.ToDictionary(p => p.Name, p => p.Parameter.detach().to(ScalarType.BFloat16)),
            Metadata.Write()
        );
    }

    /// <summary>
    /// Folds a shift and a scale for each latent channel into the 1×1 convolutions round the latents.
    /// </summary>
    private static void NormaliseLatents(Autoencoder autoencoder, PictureCache pictures)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var channels = autoencoder.Params.LatentChannels;
        var means = new List<Tensor>();
        for (var first = 0; first < Math.Min(LatentSample, pictures.Count); first += 8)
        {
            means.Add(
                autoencoder
                    .Encode(pictures.Batch([.. Enumerable.Range(first, 8)]).to(autoencoder.parameters().First().device))
                    .Mean
            );
        }

        var z = cat([.. means], 0);
        var (mean, deviation) = (z.mean([0, 2, 3]), z.std([0, 2, 3]).Times(autoencoder.Params.ScaleFactor));
        var parameters = autoencoder.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var (weight, bias) = (parameters["quant_conv.weight"], parameters["quant_conv.bias"]);
        weight.narrow(0, 0, channels).div_(deviation.view(-1, 1, 1, 1));
        bias.narrow(0, 0, channels).sub_(mean).div_(deviation);
        bias.narrow(0, channels, channels).sub_(deviation.log().Times(2));
        var (postWeight, postBias) = (parameters["post_quant_conv.weight"], parameters["post_quant_conv.bias"]);
        postBias.copy_(postBias.Plus(postWeight.view(channels, channels).mv(mean)));
        postWeight.mul_(deviation.view(1, -1, 1, 1));
    }
}
