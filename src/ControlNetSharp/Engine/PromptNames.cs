using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;
using ControlNetSharp.Text;

namespace ControlNetSharp.Engine;

/// <summary>The files that prompts name.</summary>
internal static class PromptNames
{
    /// <summary>Looks for the LoRAs and textual inversions of a request's prompts.</summary>
    /// <exception cref="RequestException">A prompt cannot be read, or there is no such LoRA.</exception>
    public static PromptFiles Find(GenerationRequest request, ModelFinder finder, string model)
    {
        var second = request.Hires is { } hires ? hires.Steps ?? request.Steps : 0;
        var prompt = Parsed("prompt", request.Prompt, ParsedPrompt.Parse);
        var pieces = Parsed("prompt", prompt, parsed => parsed.Pieces(request.Steps, second));
        var negative = Parsed(
            "negativePrompt",
            request.NegativePrompt,
            text => ParsedPrompt.ParseNegative(text).Pieces(request.Steps, second)
        );
        var loras = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in prompt.Networks.Select(network => network.Name))
        {
            loras[name] = Lora(name, finder, model);
        }

        return PromptFiles.Of(loras, Embeddings([.. pieces, .. negative], finder, model));
    }

    private static Dictionary<string, string> Embeddings(
        IReadOnlyList<WeightedText> pieces,
        ModelFinder finder,
        string model
    )
    {
        // A file's name without its folder and extension is what a prompt has; where two have one name, the first
        // counts.
        var known = finder
            .List(ModelRole.Embedding, model)
            .GroupBy(entry => Path.GetFileNameWithoutExtension(entry.Name), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(entries => entries.Key, entries => entries.First().Path, StringComparer.OrdinalIgnoreCase);
        using var inversions = new TextualInversions(known.Keys, _ => []);
        return inversions.NamesIn(pieces).ToDictionary(name => name, name => known[name], StringComparer.Ordinal);
    }

    private static string Lora(string name, ModelFinder finder, string model)
    {
        try
        {
            return finder.Find(ModelRole.Lora, name, model);
        }
        catch (ModelNotFoundException e)
        {
            throw new RequestException("prompt", null, $"The prompt asks for the LoRA \"{name}\". {e.Message}", e);
        }
    }

    private static TResult Parsed<T, TResult>(string member, T prompt, Func<T, TResult> parse)
    {
        try
        {
            return parse(prompt);
        }
        catch (PromptException e)
        {
            throw new RequestException(member, null, e.Message, e);
        }
    }
}
