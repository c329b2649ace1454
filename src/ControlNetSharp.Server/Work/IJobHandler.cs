using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Work;

/// <summary>Does the jobs of one kind.</summary>
internal interface IJobHandler
{
    /// <summary>One of <see cref="JobKind"/>.</summary>
    string Kind { get; }

    /// <summary>Does a job.</summary>
    /// <param name="job">The job with its payload.</param>
    /// <param name="report">Where progress goes; on cancelling, what there is so far.</param>
    /// <param name="cancellationToken">Cancelled where the job is, or the worker must leave.</param>
    Task<JobResult> RunAsync(ClaimedJob job, JobReport report, CancellationToken cancellationToken);
}
