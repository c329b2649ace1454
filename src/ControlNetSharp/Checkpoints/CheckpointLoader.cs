using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Loads checkpoints in LDM layout. All names and shapes are compared before anything is copied; tensors go one at a time from the memory map to their final type and place.
/// </summary>
public static class CheckpointLoader
{
    private const string UNetPrefix = "model.diffusion_model.";
    private const string AutoencoderPrefix = "first_stage_model.";
    private const string ClipPrefix = "cond_stage_model.transformer.";
    private const string OpenClipPrefix = "cond_stage_model.model.";
    private const string ControlPrefix = "control_model.";
    private const int ShownKeys = 5;

    /// <summary>Loads a model: UNet, Autoencoder and text encoder from one file, or from the files of a folder.</summary>
    /// <param name="path">A .safetensors file, or a folder of them.</param>
    /// <param name="placement">Where the networks live.</param>
    /// <exception cref="CheckpointException">The file is damaged, is not a model, or its names or shapes fit no family; nothing was loaded.</exception>
    public static DiffusionModel LoadModel(string path, Placement placement)
    {
        using var files = CheckpointFiles.Open(path);
        Require(files, UNetPrefix + "input_blocks.0.0.weight", "a Stable Diffusion model (UNet, Autoencoder and text encoder in LDM layout)");
        var metadata = CheckpointMetadata.Read(files);
        var unetParams = Inferred(files, () => NetworkShapes.UNet(Part(files, UNetPrefix), metadata));
        var family = ModelFamily.Of(unetParams.ContextChannels);
        if (family.Name == "SDXL")
        {
            throw new CheckpointException(path, "this is an SDXL model; SD 1.x and SD 2.x models can be loaded.");
        }

        var autoencoderParams = Inferred(files, () => NetworkShapes.Autoencoder(Part(files, AutoencoderPrefix), metadata));
        var textPrefix = Part(files, ClipPrefix).Count > 0 ? ClipPrefix : OpenClipPrefix;
        var textParams = Inferred(files, () => TextEncoderParams.Infer(Part(files, textPrefix), metadata.TextHeads));
        if (textParams.Width != unetParams.ContextChannels)
        {
            throw new CheckpointException(path, $"its UNet is conditioned by texts of width {unetParams.ContextChannels}; its text encoder has the width {textParams.Width}.");
        }

        // Compared on the meta device first: a misfit costs no memory and leaves nothing half loaded.
        var networks = Inferred(files, () => new (string, nn.Module)[]
        {
            (UNetPrefix, new UNet(unetParams, Placement.Meta)), (AutoencoderPrefix, new Autoencoder(autoencoderParams, Placement.Meta)), (textPrefix, Text(Placement.Meta)),
        });
        Compare(files, family.Name, networks);
        var unet = Fill(new UNet(unetParams, placement), files, UNetPrefix);
        var autoencoder = Fill(new Autoencoder(autoencoderParams, placement), files, AutoencoderPrefix);
        var text = Fill(Text(placement), files, textPrefix);
        return new DiffusionModel(path, family, unet, autoencoder, (ITextEncoder)text, metadata.PredictsVelocity ?? false, metadata.NativeSize ?? family.NativeSize, placement);

        nn.Module Text(Placement where) => textPrefix == ClipPrefix ? new ClipTextEncoder(textParams, where) : new OpenClipTextEncoder(textParams, where);
    }

    /// <summary>Loads a ControlNet, with or without the prefix <c>control_model.</c>, from a file of its own or from a full checkpoint that contains one.</summary>
    /// <param name="path">A .safetensors file.</param>
    /// <param name="placement">Where the network lives.</param>
    /// <param name="model">The model that it is to control; null to take any.</param>
    /// <exception cref="CheckpointException">The file is damaged, is not a ControlNet, or is one of another family than the model; nothing was loaded.</exception>
    public static ControlNet LoadControlNet(string path, Placement placement, DiffusionModel? model = null)
    {
        using var files = CheckpointFiles.Open(path);
        var prefix = files.Shapes.ContainsKey("input_hint_block.0.weight") ? "" : ControlPrefix;
        Require(files, prefix + "input_hint_block.0.weight", "a ControlNet");
        var p = Inferred(files, () => NetworkShapes.ControlNet(Part(files, prefix), CheckpointMetadata.Read(files)));
        var family = ModelFamily.Of(p.UNet.ContextChannels);
        if (model is not null && !Fits(p.UNet, model.UNet.Params))
        {
            var (differences, keys) = Differences(files, (prefix, new ControlNet(p with { UNet = model.UNet.Params }, Placement.Meta)));
            throw new CheckpointException(path, $"this ControlNet is for {family.Name} (context {p.UNet.ContextChannels}, {p.UNet.ModelChannels} channels); the model {model.File} is {model.Family.Name} "
                + $"(context {model.UNet.Params.ContextChannels}, {model.UNet.Params.ModelChannels} channels). Its keys differ from those of a ControlNet for that model: {differences}.", keys);
        }

        Compare(files, family.Name, Inferred(files, () => (prefix, new ControlNet(p, Placement.Meta))));
        return Fill(new ControlNet(p, placement), files, prefix);
    }

    private static bool Fits(UNetParams control, UNetParams model) =>
        control.ContextChannels == model.ContextChannels && control.ModelChannels == model.ModelChannels && control.Levels.SequenceEqual(model.Levels);

    private static void Require(CheckpointFiles files, string key, string kind)
    {
        if (!files.Shapes.ContainsKey(key))
        {
            throw new CheckpointException(files.Name, $"this is not {kind}: '{key}' is missing; the first of its {files.Shapes.Count} keys is '{files.Shapes.Keys.FirstOrDefault()}'.", [key]);
        }
    }

    private static T Inferred<T>(CheckpointFiles files, Func<T> infer)
    {
        try
        {
            return infer();
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new CheckpointException(files.Name, $"the shape of its networks cannot be told: {e.Message}", innerException: e);
        }
    }

    private static Dictionary<string, IReadOnlyList<long>> Part(CheckpointFiles files, string prefix) =>
        files.Shapes.Where(shape => shape.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(shape => shape.Key[prefix.Length..], shape => shape.Value);

    private static void Compare(CheckpointFiles files, string family, params (string Prefix, nn.Module Network)[] networks)
    {
        var (differences, keys) = Differences(files, networks);
        if (keys.Count > 0)
        {
            throw new CheckpointException(files.Name, $"it looks like {family}, but its keys do not fit: {differences}.", keys);
        }
    }

    /// <summary>What of the files' names and shapes differs from the networks', in words and as the first keys. Disposes the networks, which are on the meta device.</summary>
    private static (string Text, IReadOnlyList<string> Keys) Differences(CheckpointFiles files, params (string Prefix, nn.Module Network)[] networks)
    {
        var (missing, misshapen, unexpected) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var (prefix, network) in networks)
        {
            using var owned = network;
            var expected = network.named_parameters().ToDictionary(p => prefix + p.name, p => p.parameter.shape);
            missing.AddRange(expected.Keys.Where(key => !files.Shapes.ContainsKey(key)));
            misshapen.AddRange(expected.Where(e => files.Shapes.TryGetValue(e.Key, out var shape) && !shape.SequenceEqual(e.Value))
                .Select(e => $"{e.Key} [{string.Join(", ", files.Shapes[e.Key])}] instead of [{string.Join(", ", e.Value)}]"));
            unexpected.AddRange(files.Shapes.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !expected.ContainsKey(key) && !IsBuffer(key)));
        }

        var findings = new[] { ("missing", missing), ("of another shape", misshapen), ("unexpected", unexpected) }
            .Where(f => f.Item2.Count > 0).Select(f => (Finding: f.Item1, f.Item2.Count, Keys: f.Item2.Order(StringComparer.Ordinal).Take(ShownKeys).ToList())).ToList();
        var texts = findings.Select(f => $"{f.Count} {f.Finding} ({string.Join(", ", f.Keys)}{(f.Count > ShownKeys ? ", …" : "")})");
        return (string.Join("; ", texts), [.. findings.SelectMany(f => f.Keys).Take(ShownKeys)]);
    }

    /// <summary>Entries that public files carry beside the weights: position numbers of the text encoder.</summary>
    private static bool IsBuffer(string key) => key.EndsWith(".position_ids", StringComparison.Ordinal);

    private static T Fill<T>(T network, CheckpointFiles files, string prefix)
        where T : nn.Module
    {
        foreach (var (name, parameter) in network.named_parameters())
        {
            files.ReadInto(prefix + name, parameter);
        }

        return network;
    }
}
