using ControlNetSharp.Pictures;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Work;

/// <summary>
/// The last word of a running job, written by the thread that computes and read by the one that tells.
/// </summary>
internal sealed class JobReport
{
    private readonly Lock _lock = new();
    private readonly List<NewJobFile> _partial = [];
    private JobProgress _progress = new(0);
    private Picture? _preview;
    private int _previews;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when there is more to tell than at the last <see cref="Take"/>.</summary>
    public Task News
    {
        get
        {
            lock (_lock)
            {
                return _news.Task;
            }
        }
    }

    /// <summary>What there is of the result so far; kept where the job is cancelled.</summary>
    public IReadOnlyList<NewJobFile> Partial
    {
        get
        {
            lock (_lock)
            {
                return [.. _partial];
            }
        }
    }

    /// <summary>What was told last.</summary>
    public JobProgress Last
    {
        get
        {
            lock (_lock)
            {
                return _progress;
            }
        }
    }

    /// <summary>Progress, with a preview or without.</summary>
    public void Tell(JobProgress progress, Picture? preview = null)
    {
        lock (_lock)
        {
            if (preview is not null)
            {
                (_preview, _previews) = (preview, _previews + 1);
            }

            _progress = progress with { Preview = _previews };
            _news.TrySetResult();
        }
    }

    /// <summary>A file is finished.</summary>
    public void Add(NewJobFile file)
    {
        lock (_lock)
        {
            _partial.Add(file);
        }
    }

    /// <summary>What is to be told now: each preview once, older ones never.</summary>
    public (JobProgress Progress, Picture? Preview) Take()
    {
        lock (_lock)
        {
            var told = (_progress, _preview);
            _preview = null;
            if (_news.Task.IsCompleted)
            {
                _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return told;
        }
    }
}
