using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// Pictures enlarged, by interpolation or by an upscaler's file. Source:
/// stable-diffusion-webui v1.10.1, modules/postprocessing.py,
/// scripts/postprocessing_upscale.py (behaviour).
/// </summary>
internal sealed class ExtraRoutes(WebUiUpscalers upscalers, JobDesk desk, JobStore store)
{
    private const int MostSide = 8192;

    private static readonly PayloadField[] Common =
    [
        new("resize_mode", PayloadType.Whole, 0) { Least = 0, Most = 1 },
        new("show_extras_results", PayloadType.Flag, true),
        Share("gfpgan_visibility"),
        Share("codeformer_visibility"),
        Share("codeformer_weight"),
        new("upscaling_resize", PayloadType.Number, 2.0) { Least = 0.01 },
        new("upscaling_resize_w", PayloadType.Whole, 512) { Least = 1 },
        new("upscaling_resize_h", PayloadType.Whole, 512) { Least = 1 },
        new("upscaling_crop", PayloadType.Flag, true),
        new("upscaler_1", PayloadType.Text, PictureUpscalers.None),
        new("upscaler_2", PayloadType.Text, PictureUpscalers.None),
        Share("extras_upscaler_2_visibility"),
        new("upscale_first", PayloadType.Flag, false),
    ];

    private static readonly PayloadSchema Single = new([.. Common, new("image", PayloadType.Text, "")]);

    private static readonly PayloadSchema Batch = new([
        .. Common,
        new("imageList", PayloadType.List) { IsRequired = true, RefusesNull = true },
    ]);

    public void Map(WebUiRouter router)
    {
        router.Post("/sdapi/v1/extra-single-image", SingleAsync);
        router.Post("/sdapi/v1/extra-batch-images", BatchAsync);
        router.Post("/sdapi/v1/interrogate", InterrogateAsync);
    }

    private static PayloadField Share(string name) => new(name, PayloadType.Number, 0.0) { Least = 0, Most = 1 };

    private async Task<JsonNode?> SingleAsync(HttpContext context)
    {
        var payload = await PayloadBody.ReadAsync(context, Single).ConfigureAwait(false);
        var (image, said) = await MadeAsync(context, payload, payload.Text("image")!).ConfigureAwait(false);
        return new JsonObject { ["html_info"] = Html([said]), ["image"] = image };
    }

    private async Task<JsonNode?> BatchAsync(HttpContext context)
    {
        var payload = await PayloadBody.ReadAsync(context, Batch).ConfigureAwait(false);
        var pictures = payload
            .Sent("imageList")!
            .Value.EnumerateArray()
            .Select(
                (one, index) =>
                    one.ValueKind == JsonValueKind.Object
                    && one.TryGetProperty("data", out var data)
                    && PayloadField.TextOf(data) is { } text
                        ? text
                        : throw WebUiException.Validation([
                            new FieldError(
                                ["body", "imageList", index, "data"],
                                "field required",
                                "value_error.missing"
                            ),
                        ])
            )
            .ToList();
        var made = new List<(string Image, string Said)>();
        foreach (var text in pictures)
        {
            made.Add(await MadeAsync(context, payload, text).ConfigureAwait(false));
        }

        return new JsonObject
        {
            ["html_info"] = Html(made.Select(one => one.Said)),
            ["images"] = new JsonArray([.. made.Select(one => (JsonNode)one.Image)]),
        };
    }

    private static async Task<JsonNode?> InterrogateAsync(HttpContext context)
    {
        var schema = new PayloadSchema(new("image", PayloadType.Text, ""), new("model", PayloadType.Text, "clip"));
        var payload = await PayloadBody.ReadAsync(context, schema).ConfigureAwait(false);
        if (payload.Text("image") is not { Length: > 9 })
        {
            throw WebUiException.Http(404, "Image not found");
        }

        throw payload.Text("model") is "clip" or "deepdanbooru" or "deepbooru"
            ? WebUiException.Http(422, $"model '{payload.Text("model")}': captions are not made here")
            : WebUiException.Http(404, "Model not found");
    }

    private async Task<(string Image, string Said)> MadeAsync(HttpContext context, Payload payload, string text)
    {
        var source = PayloadPictures.Read(text);
        var picture = source.Read();
        List<string> said = [];
        foreach (var name in (string[])["gfpgan_visibility", "codeformer_visibility"])
        {
            if (payload.Number(name) > 0)
            {
                said.Add($"{name}: faces are not restored here");
            }
        }

        var upscaler = Upscaler(payload, "upscaler_1");
        if (upscaler.Name != PictureUpscalers.None)
        {
            var enlarged = await EnlargedAsync(context, payload, picture, upscaler).ConfigureAwait(false);
            var share = payload.Number("extras_upscaler_2_visibility")!.Value;
            var second = Upscaler(payload, "upscaler_2");
            picture =
                second.Name == PictureUpscalers.None || share == 0
                    ? enlarged
                    : Mixed(
                        enlarged,
                        await EnlargedAsync(context, payload, picture, second).ConfigureAwait(false),
                        share
                    );
            said.Add($"Postprocess upscaler: {upscaler.Name}, {picture.Width}x{picture.Height}");
        }
        else if (PictureSignature.FormatOf(source.ReadBytes()) == "PNG")
        {
            // Nothing was asked of it.
            return (Convert.ToBase64String(source.ReadBytes()), string.Join(", ", said));
        }

        var texts = PictureTexts.Read(source.ReadBytes()).Parameters is { } parameters
            ? new Dictionary<string, string>(StringComparer.Ordinal) { [PictureTexts.ParametersKey] = parameters }
            : null;
        return (Convert.ToBase64String(PictureWriter.EncodePng(picture, texts)), string.Join(", ", said));
    }

    private ListedUpscaler Upscaler(Payload payload, string name)
    {
        var asked = payload.Text(name) is { Length: > 0 } text ? text : PictureUpscalers.None;
        return upscalers.Find(asked)
            ?? throw WebUiException.Python("AssertionError", $"could not find upscaler named {asked}");
    }

    /// <summary>By a factor, or to a size: covered and cut to it, or within it.</summary>
    private async Task<Picture> EnlargedAsync(
        HttpContext context,
        Payload payload,
        Picture picture,
        ListedUpscaler upscaler
    )
    {
        var toSize = payload.Whole("resize_mode") == 1;
        var (width, height) = (payload.Whole("upscaling_resize_w")!.Value, payload.Whole("upscaling_resize_h")!.Value);
        var (x, y) = ((double)width / picture.Width, (double)height / picture.Height);
        var cuts = payload.Flag("upscaling_crop") == true;
        var factor =
            !toSize ? payload.Number("upscaling_resize")!.Value
            : cuts ? Math.Max(x, y)
            : Math.Min(x, y);
        var (wide, high) = (Side(picture.Width * factor), Side(picture.Height * factor));
        var enlarged = upscaler.File is { } file
            ? await ByFileAsync(context, picture, file, factor).ConfigureAwait(false)
            : PictureUpscalers.Resize(picture, upscaler.Name, wide, high);
        if ((enlarged.Width, enlarged.Height) != (wide, high))
        {
            enlarged = PictureUpscalers.Resize(enlarged, PictureUpscalers.None, wide, high);
        }

        return toSize && cuts ? PictureResizing.Fit(enlarged, Side(width), Side(height), ResizeMode.Crop) : enlarged;
    }

    /// <summary>By a worker, where the picture is to become larger; where not, it stays as it is.</summary>
    private async Task<Picture> ByFileAsync(HttpContext context, Picture picture, string file, double factor)
    {
        if (factor <= 1)
        {
            return picture;
        }

        try
        {
            var request = new UpscaleRequest { Picture = picture, Upscaler = file };
            var handed = await desk.SubmitAsync(
                    request with
                    {
                        Scale = Math.Min(factor, UpscaleRequest.MostScale),
                    },
                    new JobTerms(context.Owner()),
                    context.RequestAborted
                )
                .ConfigureAwait(false);
            try
            {
                return await PictureOfAsync(handed.Job.Id, context.RequestAborted).ConfigureAwait(false);
            }
            finally
            {
                // Nothing happens to one that is over; whoever hung up has it cancelled.
                await store.CancelAsync(handed.Job.Id, null, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (MemberNames.Error(e, []) is not null)
        {
            throw MemberNames.Error(e, [])!;
        }
    }

    private async Task<Picture> PictureOfAsync(string id, CancellationToken cancellationToken)
    {
        var job = await store.WaitAsync(id, cancellationToken).ConfigureAwait(false);
        if (job is not { State: JobState.Done })
        {
            throw job?.Error is { } error
                ? MemberNames.Error(error, [])
                : WebUiException.Python("RuntimeError", "The job was cancelled.");
        }

        var files = await store.FilesAsync(id, cancellationToken).ConfigureAwait(false);
        var blob = await store.Blobs.GetAsync(files[0].Sha256, cancellationToken).ConfigureAwait(false);
        return PictureReader.Read(blob!.Value.Bytes);
    }

    private static int Side(double side) =>
        side <= MostSide
            ? Math.Max(1, (int)Math.Round(side))
            : throw WebUiException.Http(
                422,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"upscaling_resize: makes {side:0} pixels a side; at most {MostSide} are made."
                )
            );

    private static Picture Mixed(Picture first, Picture second, double share) =>
        new(
            first.Width,
            first.Height,
            [.. first.Rgb.ToArray().Zip(second.Rgb.ToArray(), (a, b) => (byte)Math.Round(a * (1 - share) + b * share))]
        );

    private static string Html(IEnumerable<string> texts) =>
        string.Concat(texts.Select(text => $"<p>{System.Net.WebUtility.HtmlEncode(text)}</p>"));
}
