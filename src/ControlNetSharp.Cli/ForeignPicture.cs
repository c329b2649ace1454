using System.CommandLine;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>A picture of another program: what its parameters ask for, as far as it can be honoured.</summary>
internal static class ForeignPicture
{
    /// <summary>Reads one; null for a picture with a manifest of this program.</summary>
    /// <param name="file">The picture.</param>
    /// <param name="model">The model in the place of the one that made it; null for that.</param>
    /// <param name="folder">The folder of <c>--models</c>, or null.</param>
    /// <param name="isLenient">Whether what cannot be honoured is left out.</param>
    /// <param name="output">Where that is said.</param>
    /// <exception cref="UsageException">
    /// It has no parameters, or asks for what cannot be honoured; all of that is listed.
    /// </exception>
    /// <exception cref="PictureException">It is no picture.</exception>
    public static GenerationRequest? Read(
        string file,
        string? model,
        string? folder,
        bool isLenient,
        CommandOutput output
    )
    {
        var option = GenerateOptions.Replay.Name;
        PictureFiles.Existing(option, file, file);
        var texts = PictureTexts.Read(file);
        if (texts.Named.ContainsKey(Manifest.Key))
        {
            return null;
        }

        if (texts.Parameters is not { Length: > 0 } parameters)
        {
            throw UsageException.Of(
                option,
                file,
                $"it has neither a text '{Manifest.Key}' nor A1111's parameters: another program saved it anew, or it "
                    + "was never made by one."
            );
        }

        var read = new ForeignRequests(
            new ModelFinder(new ModelFinderOptions { Folders = folder is null ? [] : [folder] })
        ).Read(parameters, model);
        if (read.Losses.Count > 0 && !isLenient)
        {
            throw UsageException.Of(
                option,
                file,
                $"these parts cannot be honoured: {string.Join(" ", read.Losses.Select(loss => loss.ToString()))} "
                    + $"{GenerateOptions.Lenient.Name} leaves them out."
            );
        }

        foreach (var loss in read.Losses)
        {
            output.Message.WriteLine($"controlnet: {file}: left out: {loss}");
        }

        if (!read.HasSameNoise)
        {
            output.Message.WriteLine(
                $"controlnet: {file}: its noise was drawn on a graphics card (it says no RNG: CPU), so that the result "
                    + "is of its kind, not the same picture."
            );
        }

        return read.Request;
    }
}
