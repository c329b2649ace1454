using ControlNetSharp.Training;
using Xunit;

namespace ControlNetSharp.Tests.Training;

public sealed class TrainingMetricsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => _folder["metrics.jsonl"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_PassesOverWhatIsNoLineOfMetrics_AndTakesTheLaterOfTwo()
    {
        System.IO.File.WriteAllText(File, """
            {"loss":0.5,"step":10}
            {"loss":0.25,"step":20}
            {"loss":0.7}
            [1, 2]

            null
            {"loss":"high","step":25}
            {"loss":0.4,"step":20}
            {"loss":1e999,"step":30}
            {"loss":0.5,"gradientNo
            """);
        var loss = Assert.Single(new TrainingMetrics(_folder.Path).Read());
        Assert.Equal("loss", loss.Key);
        Assert.Equal([(10.0, 0.5), (20.0, 0.4)], loss.Value.Select(point => (point.Key, point.Value)));
    }

    [Fact]
    public void Add_BehindALineThatWasCut_BeginsALineOfItsOwn()
    {
        System.IO.File.WriteAllText(File, "{\"loss\":0.5,\"gradientNo");
        var metrics = new TrainingMetrics(_folder.Path);
        metrics.Add(7, new Dictionary<string, double> { ["loss"] = 0.25, ["gradientNorm"] = double.PositiveInfinity });
        metrics.Add(8, new Dictionary<string, double> { ["loss"] = 0.125 });
        Assert.Equal([(7.0, 0.25), (8.0, 0.125)], metrics.Read()["loss"].Select(point => (point.Key, point.Value)));
        Assert.Equal(3, System.IO.File.ReadAllLines(File).Length);
    }

    [Fact]
    public void Write_OfAReportWithoutMetrics_HasNoCurve()
    {
        TrainingReport.Write(_folder.Path, "a training", [("steps", "0")]);
        Assert.DoesNotContain("polyline", System.IO.File.ReadAllText(_folder[TrainingReport.CurvesFile]), StringComparison.Ordinal);
    }
}
