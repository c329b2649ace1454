using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>
/// What the header of a file says of a network that controls; nothing of it is loaded. Another kind of network is one
/// more class and its row in <see cref="Open"/>.
/// </summary>
/// <param name="files">The checkpoint, opened under LDM's names. Borrowed.</param>
internal abstract class ControlFile(CheckpointFiles files)
{
    private const int ShownFiles = 8;

    /// <summary>The kinds of <see cref="CheckpointKind"/> that are more than a ControlNet and can be run.</summary>
    private static readonly Dictionary<string, Func<CheckpointFiles, ControlFile>> Kinds = new(StringComparer.Ordinal)
    {
        ["t2i-adapter"] = files => new T2IAdapterFile(files),
        ["control-lora"] = files => new ControlLoraFile(files),
        ["controlnet-union"] = files => new UnionFile(files),
        ["ip-adapter"] = files => new IpAdapterFile(files),
        ["controlnet-lllite"] = files => new LlliteFile(files),
    };

    /// <summary>The checkpoint.</summary>
    protected CheckpointFiles Files => files;

    /// <summary>What it is called in a sentence behind "this".</summary>
    public abstract string Name { get; }

    /// <summary>For which models it was made, as <see cref="ControlPurpose"/> says it.</summary>
    public abstract string Purpose { get; }

    /// <summary>The family in short.</summary>
    public abstract string Family { get; }

    /// <summary>Whether each model makes another network of it.</summary>
    public virtual bool NeedsModel => false;

    /// <summary>The condition kinds that it takes; none where it does not ask.</summary>
    public virtual IReadOnlyList<string> HintKinds => [];

    /// <summary>What it takes from an image encoder, which it then needs; null where it needs none.</summary>
    public virtual ImageProjectionParams? Projection => null;

    /// <summary>What else there is to say of it, for people.</summary>
    public virtual IReadOnlyList<(string Name, string Value)> Facts => [];

    /// <summary>Whether it can control a UNet.</summary>
    public abstract bool Fits(UNetParams model);

    /// <summary>Refuses a file whose names, shapes or types are not those of its network.</summary>
    /// <exception cref="CheckpointException">Something is missing, too much or different.</exception>
    public abstract void CheckKeys();

    /// <summary>Loads it.</summary>
    /// <param name="placement">Where the network lives.</param>
    /// <param name="model">The model that it is to control; null to take any, where it needs none.</param>
    /// <exception cref="CheckpointException">It needs a model and there is none.</exception>
    public abstract ControlNetwork Load(Placement placement, DiffusionModel? model);

    /// <summary>What of the keys differs from those of a network for the model; null for nothing to say.</summary>
    protected virtual (string Text, IReadOnlyList<string> Keys)? DifferencesTo(UNetParams model) => null;

    /// <summary>Whether a file of this kind can be run as a network that controls.</summary>
    public static bool IsKnown(string? kind) => kind is not null && Kinds.ContainsKey(kind);

    /// <summary>
    /// Reads a header and compares all names, shapes and types, and those that the model asks for, too.
    /// </summary>
    /// <param name="files">The file.</param>
    /// <param name="modelName">The model that it is to control, for the message.</param>
    /// <param name="model">That model's UNet; null to take any.</param>
    /// <param name="others">Files among which one that fits is looked for where this one does not.</param>
    /// <exception cref="CheckpointException">It is no network that controls, or not one for the model.</exception>
    public static ControlFile Open(
        CheckpointFiles files,
        string? modelName = null,
        UNetParams? model = null,
        IEnumerable<string>? others = null
    )
    {
        var file =
            files.SourceKind is { } kind && Kinds.TryGetValue(kind, out var open)
                ? open(files)
                : new ControlNetFile(files);
        if (model is not null && !file.Fits(model))
        {
            var differences = file.DifferencesTo(model);
            throw new CheckpointException(
                files.Name,
                $"this {file.Name} is for {file.Purpose}; the model {modelName} is {ControlPurpose.Of(model)}."
                    + (
                        differences is null
                            ? ""
                            : $" Its keys differ from those of a {file.Name} for that model: {differences.Value.Text}."
                    )
                    + (others is null ? "" : Suggestion(others, model)),
                differences?.Keys
            );
        }

        file.CheckKeys();
        return file;
    }

    private static string Suggestion(IEnumerable<string> others, UNetParams model)
    {
        var fitting = Fitting(others, model).Take(ShownFiles + 1).ToList();
        return fitting.Count == 0
            ? " In the folders of the models there is no ControlNet for that model."
            : " These are ControlNets for that model: "
                + $"{string.Join(", ", fitting.Take(ShownFiles))}{(fitting.Count > ShownFiles ? ", …" : "")}.";
    }

    /// <summary>Those of some files that fit a model; files that cannot be used are left out.</summary>
    private static IEnumerable<string> Fitting(IEnumerable<string> paths, UNetParams model) =>
        paths.Where(path =>
        {
            try
            {
                using var files = CheckpointFiles.OpenAsLdm(path);
                return Open(files).Fits(model);
            }
            catch (CheckpointException)
            {
                return false;
            }
        });

    /// <summary>Fills a network with the tensors of a file whose names begin with a prefix.</summary>
    protected static T Filled<T>(T network, CheckpointFiles files, string prefix)
        where T : ControlNetwork
    {
        try
        {
            foreach (var (name, parameter) in network.named_parameters())
            {
                files.ReadInto(prefix + name, parameter);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a hint encoder of another form than that of the published networks.</summary>
    protected static ControlNetParams WithKnownHintEncoder(CheckpointFiles files, ControlNetParams p)
    {
        var expected = new ControlNetParams { UNet = p.UNet };
        return
            p.HintChannels == expected.HintChannels && p.HintEncoderChannels.Count == expected.HintEncoderChannels.Count
            ? p
            : throw new CheckpointException(
                files.Name,
                $"its hint encoder takes {p.HintChannels} channels and has {p.HintEncoderChannels.Count + 1} "
                    + "convolutions; "
                    + $"{expected.HintChannels} channels and {expected.HintEncoderChannels.Count + 1} convolutions can "
                    + "be run."
            );
    }
}
