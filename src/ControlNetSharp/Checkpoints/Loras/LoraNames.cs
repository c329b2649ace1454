using System.Text.RegularExpressions;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// What the names in LoRA files say: the module, and which of its parts a tensor is. Source: the names that kohya-ss
/// sd-scripts, PEFT and diffusers (today's, <c>lora_linear_layer</c>, and the attention
/// processors before, in text encoders without a processor) write; the golden JSON lists them.
/// </summary>
internal static partial class LoraNames
{
    public const string Down = "down";
    public const string Up = "up";
    public const string Middle = "middle";
    public const string Alpha = "alpha";
    public const string Magnitude = "dora_scale";
    public const string Difference = "diff";

    /// <summary>What stands behind the name of a module for its bias.</summary>
    public const string Bias = ".bias";

    /// <summary>The parts of a LoHa: rows, columns and middle part of each factor.</summary>
    public static IReadOnlyList<string> LohaParts { get; } =
    ["hada_w1_a", "hada_w1_b", "hada_t1", "hada_w2_a", "hada_w2_b", "hada_t2"];

    /// <summary>The parts of a LoKr: each factor whole, its rows, its columns; the middle part of the second.</summary>
    public static IReadOnlyList<string> LokrParts { get; } =
    ["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"];

    private static readonly (string Ending, string Part)[] Endings =
    [
        (".lora_down.weight", Down),
        (".lora_up.weight", Up),
        (".lora_mid.weight", Middle),
        (".alpha", Alpha),
        (".lora_linear_layer.down.weight", Down),
        (".lora_linear_layer.up.weight", Up),
        (".lora.down.weight", Down),
        (".lora.up.weight", Up),
        ("." + Magnitude, Magnitude),
        ("." + Difference, Difference),
        (".w_norm", Difference),
        .. LohaParts.Concat(LokrParts).Select(part => ("." + part, part)),
    ];

    /// <summary>The differences of biases.</summary>
    private static readonly string[] OfBiases = [".diff_b", ".b_norm"];

    /// <summary>What stands before the names of kohya and LyCORIS.</summary>
    private static readonly string[] Kohya = ["lora_unet_", "lora_te_", "lora_te1_", "lora_te2_", "lycoris_"];

    /// <summary>What stands before those of diffusers and cloneofsimo.</summary>
    private static readonly string[] Networks =
    [
        "unet.",
        "unet:",
        "text_encoder.",
        "text_encoder:",
        "base_model.model.",
        "bundle_emb.",
    ];

    /// <summary>
    /// Parts of names that only other kinds of files have, and what those are called; ^ and $ stand for the beginning
    /// and the end of a name.
    /// </summary>
    private static readonly (string Sign, string Kind)[] OtherKinds =
    [
        (".lora_magnitude_vector", "a DoRA of PEFT"),
        (".oft_", "an OFT network (LyCORIS)"),
        (".on_input", "an (IA)³ network"),
        (".a1.weight", "a GLoRA"),
        (".lora_embedding_", "a LoRA with token embeddings"),
        ("^bundle_emb.", "a LoRA with textual-inversion embeddings in it"),
        ("^lora_controlnet$", "a Control-LoRA"),
        ("^lllite_", "a ControlNet-LLLite"),
        ("^unet:", "a LoRA of cloneofsimo/lora, whose tensors have numbers for names"),
        ("^text_encoder:", "a LoRA of cloneofsimo/lora, whose tensors have numbers for names"),
        ("_custom_diffusion.", "a network of Custom Diffusion"),
    ];

    /// <summary>
    /// The kind of a file that has such a name and is no plain LoRA; null for names that say nothing of it.
    /// </summary>
    public static string? OtherKindOf(string name) =>
        Array.Find(OtherKinds, row => $"^{name}$".Contains(row.Sign, StringComparison.Ordinal)).Kind;

    /// <summary>Whether only LoRAs and their kin have such a name.</summary>
    public static bool IsOfLora(string name) =>
        IsOfKohya(name)
        || Of(name)?.Part is Down or Up
        || ((OtherKindOf(name) is not null || Of(name) is not null) && BeginsWithOneOf(Networks, name));

    /// <summary>Whether kohya's programs, and LyCORIS after them, write such a name.</summary>
    public static bool IsOfKohya(string name) =>
        name.EndsWith(".lora_down.weight", StringComparison.Ordinal) || BeginsWithOneOf(Kohya, name);

    /// <summary>Module and part of a name; null where it is neither kohya's nor diffusers' nor PEFT's.</summary>
    public static (string Module, string Part)? Of(string name)
    {
        if (Array.Find(Endings, row => name.EndsWith(row.Ending, StringComparison.Ordinal)) is { Part: { } part } row)
        {
            return (name[..^row.Ending.Length], part);
        }

        if (Array.Find(OfBiases, ending => name.EndsWith(ending, StringComparison.Ordinal)) is { } bias)
        {
            return (name[..^bias.Length] + Bias, Difference);
        }

        if (Peft().Match(name) is { Success: true } peft)
        {
            return (peft.Groups["module"].Value, peft.Groups["side"].Value == "A" ? Down : Up);
        }

        if (Processor().Match(name) is not { Success: true } processor)
        {
            return null;
        }

        var (attention, layer) = (processor.Groups["attention"].Value, processor.Groups["layer"].Value);
        var isUNet = processor.Groups["unet"].Success;
        var projection =
            !isUNet ? $"{layer}_proj"
            : layer == "out" ? "to_out.0"
            : $"to_{layer}";
        return ($"{attention}.{projection}", processor.Groups["part"].Value);
    }

    /// <summary>The adapter that a tensor belongs to, where PEFT writes one into its name; otherwise null.</summary>
    public static string? AdapterOf(string name) =>
        Peft().Match(name).Groups["adapter"] is { Success: true, Value: var adapter } ? adapter : null;

    private static bool BeginsWithOneOf(string[] starts, string name) =>
        Array.Exists(starts, start => name.StartsWith(start, StringComparison.Ordinal));

    [GeneratedRegex(
        @"^(?<module>.+)\.lora_(?<side>A|B)(\.(?<adapter>[^.]+))?\.weight$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Peft();

    [GeneratedRegex(
        @"^(?<attention>.+?)\.(?<unet>processor\.)?to_(?<layer>q|k|v|out)_lora\.(?<part>down|up)\.weight$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Processor();
}
