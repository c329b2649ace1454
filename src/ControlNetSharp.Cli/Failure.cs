using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Hub;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Server.Operation;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;

namespace ControlNetSharp.Cli;

/// <summary>
/// What an exception means to the user: exit code, word for it, message. The only table of exit codes.
/// </summary>
/// <param name="ExitCode">0 done, 2 wrong input, 3 unusable file or machine, 130 cancelled, 1 anything else.</param>
/// <param name="Code">The same as a word, for JSON.</param>
/// <param name="Message">One line for people.</param>
/// <param name="Option">The option that is wrong, where one is.</param>
/// <param name="File">The file that cannot be used, where one is.</param>
/// <param name="Member">The member of the request that is wrong, where one is.</param>
/// <param name="Keys">The first keys that do not fit, where that is the reason.</param>
internal sealed record Failure(
    int ExitCode,
    string Code,
    string Message,
    string? Option = null,
    string? File = null,
    IReadOnlyList<string>? Keys = null,
    string? Member = null
)
{
    public const int WrongInput = 2;

    /// <summary>All that is wrong, where it may be several things.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>The row for an exception.</summary>
    public static Failure Of(Exception exception) =>
        exception switch
        {
            SettingsException e => new(WrongInput, "wrong_settings", e.Message) { Problems = e.Problems },
            DbException e => new(3, "jobs_unavailable", "--jobs: " + FirstLine(e.Message)),
            UsageException e => new(WrongInput, "wrong_input", e.Message, e.Option),
            PictureException e => new(WrongInput, "wrong_picture", e.Message, File: e.Input),
            DatasetException e => new(WrongInput, "wrong_dataset", e.Message, File: e.File),
            ReportedException e => new(WrongInput, "wrong_dataset", e.Message),
            RequestException e => new(WrongInput, "wrong_input", e.Message, Member: e.Member),
            // Names and texts of a person; any other bad argument is a fault of ours.
            UnknownNameException or PromptException => new(WrongInput, "wrong_input", FirstLine(exception.Message)),
            ModelNotFoundException e => new(WrongInput, "not_found", e.Message),
            HubException { Failure: HubFailure.NotFound or HubFailure.Forbidden } e => new(
                WrongInput,
                "not_on_hub",
                e.Message
            ),
            HubException e => new(1, "hub_failed", e.Message),
            CheckpointException e => new(3, "unusable_checkpoint", e.Message, File: e.File, Keys: e.Keys),
            NotANumberException e => new(
                3,
                "not_a_number",
                e.Message + " The weights are damaged or too large for this dtype; try --dtype fp32."
            ),
            RuntimeUnavailableException e => new(
                3,
                "runtime_unavailable",
                (e.Device is null ? "" : "--device ") + e.Message
            ),
            FileNotFoundException or DirectoryNotFoundException => new(WrongInput, "not_found", exception.Message),
            TrainingException e => new(1, "training_failed", e.Message),
            FileTakenException e => new(WrongInput, "file_exists", e.Message, File: e.File),
            IOException or UnauthorizedAccessException => new(1, "io_failed", FirstLine(exception.Message)),
            InterruptedException e => new(130, "cancelled", e.Message),
            OperationCanceledException => new(130, "cancelled", "Cancelled; nothing was written."),
            _ => new(
                1,
                "failed",
                $"{exception.GetType().Name}: {FirstLine(exception.Message)} (--verbose shows where)"
            ),
        };

    /// <summary>The object that goes to standard output with --json.</summary>
    public string ToJson()
    {
        var error = new JsonObject { ["code"] = Code, ["message"] = Message };
        if (Option is not null)
        {
            error["option"] = Option;
        }

        if (Member is not null)
        {
            error["member"] = Member;
        }

        if (File is not null)
        {
            error["file"] = File;
        }

        if (Keys is { Count: > 0 })
        {
            error["keys"] = new JsonArray([.. Keys.Select(key => JsonValue.Create(key))]);
        }

        if (Problems.Count > 0)
        {
            error["problems"] = new JsonArray([.. Problems.Select(problem => JsonValue.Create(problem))]);
        }

        return new JsonObject { ["error"] = error }.ToJsonString(
            new JsonSerializerOptions
            {
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
    }

    private static string FirstLine(string message) => message.Split('\n')[0].Trim();
}
