using ControlNetSharp.Networks.Controls;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>
/// An image encoder that published IP-Adapters were trained with. Source: the file lists of h94/IP-Adapter,
/// laion/CLIP-ViT-H-14-laion2B-s32B-b79K, laion/CLIP-ViT-bigG-14-laion2B-39B-b160k and openai/clip-vit-large-patch14;
/// sd-webui-controlnet (clip_h and its kin) and ComfyUI_IPAdapter_plus, README (names).
/// </summary>
/// <param name="Name">What people call it.</param>
/// <param name="Width">Width of its tokens.</param>
/// <param name="EmbeddingWidth">Width of its embedding of a picture.</param>
/// <param name="Files">Names of its files, without extension.</param>
internal sealed record PublishedEncoder(string Name, int Width, int EmbeddingWidth, IReadOnlyList<string> Files)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<PublishedEncoder> All { get; } =
    [
        new(
            "CLIP ViT-H/14",
            1280,
            1024,
            ["CLIP-ViT-H-14-laion2B-s32B-b79K", "clip_h", "CLIP-ViT-H-14", "clip_vision_h", "clip_vision_vit_h"]
        ),
        new(
            "CLIP ViT-bigG/14",
            1664,
            1280,
            ["CLIP-ViT-bigG-14-laion2B-39B-b160k", "clip_g", "CLIP-ViT-bigG-14", "clip_vision_g"]
        ),
        new("CLIP ViT-L/14", 1024, 768, ["clip-vit-large-patch14", "clip_vitl", "clip_vision_l"]),
    ];

    /// <summary>The one that a projection takes its numbers from; null where none is published.</summary>
    public static PublishedEncoder? For(ImageProjectionParams projection) =>
        All.FirstOrDefault(encoder =>
            (projection.TakesTokens ? encoder.Width : encoder.EmbeddingWidth) == projection.Width
        );

    /// <summary>What a projection needs, in words.</summary>
    public static string NeedOf(ImageProjectionParams projection) =>
        For(projection) is { } encoder
            ? $"the image encoder {encoder.Name} ({encoder.Files[0]}.safetensors, or image_encoder/model.safetensors "
                + "beside it)"
            : $"a CLIP image encoder whose {(projection.TakesTokens ? "tokens" : "embeddings")} have "
                + $"{projection.Width} numbers";
}
