using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Networks.Vision;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// Hints alone, and drawings of key points. Source: sd-webui-controlnet v1.1.455, scripts/api.py (behaviour).
/// </summary>
internal sealed class DetectRoutes(ControlModules modules, SliderValues sliders, JobDesk desk, JobStore store)
{
    private const string OpenPose = "openpose";

    /// <summary>Names that are refused there, too.</summary>
    private static readonly string[] NotThere =
    [
        "clip_vision",
        "revision_clipvision",
        "revision_ignore_prompt",
        "ip-adapter-auto",
    ];

    private static readonly PayloadSchema Schema = new(
        new("controlnet_module", PayloadType.Text, ModuleTable.None),
        new("controlnet_input_images", PayloadType.Texts),
        // What a well-known client sends.
        new("controlnet_images", PayloadType.Texts),
        new("controlnet_processor_res", PayloadType.Whole, -1),
        new("controlnet_threshold_a", PayloadType.Number, -1.0),
        new("controlnet_threshold_b", PayloadType.Number, -1.0),
        new("controlnet_masks", PayloadType.Texts),
        new("low_vram", PayloadType.Flag, false)
    );

    public void Map(WebUiRouter router)
    {
        router.Post("/controlnet/detect", DetectAsync);
        router.Post("/controlnet/render_openpose_json", RenderAsync);
    }

    private async Task<JsonNode?> DetectAsync(HttpContext context)
    {
        var payload = await PayloadBody.ReadAsync(context, Schema).ConfigureAwait(false);
        var name = payload.Text("controlnet_module")!;
        var module = modules.Find(name) ?? throw WebUiException.Http(422, "Module not available");
        List<string> images =
        [
            .. payload.Texts("controlnet_input_images") is { Count: > 0 } given
                ? given
                : payload.Texts("controlnet_images"),
        ];
        if (NotThere.Contains(module.Row.Name, StringComparer.Ordinal))
        {
            throw WebUiException.Http(422, "Module not supported");
        }

        if (images.Count == 0)
        {
            throw WebUiException.Http(422, "No image selected");
        }

        var masks = payload.Texts("controlnet_masks");
        if (module.Row.Types.Contains("Inpaint", StringComparer.Ordinal) && masks.Count != images.Count)
        {
            throw WebUiException.Http(422, $"Preprocessor {name} requires `controlnet_masks` param.");
        }

        if (modules.WhyNot(module) is { } why)
        {
            throw WebUiException.Http(422, why);
        }

        var pictures = images.Select(PayloadPictures.Read).ToList();
        var (resolution, options) = sliders.Of(
            module,
            payload.Whole("controlnet_processor_res")!.Value,
            [payload.Number("controlnet_threshold_a")!.Value, payload.Number("controlnet_threshold_b")!.Value],
            []
        );
        var (hints, poses) = module.Annotator is { } annotator
            ? await AnnotateAsync(
                    context,
                    [
                        .. pictures.Select(picture => new ControlUnit
                        {
                            Kind = annotator.Kind,
                            Annotator = annotator.Name,
                            Picture = picture,
                            Options = options,
                            Resolution = resolution,
                        }),
                    ]
                )
                .ConfigureAwait(false)
            : (
                pictures.Select((picture, k) => Plain(module, picture, masks.ElementAtOrDefault(k), payload)).ToList(),
                []
            );
        var answer = new JsonObject
        {
            ["info"] = "Success",
            ["images"] = new JsonArray([.. hints.Select(hint => (JsonNode)Convert.ToBase64String(hint))]),
        };
        if (name.Contains(OpenPose, StringComparison.OrdinalIgnoreCase))
        {
            answer["poses"] = new JsonArray([.. poses]);
        }

        return answer;
    }

    /// <summary>Hands in all of them and waits; whoever hangs up has them cancelled.</summary>
    private async Task<(List<byte[]> Hints, List<JsonNode?> Poses)> AnnotateAsync(
        HttpContext context,
        IReadOnlyList<ControlUnit> wanted
    )
    {
        var jobs = new List<string>();
        var (hints, poses) = (new List<byte[]>(), new List<JsonNode?>());
        try
        {
            foreach (var unit in wanted)
            {
                var handed = await desk.SubmitAsync(unit, new JobTerms(context.Owner()), context.RequestAborted)
                    .ConfigureAwait(false);
                jobs.Add(handed.Job.Id);
            }

            foreach (var id in jobs)
            {
                var job = await store.WaitAsync(id, context.RequestAborted).ConfigureAwait(false);
                if (job is not { State: JobState.Done })
                {
                    throw job?.Error is { } error
                        ? MemberNames.Error(error, [])
                        : WebUiException.Python("RuntimeError", "The job was cancelled.");
                }

                foreach (var file in await store.FilesAsync(id, context.RequestAborted).ConfigureAwait(false))
                {
                    var bytes = (await store.Blobs.GetAsync(file.Sha256, context.RequestAborted).ConfigureAwait(false))!
                        .Value
                        .Bytes;
                    if (file.Role == JobFileRole.Hint)
                    {
                        hints.Add(bytes);
                    }
                    else
                    {
                        poses.Add(WithAnimals(bytes));
                    }
                }
            }
        }
        catch (Exception e) when (MemberNames.Error(e, []) is not null)
        {
            throw MemberNames.Error(e, [])!;
        }
        finally
        {
            foreach (var id in jobs)
            {
                // Nothing happens to those that are over.
                await store.CancelAsync(id, null, CancellationToken.None).ConfigureAwait(false);
            }
        }

        return (hints, poses);
    }

    private static JsonObject WithAnimals(byte[] pose)
    {
        var node = JsonNode.Parse(pose)!.AsObject();
        node["animals"] ??= new JsonArray();
        return node;
    }

    private static byte[] Plain(ControlModule module, PictureSource source, string? mask, Payload payload)
    {
        var picture = source.Read();
        switch (module.Use)
        {
            case ModuleUse.Inpaint:
                return MaskedPicture.Encode(picture, PayloadPictures.Read(mask!).ReadMask());
            case ModuleUse.Smaller when payload.Number("controlnet_threshold_a") is >= 1.1 and <= 8 and var rate:
                return PictureWriter.EncodePng(
                    PictureResizing.Resize(
                        picture,
                        Math.Max(1, (int)(picture.Width / rate)),
                        Math.Max(1, (int)(picture.Height / rate)),
                        Interpolation.Area
                    )
                );
            case ModuleUse.Look:
                return PictureWriter.EncodePng(ImageEncoderInput.Seen(picture, ClipVisionParams.UsualSide));
            default:
                return PictureWriter.EncodePng(picture);
        }
    }

    private static async Task<JsonNode?> RenderAsync(HttpContext context)
    {
        var body = await PayloadBody.ReadAsync(context).ConfigureAwait(false);
        if (body is not { ValueKind: JsonValueKind.Array } poses)
        {
            throw WebUiException.Validation([new FieldError(["body"], "value is not a valid list", "type_error.list")]);
        }

        if (poses.GetArrayLength() == 0)
        {
            return new JsonObject { ["info"] = "No pose data detected." };
        }

        var images = new JsonArray();
        foreach (var (index, pose) in poses.EnumerateArray().Index())
        {
            images.Add(Convert.ToBase64String(PictureWriter.EncodePng(Drawn(pose, index))));
        }

        return new JsonObject { ["images"] = images, ["info"] = "Success" };
    }

    private static Picture Drawn(JsonElement pose, int index)
    {
        const int most = 8192;
        string[] required = ["people", "canvas_width", "canvas_height"];
        if (pose.ValueKind != JsonValueKind.Object)
        {
            throw WebUiException.Validation([
                new FieldError(["body", index], "value is not a valid dict", "type_error.dict"),
            ]);
        }

        var missing = required.Where(name => !pose.TryGetProperty(name, out _)).ToList();
        if (missing.Count > 0)
        {
            throw WebUiException.Validation(
                missing.Select(name => new FieldError(["body", index, name], "field required", "value_error.missing"))
            );
        }

        try
        {
            var read = PoseJson.Parse(JsonSerializer.SerializeToUtf8Bytes(pose), $"pose {index}");
            return read.Width <= most && read.Height <= most
                ? PoseDrawing.Draw(read)
                : throw new PictureException($"pose {index}", $"the canvas must have at most {most} pixels a side.");
        }
        catch (PictureException e)
        {
            throw WebUiException.Validation([new FieldError(["body", index], e.Message, "value_error")]);
        }
    }
}
