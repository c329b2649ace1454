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
        var second =
            request.Hires is { } hires ? hires.Steps ?? request.Steps
            : request.Upscale is { } upscale ? upscale.Steps ?? request.Steps
            : 0;
        var prompt = Parsed("prompt", request.Prompt, ParsedPrompt.Parse);
        var pieces = Parsed("prompt", prompt, parsed => parsed.Pieces(request.Steps, second));
        var negative = Parsed(
            "negativePrompt",
            request.NegativePrompt,
            text => ParsedPrompt.ParseNegative(text).Pieces(request.Steps, second)
        );
        var ofRegions = request.Regions.Index().SelectMany(region => Pieces(region.Item, $"regions[{region.Index}]"));
        var loras = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in prompt.Networks.Select(network => network.Name))
        {
            loras[name] = Lora(name, finder, model);
        }

        return PromptFiles.Of(
            loras,
            new PromptFiles(finder, model).EmbeddingsIn([.. pieces, .. negative, .. ofRegions])
        );

        IEnumerable<WeightedText> Pieces(PromptRegion region, string path) =>
            [
                .. Parsed(
                    path + ".prompt",
                    region.Prompt,
                    text => ParsedPrompt.Parse(text).Pieces(request.Steps, second)
                ),
                .. Parsed(
                    path + ".negativePrompt",
                    region.NegativePrompt ?? "",
                    text => ParsedPrompt.ParseNegative(text).Pieces(request.Steps, second)
                ),
            ];
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
