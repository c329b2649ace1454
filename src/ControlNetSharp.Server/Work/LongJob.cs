using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Work;

/// <summary>A job of minutes to hours that computes on the thread that calls it: it gets one of its own.</summary>
internal abstract class LongJob : IJobHandler
{
    public abstract string Kind { get; }

    public Task<JobResult> RunAsync(ClaimedJob job, JobReport report, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => Run(job, report, cancellationToken),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    /// <inheritdoc cref="IJobHandler.RunAsync"/>
    protected abstract JobResult Run(ClaimedJob job, JobReport report, CancellationToken cancellationToken);
}
