using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.WebUi;

/// <summary>A value of a body that cannot be read, as FastAPI reports it.</summary>
/// <param name="Path">Where it stands, from <c>body</c> on: names and indices.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Type">A word for programs, such as <c>type_error.integer</c>.</param>
internal sealed record FieldError(IReadOnlyList<object> Path, string Message, string Type);

/// <summary>An error in one of the three forms that programs for stable-diffusion-webui know.</summary>
internal sealed class WebUiException : Exception
{
    private WebUiException(int status, string message, JsonObject body)
        : base(message) => (Status, Body) = (status, body);

    /// <summary>The status code.</summary>
    public int Status { get; }

    /// <summary>The body.</summary>
    public JsonObject Body { get; }

    /// <summary>What the program says on purpose, <c>HTTPException</c>.</summary>
    public static WebUiException Http(int status, string detail, string errors = "") =>
        new(status, detail, Raised("HTTPException", detail, errors));

    /// <summary>
    /// What stable-diffusion-webui answers where Python raised something: 500 with the exception's name.
    /// </summary>
    public static WebUiException Python(string type, string message) =>
        new(StatusCodes.Status500InternalServerError, message, Raised(type, "", message));

    /// <summary>FastAPI's answer to a body that it cannot read.</summary>
    public static WebUiException Validation(IEnumerable<FieldError> errors)
    {
        var list = errors.Select(error =>
            (JsonNode)
                new JsonObject
                {
                    ["loc"] = new JsonArray([
                        .. error.Path.Select(step =>
                            step is int index ? JsonValue.Create(index) : (JsonNode)(string)step
                        ),
                    ]),
                    ["msg"] = error.Message,
                    ["type"] = error.Type,
                }
        );
        return new(
            StatusCodes.Status422UnprocessableEntity,
            "The body cannot be read.",
            new JsonObject { ["detail"] = new JsonArray([.. list]) }
        );
    }

    private static JsonObject Raised(string error, string detail, string errors) =>
        new()
        {
            ["error"] = error,
            ["detail"] = detail,
            ["body"] = "",
            ["errors"] = errors,
        };
}
