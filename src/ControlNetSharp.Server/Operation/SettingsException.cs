namespace ControlNetSharp.Server.Operation;

/// <summary>Settings are wrong; nothing was started.</summary>
/// <param name="problems">Every one of them: where it stands, its value and what is allowed.</param>
public sealed class SettingsException(IReadOnlyList<string> problems)
    : ArgumentException(
        problems is [var only] ? only : $"{problems.Count} settings are wrong:\n  {string.Join("\n  ", problems)}"
    )
{
    /// <summary>A sentence each.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
