using System.Runtime.InteropServices;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Text;

namespace ControlNetSharp.Server.Work;

/// <summary>
/// What an exception means to whoever asked: the words are those of the command line's <c>--json</c>.
/// </summary>
internal static class JobFailure
{
    /// <summary>The error that is stored and sent.</summary>
    public static JobError Of(Exception exception) =>
        exception switch
        {
            RequestException e => new("wrong_input", e.Message, e.Member),
            PictureException e => new("wrong_picture", e.Message),
            UnknownNameException or PromptException => new("wrong_input", FirstLine(exception)),
            ModelNotFoundException e => new("not_found", e.Message),
            // Weights of an annotator that a worker has not.
            FileNotFoundException e => new("not_found", e.Message),
            CheckpointException e => new("unusable_checkpoint", e.Message),
            NotANumberException e => new("not_a_number", e.Message),
            RuntimeUnavailableException e => new("runtime_unavailable", e.Message),
            IOException or UnauthorizedAccessException => new("io_failed", FirstLine(exception)),
            _ => new("failed", $"{exception.GetType().Name}: {FirstLine(exception)}"),
        };

    /// <summary>Whether it is the caller who must change something, so that no second try helps.</summary>
    public static bool IsCallers(Exception exception) =>
        exception
            is RequestException
                or PictureException
                or UnknownNameException
                or PromptException
                or ModelNotFoundException;

    /// <summary>The same of an error that was stored.</summary>
    public static bool IsCallers(JobError error) =>
        error.Code is "wrong_input" or "wrong_picture" or "not_found" or "unusable_checkpoint";

    /// <summary>
    /// Whether the same may work another time: memory or a disk that was full. Files that cannot be used stay so.
    /// </summary>
    public static bool MayTryAgain(Exception exception) =>
        exception is OutOfMemoryException or ExternalException or (IOException and not FileNotFoundException);

    private static string FirstLine(Exception exception) => exception.Message.Split('\n')[0].Trim();
}
