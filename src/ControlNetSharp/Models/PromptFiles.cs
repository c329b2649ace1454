using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;

namespace ControlNetSharp.Models;

/// <summary>
/// The files that prompts name by their file names without the extension: LoRAs and textual inversions, where a
/// <see cref="ModelFinder"/> finds them, or those that are said to be these.
/// </summary>
public sealed class PromptFiles
{
    private readonly Func<string, string> _findLora;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _embeddings;

    /// <summary>
    /// Files below some folders: the roots of A1111 or ComfyUI, their <c>models</c> folders, or any others with a
    /// folder for LoRAs in them.
    /// </summary>
    public PromptFiles(IEnumerable<string> roots)
        : this(FinderOf(roots), model: null) { }

    /// <summary>Files that a finder finds.</summary>
    /// <param name="finder">The finder. Borrowed.</param>
    /// <param name="model">The model beside which it looks, too; or null.</param>
    internal PromptFiles(ModelFinder finder, string? model)
    {
        _findLora = name => finder.Find(ModelRole.Lora, name, model);
        _embeddings = new(() => finder.Embeddings(model));
    }

    private PromptFiles(IReadOnlyDictionary<string, string> loras, IReadOnlyDictionary<string, string> embeddings)
    {
        Loras = loras;
        _findLora = name =>
            loras.TryGetValue(name, out var file)
                ? file
                : throw new ModelNotFoundException(
                    name,
                    loras.Count == 0
                        ? "There are no files for it."
                        : $"It is none of the files that belong to it: {string.Join(", ", loras.Keys)}."
                );
        _embeddings = new(embeddings);
    }

    /// <summary>These files and no others.</summary>
    /// <param name="loras">LoRAs by the names that the prompt has for them.</param>
    /// <param name="embeddings">Textual inversions, likewise.</param>
    public static PromptFiles Of(
        IReadOnlyDictionary<string, string> loras,
        IReadOnlyDictionary<string, string> embeddings
    ) => new(loras, embeddings);

    /// <summary>No files at all: prompts that name some are refused.</summary>
    public static PromptFiles None { get; } = Of(new Dictionary<string, string>(), new Dictionary<string, string>());

    /// <summary>
    /// Files beside a model: below a folder of one's own, below the model's folder, and where that is a folder of
    /// another program's, below its root.
    /// </summary>
    /// <param name="model">File or folder of the model.</param>
    /// <param name="folder">The folder of one's own, which counts first; null for none.</param>
    public static PromptFiles Beside(string model, string? folder) =>
        new(FinderOf(folder is null ? [] : [folder]), model);

    /// <summary>The files of textual inversions by the names that prompts have for them.</summary>
    public IReadOnlyDictionary<string, string> Embeddings => _embeddings.Value;

    /// <summary>The files of LoRAs by the names that a prompt has for them, where these were said; else none.</summary>
    internal IReadOnlyDictionary<string, string> Loras { get; } = new Dictionary<string, string>();

    /// <summary>The textual inversions that a prompt has.</summary>
    /// <param name="pieces">The prompt.</param>
    internal Dictionary<string, string> EmbeddingsIn(IEnumerable<WeightedText> pieces)
    {
        using var inversions = new TextualInversions(Embeddings.Keys, _ => []);
        return inversions.NamesIn(pieces).ToDictionary(name => name, name => Embeddings[name], StringComparer.Ordinal);
    }

    /// <summary>The same for the text encoders of a model; a file is read when a prompt has its name.</summary>
    /// <param name="texts">The text encoders. Borrowed.</param>
    /// <param name="family">The model's family.</param>
    /// <param name="placement">Where they are.</param>
    internal TextualInversions Inversions(IReadOnlyList<ITextEncoder> texts, ModelFamily family, Placement placement) =>
        new(Embeddings.Keys, name => TextualInversionFile.Read(Embeddings[name], texts, family, placement));

    /// <summary>The file of a LoRA.</summary>
    /// <param name="name">Its name without the extension; a folder may stand before it, as in <c>style/ink</c>.</param>
    /// <exception cref="ArgumentException">
    /// There is none or more than one; the message names what was searched and found.
    /// </exception>
    public string FindLora(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            return _findLora(name);
        }
        catch (ModelNotFoundException e)
        {
            throw new ArgumentException($"The prompt asks for the LoRA \"{name}\". {e.Message}", nameof(name), e);
        }
    }

    /// <summary>The LoRAs that a prompt asks for.</summary>
    /// <inheritdoc cref="FindLora" path="/exception"/>
    internal IReadOnlyList<LoraRequest> LorasOf(ParsedPrompt prompt) =>
        [
            .. prompt.Networks.Select(network => new LoraRequest(
                FindLora(network.Name),
                network.TextWeight,
                network.UNetWeight
            )),
        ];

    private static ModelFinder FinderOf(IEnumerable<string> roots) =>
        new(new ModelFinderOptions { Folders = [.. roots], HubCache = null });
}
