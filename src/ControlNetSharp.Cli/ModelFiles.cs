using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Evaluation;

namespace ControlNetSharp.Cli;

/// <summary>Where models and ControlNets lie: the embedded model beside the program, and the folders that the user names.</summary>
internal static class ModelFiles
{
    /// <summary>The name of the embedded model.</summary>
    public const string Pocket = "pocket";

    /// <summary>The folder of the embedded model.</summary>
    public static string PocketFolder => Path.Combine(AppContext.BaseDirectory, Pocket);

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
    /// <param name="modelPath">The model's file or folder; only ControlNets of its family are looked for.</param>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    /// <exception cref="CheckpointException">The model's file is damaged.</exception>
    /// <exception cref="UsageException">None was found; the message lists the names and folders that were searched.</exception>
    public static string FindControlNet(UnitSpecification unit, string model, string modelPath, string? folder)
    {
        if (unit.Model is { } own)
        {
            return File.Exists(own) ? own : throw UsageException.Of("--control", $"model={own}", "there is no such file.");
        }

        return FindControlNet(unit.Kind, model, modelPath, folder);
    }

    /// <summary>The file of the ControlNet for a condition kind where no file is named.</summary>
    /// <param name="kind">The condition kind.</param>
    /// <param name="model">The model as the user named it.</param>
    /// <param name="modelPath">The model's file or folder; only ControlNets of its family are looked for.</param>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    /// <param name="advice">How a file is named.</param>
    /// <exception cref="CheckpointException">The model's file is damaged.</exception>
    /// <exception cref="UsageException">None was found; the message lists the names and folders that were searched.</exception>
    public static string FindControlNet(ConditionKind kind, string model, string modelPath, string? folder, string advice = "model=FILE")
    {
        var (names, folders) = PlacesOfControlNets(kind, model, modelPath, folder);
        return FirstOf(names, folders)
            ?? throw UsageException.Of("--control", kind.Name, $"no ControlNet was found for this kind{(model == Pocket ? "" : " and the model's family")}. Searched for {string.Join(", ", names)} in {string.Join(", ", folders)}; give {advice}.");
    }

    /// <summary>The same, but null where there is none.</summary>
    /// <inheritdoc cref="FindControlNet(ConditionKind, string, string, string?, string)"/>
    public static string? LookForControlNet(ConditionKind kind, string model, string modelPath, string? folder)
    {
        var (names, folders) = PlacesOfControlNets(kind, model, modelPath, folder);
        return FirstOf(names, folders);
    }

    /// <summary>The file of the classifier of scenes; null where it is not there.</summary>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    public static string? LookForClassifier(string? folder) => FirstOf([SceneClassifier.FileName], [.. new[] { folder, PocketFolder }.OfType<string>()]);

    /// <summary>The folders in which annotators look for their weights: that of <c>--models</c> and those in it where A1111 and ComfyUI keep them.</summary>
    public static AnnotatorFiles ForAnnotators(string? folder) => folder is null ? AnnotatorFiles.None
        : new AnnotatorFiles([folder, Path.Combine(folder, "annotators"), Path.Combine(folder, "Annotators"), Path.Combine(folder, "ControlNet", "annotators")]);

    /// <summary>The checkpoints in the folder of <c>--models</c> and in that of the model; looked for when they are asked for.</summary>
    public static IEnumerable<string> Beside(string modelPath, string? folder) =>
        new[] { folder, Path.GetDirectoryName(Path.GetFullPath(modelPath)) }.OfType<string>().SelectMany(ModelFolders.List).Select(entry => Path.GetFullPath(entry.Path)).Distinct(StringComparer.Ordinal);

    private static (string[] Names, string[] Folders) PlacesOfControlNets(ConditionKind kind, string model, string modelPath, string? folder) => (
        model == Pocket ? [$"controlnet_{kind.Name}.safetensors"] : PublicNames(kind, FamilyOf(modelPath)),
        model == Pocket ? [PocketFolder] : [.. new[] { folder, Path.GetDirectoryName(Path.GetFullPath(modelPath)) }.OfType<string>().SelectMany(f => new[] { f, Path.Combine(f, "ControlNet") })]);

    private static string? FirstOf(string[] names, string[] folders) => folders.SelectMany(f => names.Select(name => Path.Combine(f, name))).FirstOrDefault(File.Exists);

    private static string? FamilyOf(string modelPath)
    {
        using var files = CheckpointFiles.Open(modelPath);
        return CheckpointKind.FamilyOf(files.Shapes)?.Name;
    }

    /// <summary>File names under which the ControlNets of SD 1.5 (lllyasviel/ControlNet-v1-1), 2.1 (thibaud/controlnet-sd21) or XL (xinsir and diffusers; lllyasviel/sd_control_collection) are published.</summary>
    private static string[] PublicNames(ConditionKind kind, string? family)
    {
        var (sd15, sd21) = kind.Name switch
        {
            "hough" => ("mlsd", "mlsd"),
            "hed" => ("softedge", "hed"),
            "pose" => ("openpose", "openpose"),
            "segmentation" => ("seg", "ade20k"),
            "normal" => ("normalbae", "normalbae"),
            var other => (other, other),
        };
        string[] names = family == ModelFamily.StableDiffusion2 ? [$"control_v11p_sd21_{sd21}"]
            : family == ModelFamily.StableDiffusionXl ? [$"controlnet-{sd15}-sdxl-1.0", $"diffusers_xl_{sd15}_full"]
            : [$"control_v11p_sd15_{sd15}", $"control_v11f1p_sd15_{sd15}", $"control_sd15_{sd15}"];
        return [.. names.SelectMany(file => new[] { file + ".safetensors", file + ".pth" })];
    }
}
