namespace ControlNetSharp.Server.Jobs;

/// <summary>A job that a worker has taken, with what it needs to do it.</summary>
/// <param name="Job">The job; its <see cref="Job.Attempt"/> goes with every later write.</param>
/// <param name="Payload">JSON in UTF-8.</param>
public sealed record ClaimedJob(Job Job, byte[] Payload);

/// <summary>What a worker learns at each sign of life.</summary>
public enum BeatAnswer
{
    /// <summary>Go on.</summary>
    GoOn,

    /// <summary>Somebody cancelled the job: stop, and call it cancelled.</summary>
    Cancelled,

    /// <summary>The job is another's by now, or gone: stop, and write nothing.</summary>
    Lost,
}
