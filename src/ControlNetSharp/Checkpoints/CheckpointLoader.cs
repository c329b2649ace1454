using System.Runtime.InteropServices;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Loads checkpoints in LDM layout. All names, shapes and types are compared before anything is copied; tensors go one
/// at a time from the memory map to their final type and place.
/// </summary>
public static class CheckpointLoader
{
    private const int ShownKeys = 5;
    private const int ShownFiles = 8;

    /// <summary>
    /// Loads a model: UNet, Autoencoder and one or two text encoders, from one file, from the files of a folder, or
    /// from a folder in diffusers' layout.
    /// </summary>
    /// <param name="path">A checkpoint as for <see cref="CheckpointFiles.Open"/>.</param>
    /// <param name="placement">Where the networks live.</param>
    /// <param name="autoencoder">A checkpoint whose Autoencoder replaces the model's own; null for that.</param>
    /// <exception cref="CheckpointException">
    /// A file is damaged, is not a model, or its names, shapes or types fit no family; nothing was loaded.
    /// </exception>
    public static DiffusionModel LoadModel(string path, Placement placement, string? autoencoder = null)
    {
        using var files = CheckpointFiles.OpenAsLdm(path, autoencoder);
        var shape = ReadModel(files);
        var loaded = new List<nn.Module>();
        try
        {
            T Load<T>(T network, string prefix)
                where T : nn.Module
            {
                loaded.Add(network);
                return Fill(network, files, prefix);
            }

            var unet = Load(new UNet(shape.UNet, placement), LdmLayout.UNet);
            var latents = Load(
                shape.Family.LatentsOverflowFloat16 && placement.Dtype == ScalarType.Float16
                    ? new Autoencoder(shape.Autoencoder, placement with { Dtype = ScalarType.Float32 })
                    {
                        ComputesIn = ScalarType.Float32,
                    }
                    : new Autoencoder(shape.Autoencoder, placement),
                LdmLayout.Autoencoder
            );
            var texts = shape
                .Texts.Select(text => (ITextEncoder)Load(text.Place.Create(text.Params, placement), text.Place.Prefix))
                .ToList();
            return new DiffusionModel
            {
                File = path,
                Family = shape.Family,
                UNet = unet,
                Autoencoder = latents,
                Text = texts[0],
                SecondText = texts.ElementAtOrDefault(1),
                Prediction = PredictionOf(shape, unet, placement),
                Noise = shape.Metadata.Noise,
                NativeSize = shape.Metadata.NativeSize ?? shape.Family.NativeSize,
                Placement = placement,
            };
        }
        catch
        {
            loaded.ForEach(network => network.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Reads the shapes of a model's networks off its header, after the same comparisons as <see cref="LoadModel"/>; no
    /// weight is read.
    /// </summary>
    /// <param name="path">A checkpoint as for <see cref="CheckpointFiles.Open"/>.</param>
    /// <exception cref="CheckpointException">
    /// A file is damaged, is not a model, or its names, shapes or types fit no family.
    /// </exception>
    public static (UNetParams UNet, AutoencoderParams Autoencoder, long Parameters, int NativeSize) ReadModelShape(
        string path
    )
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        var shape = ReadModel(files);
        return (
            shape.UNet,
            shape.Autoencoder,
            files.Shapes.Values.Sum(sides => sides.Aggregate(1L, (a, b) => a * b)),
            shape.Metadata.NativeSize ?? shape.Family.NativeSize
        );
    }

    /// <summary>
    /// Loads a ControlNet, with or without the prefix <c>control_model.</c>, from a file of its own or from a full
    /// checkpoint that contains one.
    /// </summary>
    /// <param name="path">
    /// A checkpoint as for <see cref="CheckpointFiles.Open"/>, in LDM's or diffusers' layout.
    /// </param>
    /// <param name="placement">Where the network lives.</param>
    /// <param name="model">
    /// The model that it is to control; null to take any. A file of differences is added to its weights.
    /// </param>
    /// <exception cref="CheckpointException">
    /// The file is damaged, is not a ControlNet, is one of another family than the model, or holds differences and no
    /// model was given; nothing was loaded.
    /// </exception>
    public static ControlNet LoadControlNet(string path, Placement placement, DiffusionModel? model = null)
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        var p = ReadControlNet(files, model?.File, model?.UNet.Params);
        var network = new ControlNet(p, placement);
        try
        {
            Fill(network, files, LdmLayout.Control);
            return files.Tensors.ContainsKey(LdmLayout.Difference) ? AddBase(network, files, model) : network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether a ControlNet's file holds differences to a model, so that it makes another network for each.
    /// </summary>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    internal static bool HoldsDifferences(string path)
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        return files.Tensors.ContainsKey(LdmLayout.Difference);
    }

    /// <summary>
    /// Loads a network that is alone in its file, such as an annotator's, with the names of its own tensors.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What the file should be, for the message, such as <c>weights of softedge_hed</c>.</param>
    /// <param name="create">Makes the network in the size that these shapes, by tensor name, give.</param>
    /// <param name="placement">Where it is to be; null for float32 on the CPU.</param>
    /// <returns>The network; the caller owns it.</returns>
    /// <exception cref="CheckpointException">
    /// The file is damaged, or its names, shapes or types are not those of such a network; nothing was loaded.
    /// </exception>
    internal static T LoadNetwork<T>(
        string path,
        string kind,
        Func<IReadOnlyDictionary<string, IReadOnlyList<long>>, Placement, T> create,
        Placement? placement = null
    )
        where T : nn.Module
    {
        using var files = CheckpointFiles.Open(path);
        Compare(files, kind, ("", () => create(files.Shapes, Placement.Meta)));
        var network = create(files.Shapes, placement ?? Placement.Cpu32);
        try
        {
            return Fill(network, files, "");
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Compares the headers of ControlNets with that of the model they are to control: what loading would refuse is
    /// refused before any weight is read.
    /// </summary>
    /// <param name="modelPath">The model, as for <see cref="LoadModel"/>.</param>
    /// <param name="paths">The ControlNets, as for <see cref="LoadControlNet"/>.</param>
    /// <param name="others">
    /// Files among which ControlNets for the model are looked for where one of the paths is not for it; the message
    /// names them. Looked at only then.
    /// </param>
    /// <param name="autoencoder">As for <see cref="LoadModel"/>.</param>
    /// <exception cref="CheckpointException">
    /// A file cannot be used, or the ControlNet is not one for the model.
    /// </exception>
    public static void CheckControlNets(
        string modelPath,
        IEnumerable<string> paths,
        IEnumerable<string>? others = null,
        string? autoencoder = null
    )
    {
        ArgumentNullException.ThrowIfNull(paths);
        using var model = CheckpointFiles.OpenAsLdm(modelPath, autoencoder);
        var unet = ReadModel(model).UNet;
        foreach (var path in paths)
        {
            using var files = CheckpointFiles.OpenAsLdm(path);
            ReadControlNet(files, modelPath, unet, others);
        }
    }

    /// <summary>
    /// Compares the headers of the files that a prompt names with that of the model: what a generation would refuse
    /// is refused before any weight is read.
    /// </summary>
    /// <param name="modelPath">The model, as for <see cref="LoadModel"/>.</param>
    /// <param name="loras">LoRAs.</param>
    /// <param name="embeddings">Textual inversions.</param>
    /// <param name="autoencoder">As for <see cref="LoadModel"/>.</param>
    /// <exception cref="CheckpointException">A file cannot be used, or is not one for the model.</exception>
    public static void CheckPromptFiles(
        string modelPath,
        IEnumerable<string> loras,
        IEnumerable<string> embeddings,
        string? autoencoder = null
    )
    {
        ArgumentNullException.ThrowIfNull(loras);
        ArgumentNullException.ThrowIfNull(embeddings);
        using var model = CheckpointFiles.OpenAsLdm(modelPath, autoencoder);
        var shape = ReadModel(model);
        using var unet = new UNet(shape.UNet, Placement.Meta);
        var texts = shape.Texts.ConvertAll(text =>
            (Encoder: (ITextEncoder)text.Place.Create(text.Params, Placement.Meta), text.Place)
        );
        try
        {
            var targets = LoraTarget.Of(unet, texts);
            foreach (var path in loras)
            {
                using var lora = LoraFile.Open(path);
                lora.RequireFitting(targets, modelPath, shape.Family);
            }

            foreach (var path in embeddings)
            {
                TextualInversionFile.Check(path, [.. texts.Select(text => text.Encoder)], shape.Family);
            }
        }
        finally
        {
            texts.ForEach(text => ((nn.Module)text.Encoder).Dispose());
        }
    }

    /// <summary>Those of some files that are ControlNets for a model; files that cannot be used are left out.</summary>
    private static IEnumerable<string> Fitting(IEnumerable<string> paths, UNetParams model) =>
        paths.Where(path =>
        {
            try
            {
                using var files = CheckpointFiles.OpenAsLdm(path);
                return ReadControlNet(files, null, null).Fits(model);
            }
            catch (CheckpointException)
            {
                return false;
            }
        });

    /// <summary>The shape of a model, all of whose names, shapes and types were compared.</summary>
    private static ModelShape ReadModel(CheckpointFiles files)
    {
        Require(
            files,
            LdmLayout.UNet + "input_blocks.0.0.weight",
            "a Stable Diffusion model (UNet, Autoencoder and text encoder in LDM layout)"
        );
        var metadata = CheckpointMetadata.Read(files);
        var unet = Inferred(files, () => NetworkShapes.UNet(Part(files, LdmLayout.UNet), metadata));
        var family = ModelFamily.Of(unet);
        var missing = family.Texts.FirstOrDefault(text => text.PlaceIn(files.Shapes.Keys) is null);
        if (family.TakesVector && missing is not null)
        {
            throw new CheckpointException(
                files.Name,
                $"its UNet ({family.FullName}) takes a vector beside the text, but of the text encoders that make it "
                    + $"{missing.Places[0].Prefix} is missing; SDXL's refiner, unCLIP models and bare UNets cannot be "
                    + "run."
            );
        }

        RequireParts(files, family);
        metadata = metadata with { LatentScale = metadata.LatentScale ?? family.LatentScale };
        var autoencoder = Inferred(
            files,
            () => NetworkShapes.Autoencoder(Part(files, LdmLayout.Autoencoder), metadata)
        );
        var latents = autoencoder.LatentChannels;
        if (unet.OutChannels != latents || (unet.InChannels != latents && unet.InChannels != 2 * latents + 1))
        {
            throw new CheckpointException(
                files.Name,
                $"its UNet takes {unet.InChannels} channels and predicts {unet.OutChannels}, its Autoencoder has "
                    + $"{latents}; models can be run whose UNet predicts as many as the Autoencoder has and takes "
                    + $"as many or, for inpainting, those of a mask and a masked picture, too ({2 * latents + 1}). "
                    + "Others (8 channels: picture to picture by instruction; 5: by depth) cannot."
            );
        }

        var texts = ReadTexts(files, family, metadata);
        if (texts.Sum(text => text.Params.Width) != unet.ContextChannels)
        {
            throw new CheckpointException(
                files.Name,
                $"its UNet is conditioned by texts of width {unet.ContextChannels}; "
                    + $"{(texts.Count == 1 ? "its text encoder has the width" : "its text encoders have the widths")} "
                    + $"{string.Join(" and ", texts.Select(text => text.Params.Width))}."
            );
        }

        if (
            unet.VectorChannels is { } vector
            && (vector - texts[^1].Params.PooledWidth) is var sizes
            && (sizes <= 0 || sizes % SizeConditioning.Count != 0)
        )
        {
            throw new CheckpointException(
                files.Name,
                $"its UNet takes a vector of {vector} numbers, which has no room for a pooled text of "
                    + $"{texts[^1].Params.PooledWidth} and {SizeConditioning.Count} embedded sizes."
            );
        }

        Compare(
            files,
            family.FullName,
            [
                (LdmLayout.UNet, () => new UNet(unet, Placement.Meta)),
                (LdmLayout.Autoencoder, () => new Autoencoder(autoencoder, Placement.Meta)),
                .. texts.Select<TextShape, (string, Func<nn.Module>)>(text =>
                    (text.Place.Prefix, () => text.Place.Create(text.Params, Placement.Meta))
                ),
            ]
        );
        return new ModelShape(unet, autoencoder, texts, family, metadata);
    }

    /// <summary>
    /// A UNet alone is no model: what else is missing is said, and that the Autoencoder may come from another file.
    /// </summary>
    private static void RequireParts(CheckpointFiles files, ModelFamily family)
    {
        string Place(string folder, params IEnumerable<string> prefixes) =>
            files.SourceLayout == "diffusers"
                ? $"the folder '{folder.TrimEnd('/')}' has no weights"
                : $"no name begins with {string.Join(" or ", prefixes)}";
        var missing = new List<string>();
        if (Part(files, LdmLayout.Autoencoder).Count == 0)
        {
            var place = Place(DiffusersFolder.Autoencoder, LdmLayout.Autoencoder);
            missing.Add($"no Autoencoder ({place}), which can be taken from another file");
        }

        if (family.Texts.FirstOrDefault(text => text.PlaceIn(files.Shapes.Keys) is null) is { } text)
        {
            var place = Place(DiffusersFolder.Text(0), text.Places.Select(place => place.Prefix));
            missing.Add($"no text encoder ({place}), without which it cannot be run");
        }

        if (missing.Count > 0)
        {
            throw new CheckpointException(files.Name, $"the model has {string.Join(", and ", missing)}.");
        }
    }

    private static List<TextShape> ReadTexts(CheckpointFiles files, ModelFamily family, CheckpointMetadata metadata) =>
        [
            .. family.Texts.Select(
                (text, index) =>
                {
                    var place = text.PlaceIn(files.Shapes.Keys)!;
                    return Inferred(
                        files,
                        () =>
                            new TextShape(
                                place,
                                NetworkShapes.Text(Part(files, place.Prefix), family, index, metadata)
                            )
                    );
                }
            ),
        ];

    /// <summary>
    /// The shape of a ControlNet, all of whose names, shapes and types were compared, with those that the model asks
    /// for, too.
    /// </summary>
    private static ControlNetParams ReadControlNet(
        CheckpointFiles files,
        string? modelName,
        UNetParams? model,
        IEnumerable<string>? others = null
    )
    {
        const string prefix = LdmLayout.Control;
        Require(files, prefix + "input_hint_block.0.weight", "a ControlNet");
        var p = Inferred(files, () => NetworkShapes.ControlNet(Part(files, prefix), CheckpointMetadata.Read(files)));
        var family = ModelFamily.Of(p.UNet);
        var expected = new ControlNetParams { UNet = p.UNet };
        if (
            p.HintChannels != expected.HintChannels
            || p.HintEncoderChannels.Count != expected.HintEncoderChannels.Count
        )
        {
            throw new CheckpointException(
                files.Name,
                $"its hint encoder takes {p.HintChannels} channels and has {p.HintEncoderChannels.Count + 1} "
                    + "convolutions; "
                    + $"{expected.HintChannels} channels and {expected.HintEncoderChannels.Count + 1} convolutions can "
                    + "be run."
            );
        }

        if (model is not null && !p.Fits(model))
        {
            var (differences, keys) = Differences(
                files,
                (
                    prefix,
                    () =>
                        new ControlNet(p with { UNet = model with { InChannels = model.OutChannels } }, Placement.Meta)
                )
            );
            throw new CheckpointException(
                files.Name,
                $"this ControlNet is for {family.Name} (context {p.UNet.ContextChannels}, {p.UNet.ModelChannels} "
                    + $"channels); the model {modelName} is {ModelFamily.Of(model).FullName} "
                    + $"(context {model.ContextChannels}, {model.ModelChannels} channels). Its keys differ from those "
                    + "of a ControlNet for that model: "
                    + $"{differences}.{(others is null ? "" : Suggestion(others, model))}",
                keys
            );
        }

        Compare(files, family.Name, (prefix, () => new ControlNet(p, Placement.Meta)));
        return p;
    }

    /// <summary>
    /// What the file says; where it says nothing, the answer of the network itself in a family whose two kinds have the
    /// same names and shapes.
    /// </summary>
    private static PredictionType? PredictionOf(ModelShape shape, UNet unet, Placement placement) =>
        shape.Metadata.Prediction
        ?? (
            !shape.Family.PredictsEither ? null
            : VelocityProbe.PredictsVelocity(unet, placement) ? PredictionType.Velocity
            : PredictionType.Epsilon
        );

    private static string Suggestion(IEnumerable<string> others, UNetParams model)
    {
        var fitting = Fitting(others, model).Take(ShownFiles + 1).ToList();
        return fitting.Count == 0
            ? " In the folders of the models there is no ControlNet for that model."
            : " These are ControlNets for that model: "
                + $"{string.Join(", ", fitting.Take(ShownFiles))}{(fitting.Count > ShownFiles ? ", …" : "")}.";
    }

    /// <summary>
    /// Adds the model's weights to a ControlNet that was stored as the difference to them; its own parts, which no
    /// model has, stay as they are.
    /// </summary>
    private static ControlNet AddBase(ControlNet network, CheckpointFiles files, DiffusionModel? model)
    {
        if (model is null)
        {
            throw new CheckpointException(
                files.Name,
                "it holds the differences of a ControlNet to a model ('difference' is among its keys); it can only be "
                    + "loaded for a model.",
                [LdmLayout.Difference]
            );
        }

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var weights = model.UNet.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        foreach (var (name, parameter) in network.named_parameters().Where(p => weights.ContainsKey(p.name)))
        {
            // In float32: the differences are small, and a sum in a shorter type would lose them twice. The first
            // convolution of an inpainting model takes further channels behind the latents.
            var weight = weights[name].shape.SequenceEqual(parameter.shape)
                ? weights[name]
                : weights[name].narrow(1, 0, parameter.shape[1]);
            parameter.copy_(
                files.Read(LdmLayout.Control + name, ScalarType.Float32).Plus(weight.to(ScalarType.Float32).cpu())
            );
        }

        return network;
    }

    private static void Require(CheckpointFiles files, string key, string kind)
    {
        if (files.OtherKind is { } other)
        {
            throw new CheckpointException(files.Name, $"this is {other}, which cannot be run; {kind} is needed.");
        }

        if (!files.Shapes.ContainsKey(key))
        {
            throw new CheckpointException(
                files.Name,
                $"this is not {kind}: '{key}' is missing; the first of its {files.Shapes.Count} keys is "
                    + $"'{files.Shapes.Keys.FirstOrDefault()}'.",
                [key]
            );
        }
    }

    private static T Inferred<T>(CheckpointFiles files, Func<T> infer)
    {
        try
        {
            return infer();
        }
        catch (Exception e)
            when (e
                    is KeyNotFoundException
                        or InvalidOperationException
                        or ArgumentException
                        or FormatException
                        or ArithmeticException
                        or ExternalException
            )
        {
            throw new CheckpointException(
                files.Name,
                $"the shape of its networks cannot be told: {e.Message}",
                innerException: e
            );
        }
    }

    private static Dictionary<string, IReadOnlyList<long>> Part(CheckpointFiles files, string prefix) =>
        files
            .Shapes.Where(shape => shape.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(shape => shape.Key[prefix.Length..], shape => shape.Value);

    private static void Compare(
        CheckpointFiles files,
        string family,
        params (string Prefix, Func<nn.Module> Create)[] networks
    )
    {
        var (differences, keys) = Differences(files, networks);
        if (keys.Count > 0)
        {
            throw new CheckpointException(
                files.Name,
                $"it looks like {family}, but its keys do not fit: {differences}.",
                keys
            );
        }
    }

    /// <summary>
    /// What of the files' names, shapes and types differs from the networks', in words and as the first keys. The
    /// networks are made on the meta device: a misfit costs no memory and leaves nothing half loaded.
    /// </summary>
    private static (string Text, IReadOnlyList<string> Keys) Differences(
        CheckpointFiles files,
        params (string Prefix, Func<nn.Module> Create)[] networks
    )
    {
        var (missing, misshapen, unexpected, mistyped) = (
            new List<string>(),
            new List<string>(),
            new List<string>(),
            new List<string>()
        );
        foreach (var (prefix, create) in networks)
        {
            using var network = Inferred(files, create);
            var expected = network.named_parameters().ToDictionary(p => prefix + p.name, p => p.parameter.shape);
            missing.AddRange(expected.Keys.Where(key => !files.Shapes.ContainsKey(key)));
            misshapen.AddRange(
                expected
                    .Where(e => files.Shapes.TryGetValue(e.Key, out var shape) && !shape.SequenceEqual(e.Value))
                    .Select(e =>
                        $"{e.Key} [{string.Join(", ", files.Shapes[e.Key])}] instead of [{string.Join(", ", e.Value)}]"
                    )
            );
            unexpected.AddRange(
                files.Shapes.Keys.Where(key =>
                    key.StartsWith(prefix, StringComparison.Ordinal) && !expected.ContainsKey(key) && !IsBuffer(key)
                )
            );
            mistyped.AddRange(
                expected
                    .Keys.Where(key =>
                        files.Shapes.ContainsKey(key) && !SafetensorsFormat.CanBeWeights(files.DtypeOf(key))
                    )
                    .Select(key => $"{key} {files.DtypeOf(key)}")
            );
        }

        var findings = new[]
        {
            ("missing", missing),
            ("of another shape", misshapen),
            ("unexpected", unexpected),
            ("of a dtype that cannot be weights", mistyped),
        }
            .Where(f => f.Item2.Count > 0)
            .Select(f =>
                (Finding: f.Item1, f.Item2.Count, Keys: f.Item2.Order(StringComparer.Ordinal).Take(ShownKeys).ToList())
            )
            .ToList();
        var texts = findings.Select(f =>
            $"{f.Count} {f.Finding} ({string.Join(", ", f.Keys)}{(f.Count > ShownKeys ? ", …" : "")})"
        );
        return (string.Join("; ", texts), [.. findings.SelectMany(f => f.Keys).Take(ShownKeys)]);
    }

    /// <summary>
    /// Entries that public files carry beside the weights: position numbers of the text encoder, counters of batch
    /// normalisations, and the scale of OpenCLIP's training where transformers'
    /// layout keeps it.
    /// </summary>
    private static bool IsBuffer(string key) =>
        key.EndsWith(".position_ids", StringComparison.Ordinal)
        || key.EndsWith(".num_batches_tracked", StringComparison.Ordinal)
        || ModelFamily.TextPlaces.Any(place => !place.IsOpenClip && key == place.Prefix + "logit_scale");

    private static T Fill<T>(T network, CheckpointFiles files, string prefix)
        where T : nn.Module
    {
        foreach (var (name, parameter) in network.named_parameters())
        {
            files.ReadInto(prefix + name, parameter);
        }

        return network;
    }

    /// <summary>What the header of a model says of its parts.</summary>
    private sealed record ModelShape(
        UNetParams UNet,
        AutoencoderParams Autoencoder,
        List<TextShape> Texts,
        ModelFamily Family,
        CheckpointMetadata Metadata
    );

    /// <summary>What it says of a text encoder.</summary>
    private sealed record TextShape(TextPlace Place, TextEncoderParams Params);
}
