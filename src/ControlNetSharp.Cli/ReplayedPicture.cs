using ControlNetSharp.Engine;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>A picture of this program that is made again.</summary>
internal static class ReplayedPicture
{
    /// <summary>Reads it.</summary>
    /// <param name="file">The PNG.</param>
    /// <param name="model">Where the model is now; null for where it was, or in the folders of models.</param>
    /// <exception cref="UsageException">There is no such file, or it carries no manifest that can be used.</exception>
    public static Replay Read(string file, string? model)
    {
        try
        {
            var replay = Replay.Read(file);
            return model is null ? replay : replay.WithModel(model);
        }
        catch (RequestException e)
        {
            throw UsageException.Of(GenerateOptions.Replay.Name, file, e.Problem, e);
        }
    }
}
