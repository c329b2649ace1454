using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;
using ControlNetSharp.Text;

namespace ControlNetSharp.Engine;

/// <summary>
/// The files that the names of a request came to. None is loaded; headers are read where a family must be known.
/// </summary>
/// <param name="Model">File or folder of the model.</param>
/// <param name="Vae">The checkpoint whose Autoencoder replaces the model's own; null for that.</param>
/// <param name="ControlNets">Those of the units; null where a unit never acts or takes none.</param>
/// <param name="Prompt">The LoRAs and textual inversions that the prompts name, and no others.</param>
internal sealed record RequestFiles(string Model, string? Vae, IReadOnlyList<string?> ControlNets, PromptFiles Prompt)
{
    /// <summary>The condition kinds of the units, in the order of <see cref="ControlNets"/>.</summary>
    public required IReadOnlyList<string> Kinds { get; init; }

    /// <summary>The upscaler; null where none is asked for, or one that needs no file.</summary>
    public string? Upscaler { get; init; }

    /// <summary>The ControlNet of tiles; null for none.</summary>
    public string? TileControl { get; init; }

    /// <summary>The condition kind of <see cref="TileControl"/>.</summary>
    public string? TileKind { get; init; }

    /// <summary>
    /// The image encoders of the units that have an IP-Adapter, in the order of <see cref="ControlNets"/>; null for the
    /// others.
    /// </summary>
    public required IReadOnlyList<string?> Encoders { get; init; }

    /// <summary>
    /// Other ControlNets, among which one for the model is looked for where that of a unit is not; listed only then.
    /// </summary>
    public IEnumerable<string> Others { get; init; } = [];

    /// <summary>Looks for the files of a request.</summary>
    /// <exception cref="RequestException">One is not found; its member is named, and where was looked.</exception>
    /// <exception cref="CheckpointException">The model's header cannot be read.</exception>
    public static RequestFiles Find(GenerationRequest request, ModelFinder finder, CancellationToken cancellationToken)
    {
        var model = Found(
            "model",
            request.Model,
            () => finder.Find(ModelRole.Model, request.Model, null, cancellationToken)
        );
        var family = new Lazy<ModelFamily?>(() => FamilyOf(model));
        IReadOnlyList<string?> controlNets =
        [
            .. request.Units.Select((unit, index) =>
                unit.IsOn && unit.TakesNetwork ? ControlNet(unit, $"units[{index}]") : null
            ),
        ];
        return new RequestFiles(
            model,
            request.Vae is { } vae
                ? Found("vae", vae, () => finder.Find(ModelRole.Autoencoder, vae, model, cancellationToken))
                : null,
            controlNets,
            PromptNames.Find(request, finder, model)
        )
        {
            Kinds = KindsOf(request),
            TileKind = TileKindOf(request),
            Upscaler =
                request.Upscale is { } pass
                    ? UpscalerFiles.Find("upscale.upscaler", pass.Upscaler, finder, model, cancellationToken)
                : request.Hires is { } hires
                    ? UpscalerFiles.Find("hires.upscaler", hires.Upscaler, finder, model, cancellationToken)
                : null,
            TileControl =
                request.Upscale is { Control: { } control } upscale
                    ? ControlOf("upscale.controlModel", upscale.ControlModel, "upscale.control", control)
                    : null,
            Encoders =
            [
                .. controlNets.Select(
                    (path, index) =>
                        path is not null && request.Units[index].IsForIpAdapter
                            ? Encoder(request.Units[index], path, $"units[{index}]")
                            : null
                ),
            ],
            Others = new[] { finder }
                .SelectMany(all => all.List(ModelRole.ControlNet, model))
                .Select(entry => entry.Path),
        };

        string ControlNet(ControlUnit unit, string path) =>
            ControlOf(path + ".model", unit.Model, path + ".kind", unit.Kind);

        string ControlOf(string modelMember, string? named, string kindMember, string kind) =>
            named is { } name
                ? Found(modelMember, name, () => finder.Find(ModelRole.ControlNet, name, model, cancellationToken))
                : Found(
                    kindMember,
                    kind,
                    () =>
                    {
                        var found = ConditionKind.Find(kind);
                        return finder.ControlNetFor(found.Name, found.ControlNets, family.Value, model);
                    }
                );
        string Encoder(ControlUnit unit, string adapter, string path)
        {
            var projection = CheckpointLoader.ReadControl(adapter).Projection;
            RequestRules.Require(
                projection is not null,
                path + ".model",
                adapter,
                $"is no IP-Adapter, which the kind {unit.Kind} needs."
            );
            return Found(
                path + ".model",
                unit.Model ?? adapter,
                () => ImageEncoderFinder.Find(finder, projection!, adapter, model)
            );
        }
    }

    /// <summary>Gives a failed search the member that asked for it.</summary>
    internal static string Found(string member, string name, Func<string> find)
    {
        try
        {
            return find();
        }
        catch (ModelNotFoundException e)
        {
            throw new RequestException(member, name, e.Message, e);
        }
    }

    /// <summary>The condition kinds of a request's units.</summary>
    internal static IReadOnlyList<string> KindsOf(GenerationRequest request) =>
        [.. request.Units.Select(unit => unit.ConditionKind.Name)];

    /// <summary>The condition kind of a request's tiles; null for none.</summary>
    internal static string? TileKindOf(GenerationRequest request) =>
        request.Upscale?.Control is { } control ? ConditionKind.Find(control).Name : null;

    private static ModelFamily? FamilyOf(string model)
    {
        using var files = CheckpointFiles.Open(model);
        return CheckpointKind.FamilyOf(files.Shapes);
    }
}
