using System.Text.RegularExpressions;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// What the names in LoRA files say: the module, and which of its parts a tensor is. Source: the names that kohya-ss sd-scripts, PEFT and diffusers (today's, <c>lora_linear_layer</c>, and the attention
/// processors before) write; the golden JSON lists them.
/// </summary>
internal static partial class LoraNames
{
    public const string Down = "down";
    public const string Up = "up";
    public const string Middle = "middle";
    public const string Alpha = "alpha";

    private static readonly (string Ending, string Part)[] Endings =
    [
        (".lora_down.weight", Down), (".lora_up.weight", Up), (".lora_mid.weight", Middle), (".alpha", Alpha),
        (".lora_A.weight", Down), (".lora_B.weight", Up), (".lora_A.default.weight", Down), (".lora_B.default.weight", Up),
        (".lora_linear_layer.down.weight", Down), (".lora_linear_layer.up.weight", Up), (".lora.down.weight", Down), (".lora.up.weight", Up),
    ];

    /// <summary>Parts of names that only other kinds of files have, and what those are called; ^ and $ stand for the beginning and the end of a name.</summary>
    private static readonly (string Sign, string Kind)[] OtherKinds =
    [
        (".hada_", "a LoHa (LyCORIS)"), (".lokr_", "a LoKr (LyCORIS)"), (".dora_scale", "a DoRA"), (".lora_magnitude_vector", "a DoRA"), (".oft_", "an OFT network (LyCORIS)"), (".on_input", "an (IA)³ network"),
        (".diff$", "a network of full differences (LyCORIS)"), (".diff_b$", "a network of full differences (LyCORIS)"), (".w_norm", "a network with norms (LyCORIS)"), (".a1.weight", "a GLoRA"), (".lora_embedding_", "a LoRA with token embeddings"),
        ("^bundle_emb.", "a LoRA with textual-inversion embeddings in it"), ("^lora_controlnet$", "a Control-LoRA"), ("^lllite_", "a ControlNet-LLLite"),
    ];

    /// <summary>The kind of a file that has such a name and is no plain LoRA; null for names that say nothing of it.</summary>
    public static string? OtherKindOf(string name) => Array.Find(OtherKinds, row => $"^{name}$".Contains(row.Sign, StringComparison.Ordinal)).Kind;

    /// <summary>Module and part of a name; null where it is neither kohya's nor diffusers'.</summary>
    public static (string Module, string Part)? Of(string name)
    {
        if (Array.Find(Endings, row => name.EndsWith(row.Ending, StringComparison.Ordinal)) is { Part: { } part } row)
        {
            return (name[..^row.Ending.Length], part);
        }

        var processor = Processor().Match(name);
        return !processor.Success ? null
            : ($"{processor.Groups["attention"].Value}.{processor.Groups["layer"].Value}{(processor.Groups["layer"].Value == "to_out" ? ".0" : "")}", processor.Groups["part"].Value);
    }

    [GeneratedRegex(@"^(?<attention>.+)\.processor\.(?<layer>to_(q|k|v|out))_lora\.(?<part>down|up)\.weight$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Processor();
}
