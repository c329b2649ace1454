using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// What txt2img and img2img answer: pictures, the fields of the request, and a text of JSON that says how the pictures
/// were made. Source: stable-diffusion-webui v1.10.1, modules/processing.py, Processed (keys).
/// </summary>
internal static class GenerationAnswer
{
    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The whole answer.</summary>
    public static JsonObject Of(GenerationPlan plan, GenerationOutcome outcome)
    {
        List<byte[]> files = [.. outcome.Pictures.Select(picture => picture.File)];
        List<string> texts = [.. files.Select(file => PictureTexts.Read(file).Parameters ?? "")];
        if (plan.Joined is { } joined && files.Count > 0)
        {
            (files, texts) = Joined(joined, files, texts[0]);
        }

        var images = new JsonArray();
        if (plan.Payload.Flag("send_images") == true)
        {
            var format = PictureFormat.Find(plan.Options[OptionTable.Format]!.GetValue<string>())!;
            var quality = (int)Math.Clamp(plan.Options[OptionTable.Quality]!.GetValue<double>(), 1, 100);
            foreach (var file in files.Concat(Maps(plan, outcome)))
            {
                images.Add(Convert.ToBase64String(PictureFormat.Of(file, format, quality)));
            }
        }

        return new JsonObject
        {
            ["images"] = images,
            ["parameters"] = Parameters(plan),
            ["info"] = Info(plan, outcome, texts).ToJsonString(Relaxed),
        };
    }

    private static (List<byte[]> Files, List<string> Texts) Joined(
        Func<IReadOnlyList<Picture>, IReadOnlyList<Picture>> joined,
        List<byte[]> files,
        string text
    )
    {
        var pictures = joined([.. files.Select(file => PictureSource.FromBytes(file).Read())]);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal) { [PictureTexts.ParametersKey] = text };
        return (
            [.. pictures.Select(picture => PictureWriter.EncodePng(picture, texts))],
            [.. pictures.Select(_ => text)]
        );
    }

    /// <summary>The hints of the units that show theirs: of a second pass first, then of the first.</summary>
    private static IEnumerable<byte[]> Maps(GenerationPlan plan, GenerationOutcome outcome)
    {
        if (plan.Joined is not null || plan.Options[OptionTable.NoDetectedMaps]!.GetValue<bool>())
        {
            yield break;
        }

        foreach (var (index, unit) in plan.Units.Index().Where(unit => unit.Item.SavesMap))
        {
            if (outcome.Hints.GetValueOrDefault(GenerationJob.HiresHintName(index)) is { } larger)
            {
                yield return larger;
            }

            if (outcome.Hints.GetValueOrDefault(GenerationJob.HintName(index)) is { } map)
            {
                yield return Sized(map, plan.First.Size!.Value, unit.Unit.Resize);
            }
        }
    }

    private static byte[] Sized(byte[] map, PictureSize size, ResizeMode resize)
    {
        var picture = PictureSource.FromBytes(map).Read();
        return (picture.Width, picture.Height) == (size.Width, size.Height)
            ? map
            : PictureWriter.EncodePng(PictureResizing.FitHint(picture, size.Width, size.Height, resize));
    }

    private static JsonObject Parameters(GenerationPlan plan)
    {
        var fields = plan.Payload.Values;
        if (plan.IsImg2Img && plan.Payload.Flag("include_init_images") != true)
        {
            (fields["init_images"], fields["mask"]) = (null, null);
        }

        return fields;
    }

    private static JsonObject Info(GenerationPlan plan, GenerationOutcome outcome, List<string> texts)
    {
        var (request, payload) = (plan.First, plan.Payload);
        var said = texts.Count > 0 ? Infotext.Parse(texts[0]) : null;
        var seeds = plan.Joined is null
            ? outcome.Pictures.Select(picture => picture.Seed)
            : texts.Select((_, k) => request.Seed!.Value + k);
        List<long> allSeeds = [.. seeds.DefaultIfEmpty(request.Seed!.Value)];
        var subseed = payload.Whole("subseed") is -1 ? request.Seed.Value : payload.Whole("subseed");
        List<string> warnings =
        [
            .. plan.Warnings,
            .. outcome
                .Warnings.Select(warning => MemberNames.Text(warning, plan.Units))
                .Distinct(StringComparer.Ordinal),
        ];
        var denoise = request.Initial?.Denoise ?? request.Hires?.Denoise;
        return new JsonObject
        {
            ["prompt"] = request.Prompt,
            ["all_prompts"] = Repeated(request.Prompt),
            ["negative_prompt"] = request.NegativePrompt,
            ["all_negative_prompts"] = Repeated(request.NegativePrompt),
            ["seed"] = allSeeds[0],
            ["all_seeds"] = new JsonArray([.. allSeeds.Select(seed => (JsonNode)seed)]),
            ["subseed"] = subseed,
            ["all_subseeds"] = new JsonArray([.. allSeeds.Select((_, k) => (JsonNode?)(subseed + k))]),
            ["subseed_strength"] = 0,
            ["width"] = request.Size!.Value.Width,
            ["height"] = request.Size.Value.Height,
            ["sampler_name"] = plan.Sampler,
            ["cfg_scale"] = request.GuidanceScale,
            ["steps"] = request.Steps,
            ["batch_size"] = (int)payload.Whole("batch_size")!.Value,
            ["restore_faces"] = false,
            ["face_restoration_model"] = null,
            ["sd_model_name"] = said?["Model"],
            ["sd_model_hash"] = said?["Model hash"],
            ["sd_vae_name"] = said?["VAE"],
            ["sd_vae_hash"] = said?["VAE hash"],
            ["seed_resize_from_w"] = -1,
            ["seed_resize_from_h"] = -1,
            ["denoising_strength"] = denoise,
            ["extra_generation_params"] = Extra(said),
            ["index_of_first_image"] = 0,
            ["infotexts"] = new JsonArray([.. texts.Select(text => (JsonNode)text)]),
            ["styles"] = new JsonArray(),
            ["job_timestamp"] = outcome.Began.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture),
            ["clip_skip"] = request.ClipSkip ?? 1,
            ["is_using_inpainting_conditioning"] = false,
            ["version"] = ListRoutes.Version,
            ["warnings"] = new JsonArray([.. warnings.Select(warning => (JsonNode)warning)]),
        };

        JsonArray Repeated(string text) => [.. allSeeds.Select(_ => (JsonNode)text)];
    }

    /// <summary>Settings that stable-diffusion-webui does not count among its own.</summary>
    private static JsonObject Extra(Infotext? said)
    {
        string[] prefixes = ["ControlNet ", "Hires ", "Mask", "Inpaint", "Lora hashes", "TI hashes"];
        var extra = new JsonObject();
        foreach (var (key, value) in said?.Settings ?? [])
        {
            if (prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal)))
            {
                extra[key] = value;
            }
        }

        return extra;
    }
}
