namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Who uses a model right now: any number of callers that leave it as it is, or one that changes it for its time.
/// Nobody waits;
/// whoever comes at the wrong time is refused.
/// </summary>
internal sealed class UseCount
{
    private const string WayOut = "ControlNetEngine lets such generations wait for each other.";
    private readonly Lock _gate = new();
    private int _uses;
    private string? _change;

    /// <summary>Begins a use, which ends when the result is disposed.</summary>
    /// <param name="model">What the model is called in messages.</param>
    /// <param name="change">
    /// What is done to it for the time of the use, such as <c>seamless tiling</c>; null for nothing.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// Another use is going on, and one of the two changes the model.
    /// </exception>
    public IDisposable Begin(string model, string? change)
    {
        lock (_gate)
        {
            if (_change is not null)
            {
                throw new InvalidOperationException(
                    $"Another generation changes the model {model} for its time ({_change}), so it cannot be used "
                        + $"until that one has ended. {WayOut}"
                );
            }

            if (change is not null && _uses > 0)
            {
                throw new InvalidOperationException(
                    $"{_uses} other generation(s) use the model {model}, so it cannot be changed ({change}) until they "
                        + $"have ended. {WayOut}"
                );
            }

            (_uses, _change) = (_uses + 1, change);
        }

        return new Use(this);
    }

    private void End()
    {
        lock (_gate)
        {
            (_uses, _change) = (_uses - 1, null);
        }
    }

    private sealed class Use(UseCount count) : IDisposable
    {
        private UseCount? _count = count;

        public void Dispose() => Interlocked.Exchange(ref _count, null)?.End();
    }
}
