using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ControlNetSharp.Text;

/// <summary>
/// Writes the tokenizer as transformers reads it: what a folder in diffusers' layout has beside each text encoder.
/// Source: the tokenizer folders of the published SD 1.5, 2.1 and SDXL models.
/// </summary>
internal static class TokenizerFiles
{
    /// <summary>The folder of the first text encoder's tokenizer.</summary>
    public const string Folder = "tokenizer";

    private const string MergesVersion = "#version: 0.2";
    private static readonly JsonSerializerOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    /// <summary>Writes vocab.json, merges.txt, tokenizer_config.json and special_tokens_map.json.</summary>
    /// <param name="folder">A folder that is there.</param>
    /// <param name="padToken">What fills a row behind its end token: <see cref="TextEncoderParams.PadToken"/>.</param>
    public static void Write(string folder, int padToken)
    {
        var (tokens, merges) = ClipTokenizer.Default.Spelled();
        // An encoder with a smaller table than CLIP's pads with its own last token, which stands for the end token.
        var pad = padToken == 0 ? tokens[0] : PromptWords.EndText;
        File.WriteAllText(
            Path.Combine(folder, "vocab.json"),
            JsonSerializer.Serialize(
                tokens.Index().ToDictionary(token => token.Item, token => token.Index, StringComparer.Ordinal),
                Compact
            )
        );
        File.WriteAllText(
            Path.Combine(folder, "merges.txt"),
            $"{MergesVersion}\n{string.Join('\n', merges.Select(merge => $"{merge.Left} {merge.Right}"))}\n",
            new UTF8Encoding(false)
        );
        Json(
            "tokenizer_config.json",
            new Dictionary<string, object?>
            {
                ["add_prefix_space"] = false,
                ["bos_token"] = Special(PromptWords.StartText, isAdded: true),
                ["do_lower_case"] = true,
                ["eos_token"] = Special(PromptWords.EndText, isAdded: true),
                ["errors"] = "replace",
                ["model_max_length"] = ClipTokenizer.ContextLength,
                ["pad_token"] = pad,
                ["tokenizer_class"] = "CLIPTokenizer",
                ["unk_token"] = Special(PromptWords.EndText, isAdded: true),
            }
        );
        Json(
            "special_tokens_map.json",
            new Dictionary<string, object?>
            {
                ["bos_token"] = Special(PromptWords.StartText, isAdded: false),
                ["eos_token"] = Special(PromptWords.EndText, isAdded: false),
                ["pad_token"] = pad,
                ["unk_token"] = Special(PromptWords.EndText, isAdded: false),
            }
        );

        void Json(string name, Dictionary<string, object?> content) =>
            File.WriteAllText(Path.Combine(folder, name), JsonSerializer.Serialize(content, Indented));
    }

    private static Dictionary<string, object> Special(string text, bool isAdded)
    {
        var token = new Dictionary<string, object>
        {
            ["content"] = text,
            ["lstrip"] = false,
            ["normalized"] = true,
            ["rstrip"] = false,
            ["single_word"] = false,
        };
        if (isAdded)
        {
            token["__type"] = "AddedToken";
        }

        return token;
    }
}
