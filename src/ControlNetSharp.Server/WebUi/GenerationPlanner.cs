using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// Makes requests of the bodies of txt2img and img2img. Source: stable-diffusion-webui v1.10.1, modules/processing.py
/// (behaviour). What it knows and is not offered here is refused by its field, unless it changes nothing.
/// </summary>
internal sealed class GenerationPlanner(
    OptionStore options,
    WebUiModels models,
    WebUiUpscalers upscalers,
    UnitRequests units
)
{
    private const long LargestRandomSeed = 4294967293;
    private const string ControlNet = "ControlNet";

    /// <summary>Reads a body.</summary>
    /// <exception cref="WebUiException">A field cannot be read, or asks for what is not offered.</exception>
    /// <exception cref="RequestException">A value is not known or not allowed.</exception>
    public GenerationPlan Plan(JsonElement body, bool isImg2Img)
    {
        var payload = PayloadBody.Read(body, isImg2Img ? GenerationFields.Img2Img : GenerationFields.Txt2Img);
        var warnings = payload.Unknown.Select(name => $"{name}: there is no such field; it was ignored.").ToList();
        if (payload.Text("infotext") is { Length: > 0 } text)
        {
            InfotextFields.Fill(payload, text, upscalers, warnings);
        }

        RefuseNotOffered(payload, warnings);
        var chosen = Options(payload, warnings);
        var (sampler, scheduler, eta) = Sampling(payload, warnings);
        var size = new PictureSize(Side(payload, "width", warnings), Side(payload, "height", warnings));
        var request = new GenerationRequest
        {
            Prompt = payload.Text("prompt")!,
            NegativePrompt = payload.Text("negative_prompt")!,
            Model = Model(chosen),
            Vae = WebUiModels.OwnVae(chosen[OptionTable.Vae]?.GetValue<string>()),
            ClipSkip = (int)chosen[OptionTable.ClipSkip]!.GetValue<double>() is > 1 and var skip ? skip : null,
            Size = size,
            Steps = Integer(payload, "steps"),
            Sampler = sampler,
            Scheduler = scheduler,
            Eta = eta,
            GuidanceScale = payload.Number("cfg_scale")!.Value,
            Seed = Seed(payload),
            Batch = Integer(payload, "batch_size"),
            Count = Integer(payload, "n_iter"),
            Tiling = payload.Flag("tiling") == true,
            TokenMerging = chosen[OptionTable.TokenMerging]!.GetValue<double>(),
        };
        // Before more is made of it: the numbers are those of loops.
        request.Check();
        var start = isImg2Img ? StartRequests.Read(payload, warnings) : null;
        var controls = Units(payload, isImg2Img, start, warnings);
        request = request with { Units = [.. controls.Select(unit => unit.Unit)] };
        IReadOnlyList<GenerationRequest> requests;
        Func<IReadOnlyList<Picture>, IReadOnlyList<Picture>>? joined = null;
        var hasScript = HasScript(payload, isImg2Img);
        if (start is null)
        {
            requests =
            [
                payload.Flag("enable_hr") == true
                    ? HiresRequests.With(request, payload, upscalers) with
                    {
                        Units = [.. request.Units.Select(SecondPassSoftness.Of)],
                    }
                    : request,
            ];
        }
        else if (hasScript)
        {
            (requests, joined) = SdUpscale.Plan(request, start, payload.Array("script_args"));
        }
        else
        {
            requests = start.Of(request);
        }

        return new GenerationPlan
        {
            Requests = requests,
            Units = controls,
            Payload = payload,
            IsImg2Img = isImg2Img,
            Sampler = SamplerName(payload),
            Options = chosen,
            Warnings = warnings,
            Joined = joined,
        };
    }

    private static void RefuseNotOffered(Payload payload, List<string> warnings)
    {
        foreach (var (name, off) in GenerationFields.NotOffered)
        {
            if (payload.Number(name) is { } number && !off.Contains(number))
            {
                throw Refused(name, RequestRules.Text(number), "this is not offered here.");
            }
        }

        foreach (var name in (string[])["seed_resize_from_h", "seed_resize_from_w"])
        {
            if (payload.Whole(name) is > 0 and var side)
            {
                throw Refused(name, RequestRules.Text(side), "this is not offered here.");
            }
        }

        if (payload.Text("refiner_checkpoint") is { Length: > 0 } refiner && !InfotextVocabulary.Same(refiner, "None"))
        {
            throw Refused("refiner_checkpoint", refiner, "refiners are not offered here.");
        }

        if (payload.Flag("disable_extra_networks") == true)
        {
            throw Refused("disable_extra_networks", "true", "what a prompt names is always used here.");
        }

        (bool IsAsked, string Text)[] passedOver =
        [
            (payload.Flag("restore_faces") == true, "restore_faces: faces are not restored here."),
            (
                payload.Flag("save_images") == true,
                "save_images: pictures are kept with their job, and in no folder; there is no grid."
            ),
            (
                payload.Array("styles").Count > 0,
                "styles: there are no styles here; the prompts were taken as they are."
            ),
        ];
        warnings.AddRange(passedOver.Where(one => one.IsAsked).Select(one => one.Text));
    }

    /// <summary>The options with those that the call overrides; keys that nobody knows are told and left out.</summary>
    private JsonObject Options(Payload payload, List<string> warnings)
    {
        var all = options.All();
        foreach (var property in payload.Sent("override_settings")?.EnumerateObject().AsEnumerable() ?? [])
        {
            if (OptionTable.Find(property.Name) is { } option)
            {
                // Null leaves it as it is.
                all[option.Name] = OptionStore.Checked(option, property.Value) ?? all[option.Name]?.DeepClone();
            }
            else
            {
                warnings.Add($"override_settings.{property.Name}: there is no such option; it was ignored.");
            }
        }

        if (
            payload.Flag("override_settings_restore_afterwards") == false
            && payload.Sent("override_settings") is { } kept
        )
        {
            options.Set(kept, ignoresUnknown: true);
        }

        return all;
    }

    private string Model(JsonObject chosen)
    {
        var name = chosen[OptionTable.Model]!.GetValue<string>();
        return models.Find(ModelRole.Model, name)
            ?? throw WebUiException.Http(
                422,
                $"{OptionTable.Model} '{name}': model not found; there are "
                    + $"{string.Join(", ", models.Checkpoints().Select(model => model.Title))}."
            );
    }

    private static string SamplerName(Payload payload) =>
        payload.Text("sampler_name") is { Length: > 0 } name ? name : payload.Text("sampler_index")!;

    /// <summary>
    /// Sampler and scheduler; of those that step over timesteps the scheduler does not count, as there.
    /// </summary>
    private static (string Sampler, string Scheduler, double? Eta) Sampling(Payload payload, List<string> warnings)
    {
        var scheduler = payload.Text("scheduler") is { Length: > 0 } named ? named : SamplerCatalogue.Automatic;
        var name = SamplerName(payload);
        var sampler = RequestRules.Named("sampler", name, known => SamplerCatalogue.Resolve(known)).Sampler;
        var combined = InfotextVocabulary.SamplerNamed(name) is { IsCombined: true, Scheduler: var behind }
            ? behind
            : null;
        if (InfotextVocabulary.Same(scheduler, SamplerCatalogue.Automatic))
        {
            scheduler = combined ?? SamplerCatalogue.Automatic;
        }
        else
        {
            scheduler = InfotextVocabulary.SchedulerNamed(scheduler);
        }

        const string timesteps = "ddim";
        if (sampler.DefaultScheduler == timesteps && scheduler != SamplerCatalogue.Automatic)
        {
            warnings.Add($"scheduler: {sampler.Name} has its own timesteps; {scheduler} was ignored.");
            scheduler = SamplerCatalogue.Automatic;
        }

        var (taken, eta) = WithEta(payload.Number("eta"), sampler, warnings);
        return (taken, scheduler, eta);
    }

    private static (string Sampler, double? Eta) WithEta(double? eta, SamplerEntry sampler, List<string> warnings)
    {
        if (eta is not { } wanted || sampler.DefaultEta is not { } usual || wanted == usual)
        {
            return (sampler.Name, null);
        }

        if (wanted == 0 && sampler.Name == "Euler a")
        {
            // Without the noise that it adds it is the same formula.
            return ("Euler", null);
        }

        // Clients send 0 or 1 whatever the sampler is.
        if (wanted is 0 or 1)
        {
            warnings.Add($"eta: with {sampler.Name} {RequestRules.Text(usual)} was taken for it.");
            return (sampler.Name, null);
        }

        return (sampler.Name, wanted);
    }

    private static int Side(Payload payload, string name, List<string> warnings)
    {
        var wanted = Integer(payload, name);
        if (wanted is < PictureSize.Step or > PictureSize.Most)
        {
            throw Refused(name, RequestRules.Text(wanted), $"must be from {PictureSize.Step} to {PictureSize.Most}.");
        }

        var side = Math.Max(PictureSize.Least, wanted / PictureSize.Step * PictureSize.Step);
        if (side != wanted)
        {
            warnings.Add(
                $"{name}: {side} pixels were made instead of {wanted}; sides are multiples of {PictureSize.Step}, at "
                    + $"least {PictureSize.Least}."
            );
        }

        return side;
    }

    private static long Seed(Payload payload) =>
        payload.Whole("seed") switch
        {
            -1 => System.Random.Shared.NextInt64(LargestRandomSeed + 1 - MostPictures(payload)),
            var seed and >= 0 => seed.Value,
            var seed => throw Refused("seed", RequestRules.Text(seed!), $"must be -1, or from 0 to {Seeds.Largest}."),
        };

    private static long MostPictures(Payload payload) =>
        Math.Max(0, (long)Integer(payload, "batch_size") * Integer(payload, "n_iter")) is var count && count < 100_000
            ? count
            : 0;

    private static int Integer(Payload payload, string name) =>
        payload.Whole(name)!.Value is >= int.MinValue and <= int.MaxValue and var value
            ? (int)value
            : throw Refused(name, payload.Whole(name)!.Value.ToString(CultureInfo.InvariantCulture), "is too large.");

    private List<PlannedUnit> Units(Payload payload, bool isImg2Img, StartRequests? start, List<string> warnings)
    {
        var found = new List<PlannedUnit>();
        foreach (var script in payload.Sent("alwayson_scripts")?.EnumerateObject().AsEnumerable() ?? [])
        {
            if (WebUiScripts.IsSelectable(script.Name))
            {
                throw WebUiException.Http(422, "Cannot have a selectable script in the always on scripts params");
            }

            if (!InfotextVocabulary.Same(script.Name, ControlNet))
            {
                throw WebUiException.Http(422, $"Script '{script.Name}' not found");
            }

            if (script.Value.ValueKind == JsonValueKind.Object && script.Value.TryGetProperty("args", out var args))
            {
                found.AddRange(units.Read(args, isImg2Img ? start?.Control : null, warnings));
            }
        }

        return found;
    }

    /// <summary>Whether the call chooses the one script that there is to choose.</summary>
    private static bool HasScript(Payload payload, bool isImg2Img)
    {
        if (payload.Text("script_name") is not { Length: > 0 } name || InfotextVocabulary.Same(name, "None"))
        {
            return false;
        }

        return isImg2Img && InfotextVocabulary.Same(name, SdUpscale.Name)
            ? true
            : throw WebUiException.Http(422, $"Script '{name}' not found");
    }

    internal static RequestException Refused(string name, string? value, string problem) => new(name, value, problem);
}
