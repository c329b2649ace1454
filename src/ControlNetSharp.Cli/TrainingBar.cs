using System.Globalization;
using ControlNetSharp.Training;

namespace ControlNetSharp.Cli;

/// <summary>
/// How a training goes, on standard error: one line that changes where a terminal is attached, one line now and then
/// elsewhere; messages stay.
/// </summary>
internal sealed class TrainingBar(CommandOutput output, int picturesPerStep) : IDisposable
{
    private const int LineEvery = 100;
    private bool _open;

    public void Show(TrainingProgress progress)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{progress}, {progress.StepsPerSecond * picturesPerStep:f1} pictures/s"
        );
        if (output.IsTerminal)
        {
            output.Message.Write("\r" + line.PadRight(120));
            _open = true;
        }
        else if (progress.Step % LineEvery == 0)
        {
            output.Message.WriteLine(line);
        }
    }

    /// <summary>How many sample pictures are made, before the first step and at a validation.</summary>
    public void ShowPicture(int done, int total)
    {
        if (output.IsTerminal)
        {
            output.Message.Write("\r" + $"sample pictures {done}/{total}".PadRight(120));
            _open = true;
        }
    }

    public void Say(string message)
    {
        Dispose();
        output.Message.WriteLine(message);
    }

    public void Dispose()
    {
        if (_open)
        {
            output.Message.WriteLine();
            _open = false;
        }
    }
}
