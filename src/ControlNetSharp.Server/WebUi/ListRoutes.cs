using System.Reflection;
using System.Text.Json.Nodes;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Server.WebUi;

/// <summary>What there is to choose from.</summary>
internal sealed class ListRoutes(WebUiModels models, WebUiUpscalers upscalers)
{
    /// <summary>Schedulers that k-diffusion's functions make of sigmas, and not of the model.</summary>
    private static readonly string[] OfSigmas =
    [
        SamplerCatalogue.Automatic,
        "karras",
        "exponential",
        "polyexponential",
        "kl_optimal",
        "align_your_steps",
        "align_your_steps_xl",
    ];

    private static readonly Dictionary<string, double> Rho = new(StringComparer.Ordinal)
    {
        ["karras"] = 7,
        ["polyexponential"] = 1,
    };

    private static readonly string[] LatentModes =
    [
        "Latent",
        "Latent (antialiased)",
        "Latent (bicubic)",
        "Latent (bicubic antialiased)",
        "Latent (nearest)",
        "Latent (nearest-exact)",
    ];

    /// <summary>The program and its version, as infotexts have it.</summary>
    public static string Version { get; } =
        $"ControlNetSharp {Assembly.GetExecutingAssembly().GetName().Version!.ToString(3)}";

    public void Map(WebUiRouter router)
    {
        router.Get("/sdapi/v1/samplers", Samplers);
        router.Get("/sdapi/v1/schedulers", Schedulers);
        router.Get("/sdapi/v1/upscalers", Upscalers);
        router.Get("/sdapi/v1/latent-upscale-modes", () => List(LatentModes, name => new() { ["name"] = name }));
        router.Get("/sdapi/v1/sd-models", Checkpoints);
        router.Get("/sdapi/v1/sd-vae", Autoencoders);
        router.Get("/sdapi/v1/loras", Loras);
        router.Get("/sdapi/v1/embeddings", Embeddings);
        router.Get("/sdapi/v1/hypernetworks", () => new JsonArray());
        router.Get("/sdapi/v1/face-restorers", () => new JsonArray());
        router.Get("/sdapi/v1/realesrgan-models", RealEsrganModels);
        router.Get("/sdapi/v1/prompt-styles", () => new JsonArray());
        router.Get("/sdapi/v1/extensions", Extensions);
        router.Get("/sdapi/v1/cmd-flags", Flags);
        router.Get("/sdapi/v1/scripts", WebUiScripts.Names);
        router.Get("/sdapi/v1/script-info", WebUiScripts.Infos);
        // Files that come later are found without it.
        foreach (var what in (string[])["checkpoints", "vae", "embeddings", "loras"])
        {
            router.Post("/sdapi/v1/refresh-" + what, () => null);
        }

        // Networks come and go with the requests that need them.
        router.Post("/sdapi/v1/unload-checkpoint", () => new JsonObject());
        router.Post("/sdapi/v1/reload-checkpoint", () => new JsonObject());
    }

    private static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonObject> row) =>
        [.. items.Select(item => (JsonNode)row(item))];

    private static JsonArray Samplers() =>
        List(
            SamplerCatalogue.Samplers,
            sampler =>
            {
                var options = new JsonObject { ["scheduler"] = sampler.DefaultScheduler };
                if (sampler.DefaultEta > 0)
                {
                    options["uses_ensd"] = "True";
                }

                if (sampler.Name == "Heun")
                {
                    options["second_order"] = "True";
                }

                return new()
                {
                    ["name"] = sampler.Name,
                    ["aliases"] = new JsonArray([.. sampler.Aliases.Select(alias => (JsonNode)alias)]),
                    ["options"] = options,
                };
            }
        );

    private static JsonArray Schedulers() =>
        List(
            SamplerCatalogue
                .Schedulers.Select(scheduler => (scheduler.Name, scheduler.Label))
                .Prepend((SamplerCatalogue.Automatic, "Automatic")),
            scheduler =>
            {
                var joined = scheduler.Item2.Replace(" ", "", StringComparison.Ordinal);
                return new()
                {
                    ["name"] = scheduler.Item1,
                    ["label"] = scheduler.Item2,
                    ["aliases"] = scheduler.Item1 == "sgm_uniform" ? new JsonArray(joined) : null,
                    ["default_rho"] = Rho.GetValueOrDefault(scheduler.Item1, -1),
                    ["need_inner_model"] = !OfSigmas.Contains(scheduler.Item1, StringComparer.Ordinal),
                };
            }
        );

    private JsonArray Upscalers() =>
        List(
            upscalers.All(),
            upscaler =>
                new()
                {
                    ["name"] = upscaler.Name,
                    ["model_name"] = upscaler.File is null ? null : upscaler.Name,
                    ["model_path"] = upscaler.File,
                    ["model_url"] = null,
                    ["scale"] = upscaler.Scale,
                }
        );

    /// <summary>The published ones of Real-ESRGAN, as there.</summary>
    private JsonArray RealEsrganModels() =>
        List(
            upscalers.Files().Where(upscaler => upscaler.Name.StartsWith("R-ESRGAN ", StringComparison.Ordinal)),
            upscaler =>
                new()
                {
                    ["name"] = upscaler.Name,
                    ["path"] = upscaler.File,
                    ["scale"] = (int)upscaler.Scale,
                }
        );

    private JsonArray Checkpoints() =>
        List(
            models.Checkpoints(),
            model =>
                new()
                {
                    ["title"] = model.Title,
                    ["model_name"] = model.Name.Replace('/', '_'),
                    ["hash"] = model.Hash,
                    ["sha256"] = model.Sha256,
                    ["filename"] = model.File,
                    ["config"] = null,
                }
        );

    private JsonArray Autoencoders() =>
        List(
            models.Of(ModelRole.Autoencoder, "autoencoder"),
            entry => new() { ["model_name"] = Path.GetFileName(entry.Name), ["filename"] = entry.Name }
        );

    private JsonArray Loras() =>
        List(
            models.Of(ModelRole.Lora, "lora"),
            entry =>
            {
                var name = Path.GetFileName(ModelLayout.WithoutExtension(entry.Name));
                return new()
                {
                    ["name"] = name,
                    ["alias"] = name,
                    ["path"] = entry.Name,
                    ["metadata"] = new JsonObject(),
                };
            }
        );

    private JsonObject Embeddings()
    {
        var loaded = new JsonObject();
        foreach (var entry in models.Of(ModelRole.Embedding, "textual inversion"))
        {
            loaded[Path.GetFileName(ModelLayout.WithoutExtension(entry.Name))] = new JsonObject
            {
                ["step"] = null,
                ["sd_checkpoint"] = null,
                ["sd_checkpoint_name"] = null,
            };
        }

        return new() { ["loaded"] = loaded, ["skipped"] = new JsonObject() };
    }

    private static JsonArray Extensions() =>
        [
            new JsonObject
            {
                ["name"] = "sd-webui-controlnet",
                ["remote"] = "",
                ["branch"] = "",
                ["commit_hash"] = "",
                ["commit_date"] = 0,
                ["version"] = Version,
                ["enabled"] = true,
            },
        ];

    private static JsonObject Flags() =>
        new()
        {
            ["api"] = true,
            ["nowebui"] = false,
            ["listen"] = false,
            ["share"] = false,
            ["medvram"] = false,
            ["lowvram"] = false,
            ["no_half"] = false,
            ["xformers"] = false,
            ["skip_torch_cuda_test"] = true,
        };
}
