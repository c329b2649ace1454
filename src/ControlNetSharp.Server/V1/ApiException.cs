namespace ControlNetSharp.Server.V1;

/// <summary>A call is refused for what no request record can say: there is no such job, no such media type …</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">A word for programs.</param>
/// <param name="message">A sentence for people.</param>
internal sealed class ApiException(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>There is none, or it is another owner's: nobody learns which.</summary>
    public static ApiException NotFound(string what, string name) =>
        new(404, "not_found", $"There is no {what} \"{name}\".");
}
