using System.Globalization;

namespace ControlNetSharp.Cli;

/// <summary>A line on standard error that shows how far a run is; nothing where no terminal is attached.</summary>
/// <param name="output">Where the line goes.</param>
/// <param name="label">What is being done; null where that is plain.</param>
/// <param name="each">What takes the time that is shown.</param>
internal sealed class ProgressBar(CommandOutput output, string? label = null, string each = "a step") : IDisposable
{
    private const int Width = 30;
    private bool _shown;

    public void Show(int step, int steps, double seconds)
    {
        if (!output.IsTerminal)
        {
            return;
        }

        _shown = true;
        var filled = Width * step / steps;
        var left = TimeSpan.FromSeconds(seconds / step * (steps - step));
        output.Message.Write(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\r{(label is null ? "" : label + " ")}{new string('━', filled)}{new string('·', Width - filled)} "
                    + $"{step}/{steps}  {seconds / step:f2} s {each}, {Clock(left)} left "
            )
        );
    }

    /// <summary>Minutes and seconds, with hours in front where there are any.</summary>
    internal static string Clock(TimeSpan time) =>
        (time.TotalHours >= 1 ? $"{(int)time.TotalHours}:" : "")
        + time.ToString("mm\\:ss", CultureInfo.InvariantCulture);

    public void Dispose()
    {
        if (_shown)
        {
            output.Message.WriteLine();
            _shown = false;
        }
    }
}
