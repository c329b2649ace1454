using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Networks.Controls;

namespace ControlNetSharp.Models;

/// <summary>
/// Under which names ControlNets are published. Of a family and kind the first row counts where a person names none.
/// Source: the file lists of lllyasviel/ControlNet, ControlNet-v1-1 and sd_control_collection,
/// webui/ControlNet-modules-safetensors, comfyanonymous/ControlNet-v1-1_fp16_safetensors, thibaud/controlnet-sd21,
/// stabilityai/control-lora, kohya-ss/controlnet-lllite, h94/IP-Adapter, and the hub's pages of the others.
/// </summary>
internal static class PublishedNames
{
    private const string Sd1 = ModelFamily.StableDiffusion1;
    private const string Sd2 = ModelFamily.StableDiffusion2;
    private const string Xl = ModelFamily.StableDiffusionXl;
    private const string ControlLora = "control-lora";
    private const string Lllite = "controlnet-lllite";
    private const string Union = "controlnet-union";
    private const string Adapter = "t2i-adapter";
    private const string Pictures = "ip-adapter";

    /// <summary>IP-Adapters that were trained with faces.</summary>
    private const string Face = IpAdapterFile.Kind + "_face";

    /// <summary>All rows, by family.</summary>
    public static IReadOnlyList<PublishedNetwork> All { get; } =
    [
        // ControlNet 1.1: v11p is finished, v11f1 mended, v11e experimental, v11u unfinished.
        .. Version11("canny", "v11p_sd15_canny"),
        .. Version11("hough", "v11p_sd15_mlsd"),
        .. Version11("hed", "v11p_sd15_softedge"),
        .. Version11("scribble", "v11p_sd15_scribble"),
        .. Version11("pose", "v11p_sd15_openpose"),
        .. Version11("segmentation", "v11p_sd15_seg"),
        .. Version11("normal", "v11p_sd15_normalbae"),
        .. Version11("depth", "v11f1p_sd15_depth"),
        .. Version11("depth", "v11p_sd15_depth"),
        .. Version11("lineart", "v11p_sd15_lineart"),
        .. Version11("lineart_anime", "v11p_sd15s2_lineart_anime"),
        .. Version11("inpaint", "v11p_sd15_inpaint"),
        .. Version11("tile", "v11f1e_sd15_tile"),
        .. Version11("tile", "v11u_sd15_tile"),
        .. Version11("shuffle", "v11e_sd15_shuffle"),
        .. Version11("ip2p", "v11e_sd15_ip2p"),
        // ControlNet 1.0.
        Version10("canny", "canny"),
        Version10("hough", "mlsd"),
        Version10("hed", "hed"),
        Version10("scribble", "scribble"),
        Version10("pose", "openpose"),
        Version10("segmentation", "seg"),
        // Its normal maps are MiDaS' and go in with red and blue exchanged; those of 1.1 are other colours.
        Version10("normal_midas", "normal"),
        Version10("depth", "depth"),
        new(Sd1, "recolor", ["ioclab_sd15_recolor"]),
        new(Sd1, "brightness", ["control_v1p_sd15_brightness", "ioclab/control_v1p_sd15_brightness"]),
        new(Sd1, "qr", ["control_v1p_sd15_qrcode_monster_v2", "monster-labs/control_v1p_sd15_qrcode_monster"]),
        new(Sd1, "qr", ["control_v1p_sd15_qrcode_monster"]),
        new(Sd1, "qr", ["control_v1p_sd15_qrcode", "DionTimmer/controlnet_qrcode-control_v1p_sd15"]),
        // T2I-Adapters.
        T2I("canny", "canny_sd15v2", "canny_sd14v1"),
        T2I("depth", "depth_sd15v2", "depth_sd14v1"),
        T2I("depth", "zoedepth_sd15v1"),
        T2I("scribble", "sketch_sd15v2", "sketch_sd14v1"),
        T2I("pose", "openpose_sd14v1"),
        T2I("pose_keypose", "keypose_sd14v1"),
        T2I("segmentation", "seg_sd14v1"),
        T2I("color", "color_sd14v1"),
        // IP-Adapters.
        Ip(Sd1, IpAdapterFile.Kind, "ip-adapter_sd15"),
        Ip(Sd1, IpAdapterFile.Kind, "ip-adapter-plus_sd15", "ip-adapter_sd15_plus"),
        Ip(Sd1, IpAdapterFile.Kind, "ip-adapter_sd15_vit-G"),
        Ip(Sd1, IpAdapterFile.Kind, "ip-adapter_sd15_light_v11"),
        Ip(Sd1, IpAdapterFile.Kind, "ip-adapter_sd15_light"),
        Ip(Sd1, Face, "ip-adapter-plus-face_sd15"),
        Ip(Sd1, Face, "ip-adapter-full-face_sd15"),
        // SD 2.1.
        Version21("canny", "canny"),
        new(Sd2, "hough", ["control_v11p_sd21_mlsd"]),
        Version21("hed", "hed"),
        Version21("scribble", "scribble"),
        Version21("pose", "openpose"),
        Version21("pose", "openposev2"),
        Version21("segmentation", "ade20k"),
        Version21("normal", "normalbae"),
        Version21("depth", "depth"),
        Version21("depth", "zoedepth"),
        Version21("lineart", "lineart"),
        Version21("color", "color"),
        // SDXL. What nobody has published under the usual name is looked for under it, too: people name their own so.
        Sdxl("canny", "xinsir", "canny"),
        Sdxl("hough", null, "mlsd"),
        Sdxl("hed", null, "softedge", "hed"),
        Sdxl("scribble", "xinsir", "scribble"),
        Sdxl("pose", "xinsir", "openpose", "pose"),
        Sdxl("segmentation", null, "seg", "segmentation"),
        Sdxl("normal", null, "normalbae", "normal"),
        Sdxl("depth", "xinsir", "depth"),
        Sdxl("lineart", null, "lineart"),
        Sdxl("lineart_anime", null, "lineart-anime"),
        Sdxl("tile", "xinsir", "tile"),
        Sdxl("inpaint", null, "inpaint"),
        Sdxl("shuffle", null, "shuffle"),
        Sdxl("ip2p", null, "ip2p"),
        new(Xl, "canny", ["diffusers_xl_canny_full", "diffusers/controlnet-canny-sdxl-1.0"]),
        new(Xl, "canny", ["diffusers_xl_canny_mid", "diffusers/controlnet-canny-sdxl-1.0-mid"]),
        new(Xl, "canny", ["diffusers_xl_canny_small", "diffusers/controlnet-canny-sdxl-1.0-small"]),
        new(Xl, "depth", ["diffusers_xl_depth_full", "diffusers/controlnet-depth-sdxl-1.0"]),
        new(Xl, "depth", ["diffusers_xl_depth_mid", "diffusers/controlnet-depth-sdxl-1.0-mid"]),
        new(Xl, "depth", ["diffusers_xl_depth_small", "diffusers/controlnet-depth-sdxl-1.0-small"]),
        new(Xl, "depth", ["depth-zoe-xl-v1.0-controlnet", "diffusers/controlnet-zoe-depth-sdxl-1.0"]),
        new(Xl, "depth", ["sargezt_xl_depth", "SargeZT/controlnet-v1e-sdxl-depth"]),
        new(Xl, "depth", ["sargezt_xl_depth_faid_vidit", "SargeZT/controlnet-sd-xl-1.0-depth-faid-vidit"]),
        new(Xl, "depth", ["sargezt_xl_depth_zeed", "SargeZT/controlnet-sd-xl-1.0-depth-zeed"]),
        new(Xl, "hed", ["sargezt_xl_softedge", "SargeZT/controlnet-sd-xl-1.0-softedge-dexined"]),
        new(Xl, "pose", ["thibaud_xl_openpose", "OpenPoseXL2", "thibaud/controlnet-openpose-sdxl-1.0"]),
        new(Xl, "lineart", ["mistoLine_fp16", "TheMistoAI/MistoLine"]),
        new(
            Xl,
            "tile",
            ["TTPLANET_Controlnet_Tile_realistic_v2_fp16", "TTPlanet/TTPLanet_SDXL_Controlnet_Tile_Realistic"]
        ),
        new(Xl, "inpaint", ["destitech/controlnet-inpaint-dreamer-sdxl"]),
        // SDXL in other forms.
        .. StabilityLoras("canny", "canny"),
        .. StabilityLoras("depth", "depth"),
        .. StabilityLoras("scribble", "sketch"),
        .. StabilityLoras("recolor", "recolor"),
        new(Xl, "pose", ["thibaud_xl_openpose_256lora", "control-lora-openposeXL2-rank256"]) { Form = ControlLora },
        new(Xl, "lineart", ["mistoLine_rank256"]) { Form = ControlLora },
        Kohya("canny", "canny", "v01032064e_sdxl_canny"),
        Kohya("canny", "canny_anime", "v01032064e_sdxl_canny_anime"),
        Kohya("depth", "depth", "v01032064e_sdxl_depth_500-1000"),
        Kohya("depth", "depth_anime", "v01008016e_sdxl_depth_anime"),
        Kohya("scribble", "scribble_anime", "v01032064e_sdxl_fake_scribble_anime"),
        Kohya("pose", "openpose_anime", "v01032064e_sdxl_pose_anime"),
        Kohya("pose", "openpose_anime_v2", "v01032064e_sdxl_pose_anime_v2_500-1000"),
        Kohya("tile_blur", "blur", "v01032064e_sdxl_blur-500-1000"),
        Kohya("tile_blur", "blur_anime", "v01032064e_sdxl_blur-anime_500-1000"),
        Kohya("tile_blur", "blur_anime_beta", "v01016032e_sdxl_blur_anime_beta"),
        T2IXl("canny", "canny"),
        T2IXl("depth", "depth_midas"),
        T2IXl("depth", "depth_zoe"),
        T2IXl("pose", "openpose"),
        T2IXl("scribble", "sketch"),
        T2IXl("lineart", "lineart"),
        Ip(Xl, IpAdapterFile.Kind, "ip-adapter_sdxl_vit-h"),
        Ip(Xl, IpAdapterFile.Kind, "ip-adapter-plus_sdxl_vit-h"),
        Ip(Xl, IpAdapterFile.Kind, "ip-adapter_sdxl", "ip-adapter_xl"),
        Ip(Xl, Face, "ip-adapter-plus-face_sdxl_vit-h"),
        new(Xl, PublishedNetwork.Union, ["controlnet-union-sdxl-1.0", "xinsir/controlnet-union-sdxl-1.0"])
        {
            Form = Union,
        },
        new(Xl, PublishedNetwork.Union, ["controlnet-union-sdxl-1.0_promax", "xinsir-controlnet-union-sdxl-1.0-promax"])
        {
            Form = Union,
        },
    ];

    private static readonly Dictionary<string, PublishedNetwork> ByName = All.SelectMany(row =>
            row.Names.Select(name => (name, row))
        )
        .ToDictionary(entry => entry.name, entry => entry.row, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The networks of a condition kind, then those of its variants: <c>lineart</c> before <c>lineart_anime</c>.
    /// </summary>
    /// <param name="kind">The kind, or a variant, which is then the only one.</param>
    /// <param name="family">The model's family; one that is not listed is looked up as SD 1.x.</param>
    public static IEnumerable<PublishedNetwork> For(string kind, ModelFamily? family)
    {
        ArgumentNullException.ThrowIfNull(kind);
        var name = All.FirstOrDefault(row => row.Family == family?.Name)?.Family ?? Sd1;
        var rows = All.Where(row => row.Family == name).ToList();
        return rows.Where(row => row.Kind == kind).Concat(rows.Where(row => row.Kind.StartsWith(kind + "_")));
    }

    /// <summary>
    /// Those of <see cref="For"/> that can be run, ControlNets first; last the networks for several kinds, where this
    /// kind is one of theirs.
    /// </summary>
    /// <inheritdoc cref="For"/>
    public static IEnumerable<PublishedNetwork> RunnableFor(string kind, ModelFamily? family)
    {
        string[] forms = [PublishedNetwork.ControlNet, ControlLora, Adapter, Pictures, Lllite];
        var unions = All.Where(row => row.Form == Union && row.Family == family?.Name);
        return For(kind, family)
            .Where(row => forms.Contains(row.Form))
            .OrderBy(row => Array.IndexOf(forms, row.Form))
            .Concat(UnionKinds.Of(UnionKinds.Most).Contains(kind) ? unions.Reverse() : []);
    }

    /// <summary>What a file or repository of this name is; null for a name that is not known.</summary>
    /// <param name="name">With or without folder, extension and hash in brackets; in any case.</param>
    public static PublishedNetwork? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var whole = ModelLayout.WithoutExtension(ModelName.Parse(name).Plain);
        return ByName.GetValueOrDefault(whole) ?? ByName.GetValueOrDefault(whole[(whole.LastIndexOf('/') + 1)..]);
    }

    /// <summary>The other names of a network; none where the name is not known.</summary>
    internal static IReadOnlyList<string> OthersOf(string name) => Find(name)?.Names ?? [];

    private static PublishedNetwork[] Version11(string kind, string name) =>
        [
            new(Sd1, kind, [$"control_{name}", $"control_{name}_fp16", $"lllyasviel/control_{name}"]),
            new(Sd1, kind, [$"control_lora_rank128_{name}_fp16", $"control_lora_rank128_{name}"])
            {
                Form = ControlLora,
            },
        ];

    private static PublishedNetwork Version10(string kind, string word) =>
        new(
            Sd1,
            kind,
            [
                $"control_sd15_{word}",
                $"control_{word}-fp16",
                $"lllyasviel/sd-controlnet-{word}",
                $"fusing/stable-diffusion-v1-5-controlnet-{word}",
            ]
        );

    private static PublishedNetwork Version21(string kind, string word) =>
        new(
            Sd2,
            kind,
            [$"control_v11p_sd21_{word}", $"control_sd21_{word}", $"thibaud/controlnet-sd21-{word}-diffusers"]
        );

    /// <summary>The repository stands first: several organisations have one of the same name.</summary>
    private static PublishedNetwork Sdxl(string kind, string? organisation, params string[] words)
    {
        var names = words.Select(word => $"controlnet-{word}-sdxl-1.0").ToList();
        return new(Xl, kind, organisation is null ? names : [$"{organisation}/{names[0]}", .. names]);
    }

    private static PublishedNetwork[] StabilityLoras(string kind, string word) =>
        [
            new(Xl, kind, [$"sai_xl_{word}_256lora", $"control-lora-{word}-rank256"]) { Form = ControlLora },
            new(
                Xl,
                kind,
                [$"sai_xl_{word}_128lora", $"control-lora-{word}-rank128", $"control-lora-{word}-rank128-metadata"]
            )
            {
                Form = ControlLora,
            },
        ];

    private static PublishedNetwork Kohya(string kind, string word, string original) =>
        new(Xl, kind, [$"kohya_controllllite_xl_{word}", $"controllllite_{original}"]) { Form = Lllite };

    private static PublishedNetwork T2I(string kind, params string[] words) =>
        new(Sd1, kind, [.. words.SelectMany(word => new[] { $"t2iadapter_{word}", $"TencentARC/t2iadapter_{word}" })])
        {
            Form = Adapter,
        };

    private static PublishedNetwork Ip(string family, string kind, params string[] names) =>
        new(family, kind, names) { Form = Pictures };

    private static PublishedNetwork T2IXl(string kind, string word) =>
        new(
            Xl,
            kind,
            [
                $"t2i-adapter_diffusers_xl_{word}",
                $"t2i-adapter_xl_{word}",
                $"TencentARC/t2i-adapter-{word.Replace('_', '-')}-sdxl-1.0",
            ]
        )
        {
            Form = Adapter,
        };
}
