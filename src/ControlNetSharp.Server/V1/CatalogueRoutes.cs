using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ControlNetSharp.Server.V1;

/// <summary>All that requests can choose from, as a page builds its forms of it.</summary>
internal static class CatalogueRoutes
{
    public static void MapCatalogue(this RouteGroupBuilder v1)
    {
        var catalogue = v1.MapGroup("").WithTags("Catalogue");
        catalogue.MapGet("/models", ModelsAsync).WithSummary("Models").Produces<ModelList>();
        catalogue
            .MapGet("/models/{name}", ModelAsync)
            .WithSummary("A model by its name")
            .Produces<ModelView>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        catalogue
            .MapGet("/controls", ControlsAsync)
            .WithSummary("Condition kinds with annotators and ControlNets")
            .Produces<IReadOnlyList<ControlView>>();
        catalogue
            .MapGet("/samplers", () => Choices(SamplerCatalogue.Samplers.Select(Of)))
            .WithSummary("Samplers")
            .Produces<IReadOnlyList<ChoiceView>>();
        catalogue
            .MapGet(
                "/schedulers",
                () => Choices(SamplerCatalogue.Schedulers.Select(row => new ChoiceView(row.Name, [row.Label])))
            )
            .WithSummary("Schedulers: which noise levels are visited")
            .Produces<IReadOnlyList<ChoiceView>>();
        catalogue
            .MapGet("/upscalers", UpscalersAsync)
            .WithSummary("Ways to enlarge a picture: those that need no file, and the files")
            .Produces<IReadOnlyList<ChoiceView>>();
        catalogue
            .MapGet("/ranges", (ServerSettings settings) => V1Json.Answer(RequestRanges.Within(settings.Limits)))
            .WithSummary("What each member of a request may be, by its path")
            .Produces<IReadOnlyDictionary<string, RangeView>>();
    }

    private static async Task<IResult> ModelsAsync(ModelCatalogue catalogue, CancellationToken cancellationToken) =>
        V1Json.Answer(new ModelList(await catalogue.ModelsAsync(cancellationToken).ConfigureAwait(false)));

    private static async Task<IResult> UpscalersAsync(ModelCatalogue catalogue, CancellationToken cancellationToken)
    {
        var files = await catalogue.UpscalersAsync(cancellationToken).ConfigureAwait(false);
        return Choices(
            UpscalerCatalogue
                .All.Select(row => new ChoiceView(row.Name, [row.Label]))
                .Concat(files.Select(name => new ChoiceView(name, [PublishedUpscalers.LabelOf(name)])))
        );
    }

    private static async Task<IResult> ModelAsync(
        string name,
        ModelCatalogue catalogue,
        CancellationToken cancellationToken
    )
    {
        var models = await catalogue.ModelsAsync(cancellationToken).ConfigureAwait(false);
        return V1Json.Answer(
            models.FirstOrDefault(model => model.Name == name) ?? throw ApiException.NotFound("model", name)
        );
    }

    private static async Task<IResult> ControlsAsync(ModelCatalogue catalogue, CancellationToken cancellationToken)
    {
        var controlNets = await catalogue.ControlNetsAsync(cancellationToken).ConfigureAwait(false);
        return V1Json.Answer<IReadOnlyList<ControlView>>([
            .. ConditionKind.All.Select(kind => new ControlView(
                kind.Name,
                kind.Aliases,
                kind.Meaning,
                [.. AnnotatorCatalogue.Of(kind).Select((info, index) => Of(info, index == 0, catalogue.Has(info)))],
                catalogue.ControlNetsFor(kind),
                [.. controlNets.Where(network => IsFor(kind.Name, network.Kind)).Select(network => network.Name)],
                kind.TakesNetwork,
                MembersOf(kind)
            )),
        ]);
    }

    /// <summary>Whether a ControlNet is of a kind or a variant of it; any picture as it is can be for all.</summary>
    private static bool IsFor(string kind, string? controlNets) =>
        kind == ControlUnit.HintKind
        || controlNets == kind
        || (controlNets == PublishedNetwork.Union && UnionKinds.Of(UnionKinds.Most).Contains(kind))
        || controlNets?.StartsWith(kind + "_", StringComparison.Ordinal) == true;

    /// <summary>What IP-Adapters alone have, and what they alone have not.</summary>
    private static IReadOnlyList<string> MembersOf(ConditionKind kind) =>
        kind.Name == IpAdapterFile.Kind ? ["more", "combine", "transfer"] : ["mode"];

    private static IResult Choices(IEnumerable<ChoiceView> choices) =>
        V1Json.Answer<IReadOnlyList<ChoiceView>>([.. choices]);

    private static ChoiceView Of(SamplerEntry row) =>
        new(row.Name, row.Aliases, $"with the scheduler {row.DefaultScheduler} where none is named");

    private static AnnotatorView Of(AnnotatorInfo info, bool isDefault, bool isAvailable) =>
        new(
            info.Name,
            isDefault,
            info.IsForDrawings,
            info.Meaning,
            info.NeedsDownload,
            isAvailable,
            [
                .. info.Options.Select(option => new AnnotatorOptionView(
                    option.Name,
                    option.Min,
                    option.Max,
                    option.Default,
                    option.Whole,
                    option.Words.Count == 0 ? null : option.Words,
                    option.Meaning
                )),
            ]
        );
}
