using System.Text.Json;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>Whether a ControlNet's file says that its residuals are averaged over the picture.</summary>
internal static class ResidualPoolingFile
{
    /// <summary>By its name (control_v11e_sd15_shuffle), or by the configuration of diffusers beside it.</summary>
    /// <exception cref="CheckpointException">The configuration is no JSON.</exception>
    public static bool Asks(string file) =>
        Path.GetFileName(file).Contains("shuffle", StringComparison.OrdinalIgnoreCase) || ConfigurationAsks(file);

    private static bool ConfigurationAsks(string file)
    {
        // In a folder of single files config.json would belong to any of them.
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "config.json");
        if (
            !Path.GetFileName(file).StartsWith("diffusion_pytorch_model", StringComparison.Ordinal)
            || !File.Exists(path)
        )
        {
            return false;
        }

        try
        {
            using var config = JsonDocument.Parse(ByteOrderMark.Removed(File.ReadAllBytes(path)));
            return config.RootElement.ValueKind == JsonValueKind.Object
                && config.RootElement.TryGetProperty("global_pool_conditions", out var pools)
                && pools.ValueKind == JsonValueKind.True;
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, $"it is no JSON object: {e.Message}", innerException: e);
        }
    }
}
