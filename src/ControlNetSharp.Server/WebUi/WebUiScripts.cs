using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// The scripts that clients look for. A client that misses <c>controlnet m2m</c> sends the units of one call with all
/// later ones, so it is listed, and refused where it is asked for.
/// </summary>
internal static class WebUiScripts
{
    private const string ControlNet = "controlnet",
        Videos = "controlnet m2m";

    /// <summary>Whether a script is one that a call chooses, and none that always runs.</summary>
    public static bool IsSelectable(string name) =>
        name.Equals(Videos, StringComparison.OrdinalIgnoreCase)
        || name.Equals(SdUpscale.Name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Names by route.</summary>
    public static JsonObject Names() =>
        new()
        {
            ["txt2img"] = new JsonArray(ControlNet, Videos),
            ["img2img"] = new JsonArray(SdUpscale.Name, ControlNet, Videos),
        };

    /// <summary>What each one takes.</summary>
    public static JsonArray Infos() =>
        [
            Info(ControlNet, isAlwaysOn: true, isImg2Img: false),
            Info(Videos, isAlwaysOn: false, isImg2Img: false),
            Info(
                SdUpscale.Name,
                isAlwaysOn: false,
                isImg2Img: true,
                Argument("", ""),
                Argument("Tile overlap", 64, 0, 256, 16),
                Argument("Upscaler", PictureUpscalers.None),
                Argument("Scale Factor", 2.0, 1, 4, 0.05)
            ),
            Info(ControlNet, isAlwaysOn: true, isImg2Img: true),
            Info(Videos, isAlwaysOn: false, isImg2Img: true),
        ];

    private static JsonObject Info(string name, bool isAlwaysOn, bool isImg2Img, params JsonNode[] arguments) =>
        new()
        {
            ["name"] = name,
            ["is_alwayson"] = isAlwaysOn,
            ["is_img2img"] = isImg2Img,
            ["args"] = new JsonArray(arguments),
        };

    private static JsonObject Argument(
        string label,
        JsonNode value,
        double? least = null,
        double? most = null,
        double? step = null
    ) =>
        new()
        {
            ["label"] = label,
            ["value"] = value,
            ["minimum"] = least,
            ["maximum"] = most,
            ["step"] = step,
            ["choices"] =
                label == "Upscaler" ? new JsonArray([.. PictureUpscalers.Names.Select(name => (JsonNode)name)]) : null,
        };
}
