namespace ControlNetSharp.Requests;

/// <summary>A request asks for what cannot be; nothing was computed.</summary>
/// <param name="member">The member at fault by its path in the request's JSON, such as <c>units[1].weight</c>.</param>
/// <param name="value">The value as a person would write it; null where the member as a whole is meant.</param>
/// <param name="problem">What is allowed, or what is wrong: a sentence that goes on after the value.</param>
/// <param name="innerException">What brought it up.</param>
public sealed class RequestException(string member, string? value, string problem, Exception? innerException = null)
    : ArgumentException($"{member}{(value is null ? "" : " " + value)}: {problem}", innerException)
{
    /// <summary>The member at fault, such as <c>units[1].weight</c>; empty for the request as a whole.</summary>
    public string Member { get; } = member;

    /// <summary>Its value as a person would write it; null where the member as a whole is meant.</summary>
    public string? Value { get; } = value;

    /// <summary>What is allowed, or what is wrong.</summary>
    public string Problem { get; } = problem;
}
