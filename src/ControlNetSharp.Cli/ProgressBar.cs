using System.Globalization;

namespace ControlNetSharp.Cli;

/// <summary>A line on standard error that shows how far a run is; nothing where no terminal is attached.</summary>
internal sealed class ProgressBar(CommandOutput output) : IDisposable
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
        output.Message.Write(string.Create(CultureInfo.InvariantCulture, $"\r{new string('━', filled)}{new string('·', Width - filled)} {step}/{steps}  {seconds / step:f2} s a step, {Clock(left)} left "));
    }

    /// <summary>Minutes and seconds, with hours in front where there are any.</summary>
    internal static string Clock(TimeSpan time) => (time.TotalHours >= 1 ? $"{(int)time.TotalHours}:" : "") + time.ToString("mm\\:ss", CultureInfo.InvariantCulture);

    public void Dispose()
    {
        if (_shown)
        {
            output.Message.WriteLine();
        }
    }
}
