using System.Text;
using ControlNetSharp.Requests;
using Xunit;

namespace ControlNetSharp.Tests.Requests;

/// <summary>Weights that are numbers or curves over the steps.</summary>
public class ControlWeightTests
{
    private static readonly ControlWeight Curve = ControlWeight.Curve((0.2, 1), (0.5, 0.6), (1, 0));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.2, 1)]
    [InlineData(0.35, 0.8)]
    [InlineData(0.5, 0.6)]
    [InlineData(0.75, 0.3)]
    [InlineData(1, 0)]
    public void At_IsLinearBetweenThePoints_AndConstantOutside(double position, double weight)
    {
        Assert.Equal(weight, Curve.At(position), 1e-12);
        Assert.Equal(0.7, ((ControlWeight)0.7).At(position));
        Assert.Equal(0.7, ControlWeight.Curve((0.1, 0.7), (0.9, 0.7)).At(position));
    }

    [Fact]
    public void Equality_IsThatOfThePoints_AndNoWeightIsZero()
    {
        Assert.Equal(Curve, ControlWeight.Curve((0.2, 1), (0.5, 0.6), (1, 0)));
        Assert.Equal(Curve.GetHashCode(), ControlWeight.Curve((0.2, 1), (0.5, 0.6), (1, 0)).GetHashCode());
        Assert.NotEqual(Curve, ControlWeight.Curve((0.2, 1), (0.5, 0.6)));
        Assert.NotEqual(Curve, 1);
        Assert.Equal(0, default(ControlWeight));
        Assert.Throws<ArgumentException>(() => ControlWeight.Curve());
    }

    [Theory]
    [InlineData("0.8", "0.8")]
    [InlineData("2", "2")]
    [InlineData("\"0:1|0.5:0.6|1:0\"", "0:1|0.5:0.6|1:0")]
    [InlineData("\"0.3:0.5\"", "0.3:0.5")]
    public void Json_IsANumberOrTheTextOfTheCurve(string json, string text)
    {
        var request = Read(json);
        Assert.Equal(text, request.Units[0].Weight.ToString());
        Assert.Contains($"\"weight\": {json}", RequestJson.Write(request), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"0.8\"", "must be a number or a text")]
    [InlineData("\"0:1|\"", "must be a number or a text")]
    [InlineData("\"0:1|0.5:0.6:1\"", "must be a number or a text")]
    [InlineData("[[0,1]]", "must be a number or a text")]
    [InlineData("null", "must be a number or a text")]
    [InlineData("\"0:1|1:2.5\"", "must be a number from 0 to 2, or POSITION:WEIGHT")]
    [InlineData("\"0:1|1:NaN\"", "must be a number from 0 to 2")]
    [InlineData("\"0.5:1|0.5:0\"", "must rise")]
    [InlineData("\"0.5:1|0.2:0\"", "must rise")]
    [InlineData("\"-0.1:1|0.2:0\"", "must rise")]
    [InlineData("\"0:1|1.2:0\"", "must rise")]
    [InlineData("\"NaN:1\"", "must rise")]
    public void Json_OfWhatIsNoWeight_IsRefused_NamingTheMember(string json, string problem)
    {
        var e = Assert.Throws<RequestException>(() => Read(json));
        Assert.Equal("units[0].weight", e.Member);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"kind":"canny","picture":"a","softness":0}""", "softness", "must be a number from 0.01 to 1")]
    [InlineData("""{"kind":"canny","picture":"a","softness":1.1}""", "softness", "must be a number from 0.01 to 1")]
    [InlineData("""{"kind":"canny","picture":"a","softness":0.9,"layers":[1]}""", "softness", "layers already says")]
    [InlineData("""{"kind":"canny","picture":"a","unconditional":-1}""", "unconditional", "must be a number from 0 to 2")]
    [InlineData("""{"kind":"ip","picture":"a","model":"b","softness":0.9}""", "softness", "has no residuals")]
    [InlineData("""{"kind":"ip","picture":"a","model":"b","unconditional":0}""", "unconditional", "attends to no picture")]
    [InlineData("""{"kind":"reference","picture":"a","softness":0.9}""", "softness", "has no residuals")]
    [InlineData("""{"kind":"reference","picture":"a","unconditional":0}""", "unconditional", "fidelity")]
    [InlineData("""{"kind":"canny","picture":"a","softness":0.9,"hires":"soft"}""", "hires", "softness already says")]
    [InlineData("""{"kind":"canny","picture":"a","layers":[1],"hires":"soft"}""", "hires", "layers already says")]
    [InlineData("""{"kind":"reference","picture":"a","hires":"soft"}""", "hires", "has no residuals")]
    public void Json_WithAStrengthThatTheUnitHasNot_IsRefused_NamingTheMember(string unit, string member, string problem)
    {
        var e = Assert.Throws<RequestException>(() => RequestJson.Read(Encoding.UTF8.GetBytes($$"""{"prompt":"x","units":[{{unit}}]}""")));
        Assert.Equal("units[0]." + member, e.Member);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    private static GenerationRequest Read(string weight) =>
        RequestJson.Read(Encoding.UTF8.GetBytes($$"""{"prompt":"x","units":[{"kind":"canny","picture":"a","weight":{{weight}}}]}"""));
}
