using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Loads checkpoints in LDM or diffusers' layout. All names, shapes and types are compared before anything is copied;
/// tensors go one at a time from the memory map to their final type and place.
/// </summary>
public static class CheckpointLoader
{
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
    public static DiffusionModel LoadModel(string path, Placement placement, string? autoencoder = null) =>
        LoadModelWithLoras(path, placement, autoencoder, loras: []);

    /// <summary>The same with LoRAs merged into it for good.</summary>
    internal static DiffusionModel LoadModelWithLoras(
        string path,
        Placement placement,
        string? autoencoder,
        IReadOnlyList<LoraRequest> loras
    )
    {
        using var files = CheckpointFiles.OpenAsLdm(path, autoencoder);
        var header = ModelHeader.Read(files);
        var loaded = new List<nn.Module>();
        try
        {
            T Load<T>(T network, string prefix)
                where T : nn.Module
            {
                loaded.Add(network);
                return Fill(network, files, prefix);
            }

            var unet = Load(new UNet(header.UNet, placement), LdmLayout.UNet);
            var latents = Load(CreateAutoencoder(header, placement), LdmLayout.Autoencoder);
            var texts = header
                .Texts.Select(text => (ITextEncoder)Load(text.Place.Create(text.Params, placement), text.Place.Prefix))
                .ToList();
            var model = new DiffusionModel
            {
                File = path,
                Family = header.Family,
                UNet = unet,
                Autoencoder = latents,
                Text = texts[0],
                SecondText = texts.ElementAtOrDefault(1),
                Prediction = PredictionOf(header, unet, placement),
                Noise = header.Metadata.Noise,
                NativeSize = header.NativeSize,
                GuidanceScale = header.GuidanceScale,
                Placement = placement,
                Merged = loras,
            };
            AppliedLoras.Merge(model, loras);
            if (placement.Int8)
            {
                Int8Layers.Convert(unet);
            }

            return model;
        }
        catch
        {
            loaded.ForEach(network => network.Dispose());
            throw;
        }
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
        NetworkKeys.Require(files, LdmLayout.Control + "input_hint_block.0.weight", "a ControlNet");
        return (ControlNet)Control(files, placement, model);
    }

    /// <summary>
    /// Loads any network that controls: a ControlNet as <see cref="LoadControlNet"/>, a union ControlNet, a
    /// Control-LoRA, which is added to the model's weights as they are now, a T2I-Adapter or an IP-Adapter.
    /// </summary>
    /// <inheritdoc cref="LoadControlNet"/>
    public static ControlNetwork LoadControl(string path, Placement placement, DiffusionModel? model = null)
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        return Control(files, placement, model);
    }

    private static ControlNetwork Control(CheckpointFiles files, Placement placement, DiffusionModel? model)
    {
        var network = ControlFile.Open(files, model?.File, model?.UNet.Params).Load(placement, model);
        if (placement.Int8 && network is ControlNet or ControlNetUnion)
        {
            Int8Layers.Convert(network);
        }

        return network;
    }

    /// <summary>
    /// Loads a network that is alone in its file, such as an annotator's, with the names of its own tensors.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What the file should be, for the message, such as <c>weights of softedge_hed</c>.</param>
    /// <param name="create">Makes the network in the size that these shapes, by tensor name, give.</param>
    /// <param name="placement">Where it is to be; null for float32 on the CPU.</param>
    /// <param name="rename">Gives the tensors the network's names, where a file may have others.</param>
    /// <returns>The network; the caller owns it.</returns>
    /// <exception cref="CheckpointException">
    /// The file is damaged, or its names, shapes or types are not those of such a network; nothing was loaded.
    /// </exception>
    internal static T LoadNetwork<T>(
        string path,
        string kind,
        Func<IReadOnlyDictionary<string, IReadOnlyList<long>>, Placement, T> create,
        Placement? placement = null,
        Func<IReadOnlyDictionary<string, StoredTensor>, Dictionary<string, StoredTensor>>? rename = null
    )
        where T : nn.Module
    {
        using var files = CheckpointFiles.Open(path);
        if (rename is not null)
        {
            files.Rename(rename);
        }

        NetworkKeys.Compare(files, kind, ("", () => create(files.Shapes, Placement.Meta)));
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
        var header = ModelHeader.Read(files);
        return (
            header.UNet,
            header.Autoencoder,
            files.Shapes.Values.Sum(sides => sides.Aggregate(1L, (a, b) => a * b)),
            header.NativeSize
        );
    }

    /// <summary>
    /// What a network that controls is, from its header: whether it makes another one for each model, the condition
    /// kinds that it takes, none where it does not ask, and what it takes from an image encoder, null for nothing.
    /// </summary>
    /// <exception cref="CheckpointException">The file is damaged, or no network that controls.</exception>
    internal static (bool NeedsModel, IReadOnlyList<string> HintKinds, ImageProjectionParams? Projection) ReadControl(
        string path
    )
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        var control = ControlFile.Open(files);
        return (control.NeedsModel, control.HintKinds, control.Projection);
    }

    /// <summary>
    /// What there is to say of a file that controls, enlarges or is TAESD beside its kind and family, for people: form,
    /// rank, what it needs, scale, and why it cannot be used; nothing of other files.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What it is, as <see cref="CheckpointKind.Of"/> says it.</param>
    internal static IReadOnlyDictionary<string, string> FactsOf(string path, string kind)
    {
        if (!ControlFile.IsKnown(kind) && kind is not (UpscalerFile.Kind or CheckpointKind.Autoencoder))
        {
            return new Dictionary<string, string>();
        }

        try
        {
            using var files = CheckpointFiles.OpenAsLdm(path);
            var facts = kind switch
            {
                UpscalerFile.Kind => UpscalerFile.Open(files).Facts,
                CheckpointKind.Autoencoder => TinyAutoencoderFile.FactsOf(files),
                _ => ControlFile.Open(files).Facts,
            };
            return facts.ToDictionary(fact => fact.Name, fact => fact.Value);
        }
        catch (CheckpointException e)
        {
            return new Dictionary<string, string> { ["problem"] = e.Message };
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
        var unet = ModelHeader.Read(model).UNet;
        foreach (var path in paths)
        {
            using var files = CheckpointFiles.OpenAsLdm(path);
            ControlFile.Open(files, modelPath, unet, others);
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
        if (!loras.Any() && !embeddings.Any())
        {
            return;
        }

        using var model = CheckpointFiles.OpenAsLdm(modelPath, autoencoder);
        var header = ModelHeader.Read(model);
        using var unet = new UNet(header.UNet, Placement.Meta);
        var texts = header
            .Texts.Select(text => (Encoder: (ITextEncoder)text.Place.Create(text.Params, Placement.Meta), text.Place))
            .ToList();
        try
        {
            var targets = LoraTarget.Of(unet, texts);
            foreach (var path in loras)
            {
                using var lora = LoraFile.Open(path);
                lora.RequireFitting(targets, modelPath, header.Family);
            }

            foreach (var path in embeddings)
            {
                TextualInversionFile.Check(path, [.. texts.Select(text => text.Encoder)], header.Family);
            }
        }
        finally
        {
            texts.ForEach(text => ((nn.Module)text.Encoder).Dispose());
        }
    }

    private static Autoencoder CreateAutoencoder(ModelHeader header, Placement placement) =>
        header.Family.LatentsOverflowFloat16 && placement.Dtype == ScalarType.Float16 && !header.Autoencoder.IsTiny
            ? new Autoencoder(header.Autoencoder, placement with { Dtype = ScalarType.Float32 })
            {
                ComputesIn = ScalarType.Float32,
            }
            : Autoencoder.Of(header.Autoencoder, placement);

    /// <summary>
    /// What the file says; where it says nothing, the answer of the network itself in a family whose two kinds have the
    /// same names and shapes.
    /// </summary>
    private static PredictionType? PredictionOf(ModelHeader header, UNet unet, Placement placement) =>
        header.Metadata.Prediction
        ?? (
            !header.Family.PredictsEither ? null
            : VelocityProbe.PredictsVelocity(unet, placement) ? PredictionType.Velocity
            : PredictionType.Epsilon
        );

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
