using ControlNetSharp.Cli;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

public class ProgressBarTests
{
    [Fact]
    public void Show_OnATerminal_RewritesOneLine_WithStepSpeedAndTheTimeLeft()
    {
        var text = Written(isTerminal: true, bar =>
        {
            bar.Show(1, 3, 2);
            bar.Show(3, 3, 6.3);
        });
        var lines = text.Split('\r');
        Assert.Equal(["", new string('━', 10) + new string('·', 20) + " 1/3  2.00 s a step, 00:04 left ", new string('━', 30) + " 3/3  2.10 s a step, 00:00 left " + Environment.NewLine], lines);
    }

    [Fact]
    public void Show_WithALabel_SaysWhatIsDoneAndCounted()
    {
        using var message = new StringWriter();
        using (var bar = new ProgressBar(new CommandOutput(TextWriter.Null, message, IsTerminal: true), "encoding", "an example"))
        {
            bar.Show(1, 3, 2);
        }

        Assert.StartsWith("\rencoding ━━", message.ToString(), StringComparison.Ordinal);
        Assert.Contains(" 1/3  2.00 s an example, ", message.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Show_WithoutATerminal_WritesNothing() => Assert.Empty(Written(isTerminal: false, bar => bar.Show(1, 3, 2)));

    [Fact]
    public void Dispose_WhereNothingWasShown_WritesNothing() => Assert.Empty(Written(isTerminal: true, _ => { }));

    private static string Written(bool isTerminal, Action<ProgressBar> use)
    {
        using var result = new StringWriter();
        using var message = new StringWriter();
        using (var bar = new ProgressBar(new CommandOutput(result, message, isTerminal)))
        {
            use(bar);
        }

        Assert.Empty(result.ToString());
        return message.ToString();
    }
}
