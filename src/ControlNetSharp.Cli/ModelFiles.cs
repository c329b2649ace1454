using ControlNetSharp.Annotators;

namespace ControlNetSharp.Cli;

/// <summary>Where models and ControlNets lie: the embedded model beside the program, and the folders that the user names.</summary>
internal static class ModelFiles
{
    /// <summary>The name of the embedded model.</summary>
    public const string Pocket = "pocket";

    private static string PocketFolder => Path.Combine(AppContext.BaseDirectory, Pocket);

    /// <summary>The file or folder of a model.</summary>
    /// <param name="model"><c>pocket</c> or a path.</param>
    /// <exception cref="UsageException">There is no such file.</exception>
    public static string FindModel(string model)
    {
        if (model == Pocket)
        {
            var folder = Path.Combine(PocketFolder, "model");
            return Directory.Exists(folder) ? folder : throw UsageException.Of("--model", model, $"the embedded model is not beside the program (looked in {folder}); give a checkpoint file instead.");
        }

        return File.Exists(model) || Directory.Exists(model) ? model : throw UsageException.Of("--model", model, $"there is no such file; '{Pocket}' is the embedded model.");
    }

    /// <summary>The file of the ControlNet for a condition kind.</summary>
    /// <param name="unit">The unit; its own file counts first.</param>
    /// <param name="model">The model as the user named it.</param>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    /// <exception cref="UsageException">None was found; the message lists the names and folders that were searched.</exception>
    public static string FindControlNet(UnitSpecification unit, string model, string? folder)
    {
        if (unit.Model is { } own)
        {
            return File.Exists(own) ? own : throw UsageException.Of("--control", $"model={own}", "there is no such file.");
        }

        return FindControlNet(unit.Kind, model, folder);
    }

    /// <inheritdoc cref="FindControlNet(UnitSpecification, string, string?)"/>
    public static string FindControlNet(ConditionKind kind, string model, string? folder)
    {
        var names = model == Pocket ? [$"controlnet_{kind.Name}.safetensors"] : PublicNames(kind);
        string[] folders = model == Pocket ? [PocketFolder] : [.. new[] { folder, Path.GetDirectoryName(Path.GetFullPath(model)) }.OfType<string>().SelectMany(f => new[] { f, Path.Combine(f, "ControlNet") })];
        return folders.SelectMany(f => names.Select(name => Path.Combine(f, name))).FirstOrDefault(File.Exists)
            ?? throw UsageException.Of("--control", kind.Name, $"no ControlNet was found for this kind. Searched for {string.Join(", ", names)} in {string.Join(", ", folders)}; give model=FILE.");
    }

    /// <summary>File names under which the ControlNets of SD 1.5 and 2.1 are published (lllyasviel/ControlNet-v1-1, thibaud/controlnet-sd21).</summary>
    private static string[] PublicNames(ConditionKind kind)
    {
        var name = kind.Name switch
        {
            "hough" => "mlsd",
            "hed" => "softedge",
            "pose" => "openpose",
            "segmentation" => "seg",
            "normal" => "normalbae",
            var other => other,
        };
        return [.. new[] { $"control_v11p_sd15_{name}", $"control_v11f1p_sd15_{name}", $"control_sd15_{name}", $"control_v11p_sd21_{name}" }.Select(file => file + ".safetensors")];
    }
}
