using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Text;

namespace ControlNetSharp.Cli;

/// <summary>The files of the networks of a generation. Each is read for its hash at most once.</summary>
internal sealed class NetworkFiles
{
    private readonly Dictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<UnitSpecification> _units;

    /// <summary>Looks for them; none is opened but for its family.</summary>
    /// <exception cref="UsageException">One is not found.</exception>
    public NetworkFiles(GenerateSettings settings)
    {
        _units = settings.Units;
        Model = ModelFiles.FindModel(settings.ModelName);
        ControlNets = [.. _units.Select(unit => unit.Strength.IsOn ? ModelFiles.FindControlNet(unit, settings.ModelName, Model, settings.ModelsFolder) : null)];
        Annotators = ModelFiles.ForAnnotators(settings.ModelsFolder);
        var beside = PromptFiles.Beside(Model, settings.ModelsFolder);
        ForPrompts = settings.Recorded?.PromptFiles(beside) ?? beside;
        (Loras, Embeddings) = (settings.FindLoras(ForPrompts), settings.FindEmbeddings(ForPrompts));
    }

    /// <summary>File or folder of the model.</summary>
    public string Model { get; }

    /// <summary>File of each unit's ControlNet; null where the unit never acts.</summary>
    public IReadOnlyList<string?> ControlNets { get; }

    /// <summary>Weights of annotators.</summary>
    public AnnotatorFiles Annotators { get; }

    /// <summary>What prompts may name.</summary>
    public PromptFiles ForPrompts { get; }

    /// <summary>The files of the LoRAs that the prompt names, by these names.</summary>
    public IReadOnlyDictionary<string, string> Loras { get; }

    /// <summary>The files of the textual inversions that the prompts name, by these names.</summary>
    public IReadOnlyDictionary<string, string> Embeddings { get; }

    /// <summary>SHA-256 of a file or of a folder's weights.</summary>
    public string HashOf(string path) => _hashes.TryGetValue(path, out var known) ? known : _hashes[path] = CheckpointHash.OfModel(path);

    /// <summary>Whether a unit's residuals are averaged over the picture: as the unit says, else as the ControlNet's name (shuffle) or its diffusers configuration does.</summary>
    public bool Pools(int index) => _units[index].Pools ?? (ControlNets[index] is { } file && (Path.GetFileName(file).Contains("shuffle", StringComparison.OrdinalIgnoreCase) || ConfigurationPools(file)));

    private static bool ConfigurationPools(string file)
    {
        // In a folder of single files config.json would belong to any of them.
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "config.json");
        if (!Path.GetFileName(file).StartsWith("diffusion_pytorch_model", StringComparison.Ordinal) || !File.Exists(path))
        {
            return false;
        }

        try
        {
            using var config = JsonDocument.Parse(ByteOrderMark.Removed(File.ReadAllBytes(path)));
            return config.RootElement.ValueKind == JsonValueKind.Object && config.RootElement.TryGetProperty("global_pool_conditions", out var pools) && pools.ValueKind == JsonValueKind.True;
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, $"it is no JSON object: {e.Message}", innerException: e);
        }
    }
}
