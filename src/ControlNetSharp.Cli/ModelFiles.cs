using ControlNetSharp.Annotators;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>Files that commands without a request name, with errors that name the option.</summary>
internal static class ModelFiles
{
    /// <summary>The name of the embedded model.</summary>
    public const string Pocket = GenerationRequest.EmbeddedModel;

    /// <summary>The file or folder of a model.</summary>
    /// <param name="model"><c>pocket</c>, a path, a name or a hash.</param>
    /// <exception cref="UsageException">There is no such file.</exception>
    public static string FindModel(string model)
    {
        try
        {
            return new ModelFinder().Find(ModelRole.Model, model);
        }
        catch (ModelNotFoundException e)
        {
            throw UsageException.Of("--model", model, e.Message, e);
        }
    }

    /// <summary>The folders in which annotators look for their weights.</summary>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    public static AnnotatorFiles ForAnnotators(string? folder) => AnnotatorFiles.Below(folder is null ? [] : [folder]);
}
