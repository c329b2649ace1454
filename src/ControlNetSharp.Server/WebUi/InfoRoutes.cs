using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// How a picture was made, and what the machine has left. Source: stable-diffusion-webui v1.10.1, modules/api/api.py,
/// infotext_utils.py (behaviour).
/// </summary>
internal static partial class InfoRoutes
{
    private static readonly PayloadSchema Schema = new(
        new PayloadField("image", PayloadType.Text) { IsRequired = true, RefusesNull = true }
    );

    /// <summary>What a text means that does not say it.</summary>
    private static readonly (string Key, string Value)[] Defaults =
    [
        ("Clip skip", "1"),
        ("Hires resize-1", "0"),
        ("Hires resize-2", "0"),
        ("Hires sampler", "Use same sampler"),
        ("Hires schedule type", "Use same scheduler"),
        ("Hires checkpoint", "Use same checkpoint"),
        ("Hires prompt", ""),
        ("Hires negative prompt", ""),
        ("Mask mode", "Inpaint masked"),
        ("Masked content", "original"),
        ("Inpaint area", "Whole picture"),
        ("Masked area padding", "32"),
        ("RNG", "GPU"),
        ("Schedule type", "Automatic"),
        ("Schedule max sigma", "0"),
        ("Schedule min sigma", "0"),
        ("Schedule rho", "0"),
        ("VAE Encoder", "Full"),
        ("VAE Decoder", "Full"),
        ("FP8 weight", "Disable"),
        ("Cache FP16 weight for LoRA", "False"),
        ("Emphasis", "Original"),
        ("Refiner switch by sampling steps", "False"),
    ];

    public static void Map(WebUiRouter router)
    {
        router.Post("/sdapi/v1/png-info", PngInfoAsync);
        router.Get("/sdapi/v1/memory", Memory);
    }

    private static async Task<JsonNode?> PngInfoAsync(HttpContext context)
    {
        var payload = await PayloadBody.ReadAsync(context, Schema).ConfigureAwait(false);
        var text = payload.Text("image")!;
        if (text.Trim().Length == 0)
        {
            throw WebUiException.Http(404, "Image not found");
        }

        var source = PayloadPictures.Read(text);
        PictureTexts texts;
        try
        {
            texts = PictureTexts.Read(source.ReadBytes());
        }
        catch (PictureException e)
        {
            throw WebUiException.Http(500, "Invalid encoded image", e.Message);
        }

        var info = texts.Parameters ?? "";
        var items = new JsonObject();
        foreach (var (key, value) in texts.Named.Where(named => named.Key != PictureTexts.ParametersKey))
        {
            items[key] = value;
        }

        return new JsonObject
        {
            ["info"] = info,
            ["items"] = items,
            ["parameters"] = Parameters(Infotext.Parse(info)),
        };
    }

    private static JsonObject Parameters(Infotext text)
    {
        var parameters = new JsonObject { ["Prompt"] = text.Prompt, ["Negative prompt"] = text.NegativePrompt };
        foreach (var (key, value) in text.Settings)
        {
            if (Size().Match(value) is { Success: true } size)
            {
                parameters[key + "-1"] = size.Groups["width"].Value;
                parameters[key + "-2"] = size.Groups["height"].Value;
            }
            else
            {
                parameters[key] = value;
            }
        }

        foreach (var (key, value) in Defaults.Where(one => !parameters.ContainsKey(one.Key)))
        {
            parameters[key] = value;
        }

        return parameters;
    }

    private static JsonObject Memory()
    {
        using var process = Process.GetCurrentProcess();
        var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var used = process.WorkingSet64;
        return new JsonObject
        {
            ["ram"] = new JsonObject
            {
                ["free"] = Math.Max(0, total - used),
                ["used"] = used,
                ["total"] = total,
            },
            ["cuda"] = new JsonObject { ["error"] = "unavailable" },
        };
    }

    [GeneratedRegex(@"^(?<width>\d+)x(?<height>\d+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Size();
}
