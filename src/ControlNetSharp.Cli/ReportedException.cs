namespace ControlNetSharp.Cli;

/// <summary>
/// A command has written its result, and the result is bad: exit code 2, with nothing more on standard output.
/// </summary>
internal sealed class ReportedException(string message) : Exception(message);
