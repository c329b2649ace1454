namespace ControlNetSharp.Checkpoints.Hub;

/// <summary>Why something could not be had from the hub.</summary>
internal enum HubFailure
{
    /// <summary>There is no such repository, revision or file, or it is not in the cache while offline.</summary>
    NotFound,

    /// <summary>It needs a token, or conditions that have to be accepted on the hub's page.</summary>
    Forbidden,

    /// <summary>The hub cannot be reached, broke off too often, or does not want to answer now.</summary>
    Unreachable,

    /// <summary>What came is not what the hub says it is.</summary>
    Damaged,
}

/// <summary>
/// Files could not be had from the hub. Nothing unfinished is left under a name that others would take for the file.
/// </summary>
internal sealed class HubException : Exception
{
    /// <summary>Creates the exception.</summary>
    public HubException(HubFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>The reason.</summary>
    public HubFailure Failure { get; }
}
