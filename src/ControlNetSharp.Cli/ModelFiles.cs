using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>Files that commands other than <c>generate</c> name, with errors that name the option.</summary>
internal static class ModelFiles
{
    /// <summary>The name of the embedded model.</summary>
    public const string Pocket = GenerationRequest.EmbeddedModel;

    /// <summary>The file or folder of a model.</summary>
    /// <param name="model"><c>pocket</c>, a path, a name or a hash.</param>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    /// <exception cref="UsageException">There is no such file.</exception>
    public static string FindModel(string model, string? folder = null) =>
        Found("--model", model, () => Finder(folder).Find(ModelRole.Model, model));

    /// <summary>The file of the ControlNet for a condition kind where no file is named.</summary>
    /// <param name="kind">The condition kind.</param>
    /// <param name="model">The model's file or folder; only ControlNets of its family are looked for.</param>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    /// <exception cref="CheckpointException">The model's file is damaged.</exception>
    /// <exception cref="UsageException">
    /// None was found; the message lists the names and folders that were searched.
    /// </exception>
    public static string FindControlNet(ConditionKind kind, string model, string? folder) =>
        Found(
            UnitText.Option,
            kind.Name,
            () => Finder(folder).ControlNetFor(kind.Name, FamilyOf(model), model),
            $" Or give {kind.Name}=FILE."
        );

    /// <summary>The same, but null where there is none.</summary>
    /// <inheritdoc cref="FindControlNet"/>
    public static string? LookForControlNet(ConditionKind kind, string model, string? folder) =>
        Finder(folder).LookForControlNet(kind.Name, FamilyOf(model), model);

    /// <summary>The file of the classifier of scenes; null where it is not there.</summary>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    public static string? LookForClassifier(string? folder) =>
        Finder(folder).LookFor(ModelRole.Annotator, SceneClassifier.FileName);

    /// <summary>The folders in which annotators look for their weights.</summary>
    public static AnnotatorFiles ForAnnotators(string? folder) => AnnotatorFiles.Below(folder is null ? [] : [folder]);

    private static ModelFinder Finder(string? folder) =>
        new(new ModelFinderOptions { Folders = folder is null ? [] : [folder] });

    private static ModelFamily? FamilyOf(string model)
    {
        using var files = CheckpointFiles.Open(model);
        return CheckpointKind.FamilyOf(files.Shapes);
    }

    private static string Found(string option, string value, Func<string> find, string advice = "")
    {
        try
        {
            return find();
        }
        catch (ModelNotFoundException e)
        {
            throw UsageException.Of(option, value, e.Message + advice, e);
        }
    }
}
