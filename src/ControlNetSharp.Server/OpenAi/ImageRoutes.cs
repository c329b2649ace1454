using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ControlNetSharp.Server.OpenAi;

/// <summary>Making pictures, and repainting one.</summary>
internal static class ImageRoutes
{
    private const string Image = "image";
    private const string Images = "image[]";
    private const string Mask = "mask";

    public static void MapGenerations(this RouteGroupBuilder images) =>
        images
            .MapPost("/generations", GenerateAsync)
            .WithSummary("Make pictures, as OpenAI's API does; control_units makes them follow pictures")
            .WithBody(typeof(ImageRequest), "application/json")
            .Produces<ImageList>()
            .Produces<ImageFailure>(StatusCodes.Status400BadRequest);

    public static void MapEdits(this RouteGroupBuilder images) =>
        images
            .MapPost("/edits", EditAsync)
            .WithSummary("Repaint a picture: all of it, or where a mask is transparent")
            .WithDescription("The members of a generation as fields, with the files 'image' and, where given, 'mask'.")
            .WithFields(typeof(ImageRequest), Image, Mask)
            .Produces<ImageList>()
            .Produces<ImageFailure>(StatusCodes.Status400BadRequest);

    private static async Task<IResult> GenerateAsync(
        HttpContext context,
        ImageDesk desk,
        CancellationToken cancellationToken
    )
    {
        if (!context.Request.HasJsonContentType())
        {
            throw SubmittedBody.WrongType(context.Request, "application/json");
        }

        var asked = RequestJson.Parse(
            await SubmittedBody.BytesOfAsync(context.Request.Body, cancellationToken).ConfigureAwait(false),
            OpenAiJson.Default.ImageRequest
        );
        RequestRules.Require(asked.Denoise is null, "denoise", asked.Denoise, "is for edits.");
        return await desk.AnswerAsync(context, asked, asked.ToRequest(), "image_generation", cancellationToken)
            .ConfigureAwait(false);
    }

    private static async Task<IResult> EditAsync(
        HttpContext context,
        ImageDesk desk,
        ServerSettings settings,
        CancellationToken cancellationToken
    )
    {
        if (!FormFiles.IsForm(context.Request))
        {
            throw SubmittedBody.WrongType(context.Request, "multipart/form-data");
        }

        var limits = settings.Limits.Pictures;
        var form = await FormFiles.FormOfAsync(context.Request, cancellationToken).ConfigureAwait(false);
        var asked = RequestJson.Parse(
            Encoding.UTF8.GetBytes(JsonOf(form).ToJsonString()),
            OpenAiJson.Default.ImageRequest
        );
        IFormFile[] images = [.. form.Files.Where(file => file.Name is Image or Images)];
        RequestRules.Require(
            images.Length == 1,
            Image,
            images.Length,
            "must be one file; further pictures can be those of control_units."
        );
        var files = new FormFiles(form.Files.Where(file => file.Name is not (Image or Images or Mask)));
        var request = RequestPictures.Replace(
            asked.ToRequest(
                PictureSource.FromBytes(FormFiles.BytesOf(images[0])),
                form.Files.GetFile(Mask) is { } mask ? Transparency(FormFiles.BytesOf(mask), limits) : null
            ),
            files.Filled
        );
        files.RequireAllUsed();
        return await desk.AnswerAsync(context, asked, request, "image_edit", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is transparent is repainted; our own masks are the other way round.</summary>
    private static PictureSource Transparency(byte[] file, PictureLimits limits)
    {
        var mask = PictureReader.ReadTransparency(file, Mask, limits);
        RequestRules.Require(
            mask.Rgb.ContainsAnyExcept((byte)0),
            Mask,
            null,
            "must be transparent where the picture is to be repainted; it is opaque all over."
        );
        return PictureSource.FromBytes(PictureWriter.EncodePng(mask));
    }

    /// <summary>The fields of a form as JSON: texts where members are texts, else what they say.</summary>
    /// <exception cref="RequestException">A field that is no text says nothing.</exception>
    private static JsonObject JsonOf(IFormCollection form)
    {
        var json = new JsonObject();
        foreach (var (name, value) in form)
        {
            var member = OpenAiJson.Default.ImageRequest.Properties.FirstOrDefault(member => member.Name == name);
            json[name] =
                member is null || member.PropertyType == typeof(string) ? value.ToString() : Value(name, value!);
        }

        return json;
    }

    private static JsonNode? Value(string name, string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new RequestException(name, text, "is not a number, true, false or JSON.", e);
        }
    }
}
