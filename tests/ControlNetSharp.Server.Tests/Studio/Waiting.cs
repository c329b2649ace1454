namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>Waits for what comes by itself; slow machines take their time.</summary>
internal static class Waiting
{
    /// <summary>The first answer that is so.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> isSo)
    {
        using var patience = new CancellationTokenSource(Patience.Time);
        while (true)
        {
            var answer = await ask();
            if (isSo(answer))
            {
                return answer;
            }

            await Task.Delay(100, patience.Token);
        }
    }
}
