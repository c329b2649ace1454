namespace ControlNetSharp.Server.Jobs;

/// <summary>Where a job stands. The names in lower case are what is stored and sent.</summary>
public enum JobState
{
    /// <summary>It waits for a worker.</summary>
    Queued,

    /// <summary>A worker has it.</summary>
    Running,

    /// <summary>Finished, with its files.</summary>
    Done,

    /// <summary>It ended with an error; it will not be tried again.</summary>
    Failed,

    /// <summary>Somebody cancelled it.</summary>
    Cancelled,
}
