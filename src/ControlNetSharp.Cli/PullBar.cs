using System.Diagnostics;
using System.Globalization;
using ControlNetSharp.Checkpoints.Hub;

namespace ControlNetSharp.Cli;

/// <summary>A line on standard error that shows how far a download is; nothing where no terminal is attached.</summary>
internal sealed class PullBar(CommandOutput output) : IDisposable
{
    private const double Megabyte = 1e6;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly Stopwatch _last = Stopwatch.StartNew();
    private bool _shown;

    public void Show(HubProgress progress)
    {
        if (!output.IsTerminal || (_shown && _last.Elapsed < Pause && progress.Bytes != progress.Total))
        {
            return;
        }

        _shown = true;
        _last.Restart();
        var total = progress.Total is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $" of {bytes / Megabyte:f1}")
            : "";
        output.Message.Write(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\r{progress.Index + 1}/{progress.Count}  {progress.Name}  {progress.Bytes / Megabyte:f1}{total} MB "
            )
        );
    }

    public void Dispose()
    {
        if (_shown)
        {
            output.Message.WriteLine();
        }
    }
}
