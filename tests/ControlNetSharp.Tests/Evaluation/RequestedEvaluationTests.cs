using System.Text;
using ControlNetSharp.Engine;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Requests;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

public sealed class RequestedEvaluationTests : IDisposable
{
    private static readonly EngineOptions Options = new() { Dtype = "fp32" };
    private readonly TemporaryFolder _folder = new();

    public RequestedEvaluationTests()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control_v11p_sd15_canny.safetensors"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Request_WrittenAndRead_IsTheSame()
    {
        var request = new EvaluationRequest { Controls = [new() { Kind = "mlsd", Model = "x" }, new() { Kind = "depth" }], Pictures = 3, Page = "/page" };
        var read = EvaluationRequest.Read(Encoding.UTF8.GetBytes(request.ToJson()));
        Assert.Equal(request.Controls, read.Controls);
        Assert.Equal((3, "/page", 20, (double?)null, 256, false), (read.Pictures, read.Page, read.Steps, read.GuidanceScale, read.RealScenes, read.Combinations));
    }

    [Theory]
    [InlineData("\"picture\": 1", "picture", "no such member")]
    [InlineData("\"pictures\": 0", "pictures", "from 1 to 10000")]
    [InlineData("\"controls\": [{\"kind\": \"canny\"}, {\"kind\": \"edges\"}]", "controls[1].kind", "must be one of canny")]
    [InlineData("\"controls\": [{\"kind\": \"canny\"}, {\"kind\": \"canny\"}]", "controls[1].kind", "twice")]
    [InlineData("\"controls\": [{\"kind\": \"hint\"}]", "controls[0].kind", "must be canny")]
    public void Request_WithAWrongMember_IsRefusedByItsName(string member, string path, string problem)
    {
        var e = Assert.Throws<RequestException>(() => EvaluationRequest.Read(Encoding.UTF8.GetBytes($"{{{member}}}")));
        Assert.Equal(path, e.Member);
        Assert.Contains(problem, e.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"model\": \"nowhere\"", "model")]
    [InlineData("\"controls\": [{\"kind\": \"depth\"}]", "controls[0].kind")]
    [InlineData("\"controls\": [{\"kind\": \"canny\", \"model\": \"nowhere\"}]", "controls[0].model")]
    [InlineData("\"data\": \"nowhere\"", "data")]
    [InlineData("\"page\": \".\"", "page")]
    public void Evaluation_OfWhatIsNotThere_IsRefusedBeforeItRuns(string member, string path)
    {
        var model = member.StartsWith("\"model\"", StringComparison.Ordinal) ? "" : "\"model\":\"model.safetensors\",";
        var request = EvaluationRequest.Read(Encoding.UTF8.GetBytes($"{{{model}{member}}}"), _folder.Path);
        Assert.Equal(path, Assert.Throws<RequestException>(() => new RequestedEvaluation(request, Options)).Member);
    }

    [Fact]
    public void Evaluation_FromJson_TellsHowManyAreDone_AndCanBeCancelled()
    {
        var request = EvaluationRequest.Read("{\"model\":\"model.safetensors\",\"pictures\":2,\"steps\":1,\"realScenes\":2}"u8, _folder.Path);
        var evaluation = new RequestedEvaluation(request, Options);
        var done = new List<(int, int)>();
        var summary = evaluation.Summarise(evaluation.Run((count, total) => done.Add((count, total)), TestContext.Current.CancellationToken));
        Assert.Equal([(1, 2), (2, 2)], done);
        Assert.Equal((2, "canny"), (summary.Pictures, Assert.Single(summary.Kinds).Kind));
        using var cancellation = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => evaluation.Run((_, _) => cancellation.Cancel(), cancellation.Token));
    }
}
