using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ControlNetSharp.Server.V1;

/// <summary>What a picture says of its making.</summary>
/// <param name="Request">A request that can be handed in as it is.</param>
/// <param name="Losses">What of the picture's settings is not in it.</param>
/// <param name="Program">What made the picture.</param>
internal sealed record ReadView(JsonNode Request, IReadOnlyList<InfotextLoss> Losses, string Program);

/// <summary><c>/read</c>: a picture's settings as a request.</summary>
internal static class ReadRoute
{
    private const string Picture = "picture";

    public static void MapRead(this RouteGroupBuilder v1) =>
        v1.MapPost("/read", ReadAsync)
            .WithTags("Uploads")
            .WithSummary("The settings in a picture of this program or of stable-diffusion-webui, as a request")
            .WithDescription("The body is the picture: PNG, JPEG or WebP.")
            .Produces<ReadView>()
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    private static async Task<IResult> ReadAsync(
        HttpContext context,
        ModelCatalogue catalogue,
        JobStore store,
        CancellationToken cancellationToken
    )
    {
        var bytes = await UploadRoutes.ReadAsync(context.Request, cancellationToken).ConfigureAwait(false);
        var texts = PictureTexts.Read(bytes, Picture);
        if (texts.Named.TryGetValue(Manifest.Key, out var json))
        {
            var manifest = Manifest.Parse(json);
            var kept = new KeptPictures(store.Blobs, texts.Named);
            var request = await kept.RestoreAsync(manifest, cancellationToken).ConfigureAwait(false);
            return Answer(request, kept.Losses, $"ControlNetSharp {manifest.Resolved.Program}");
        }

        // What a camera or a drawing program writes is a text, too.
        if (texts.Parameters is not { } parameters || Infotext.Parse(parameters).Settings.Count == 0)
        {
            throw new ApiException(
                StatusCodes.Status422UnprocessableEntity,
                "no_settings",
                "The picture does not say how it was made: another program saved it anew, or it was not generated."
            );
        }

        var (foreign, losses, _) = new ForeignRequests(catalogue.Finder).Read(parameters);
        return Answer(foreign, losses, "stable-diffusion-webui");
    }

    private static IResult Answer(GenerationRequest request, IReadOnlyList<InfotextLoss> losses, string program) =>
        V1Json.Answer(new ReadView(JsonNode.Parse(RequestJson.Write(request))!, losses, program));
}
