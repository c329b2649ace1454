using System.Net;

namespace ControlNetSharp.Client;

/// <summary>The server refused a call, or a job failed.</summary>
/// <param name="status">The HTTP status; null where a job failed.</param>
/// <param name="code">A word for programs, such as <c>wrong_input</c> or <c>queue_full</c>.</param>
/// <param name="message">A sentence for people.</param>
/// <param name="member">The member of the request that is at fault; null where none is.</param>
/// <param name="retryAfter">When the same may work; null where it will not.</param>
public sealed class ControlNetApiException(
    HttpStatusCode? status,
    string code,
    string message,
    string? member = null,
    TimeSpan? retryAfter = null
) : Exception(message)
{
    /// <summary>The HTTP status; null where a job failed.</summary>
    public HttpStatusCode? Status { get; } = status;

    /// <summary>A word for programs.</summary>
    public string Code { get; } = code;

    /// <summary>The member of the request that is at fault, such as <c>units[0].weight</c>.</summary>
    public string? Member { get; } = member;

    /// <summary>When the same may work.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
