using System.Text.Json;
using ControlNetSharp.Server.WebUi;
using Xunit;

namespace ControlNetSharp.Server.Tests.WebUi;

public class PayloadTests
{
    [Theory]
    [InlineData("Whole", "512", "512")]
    [InlineData("Whole", "512.0", "512")]
    [InlineData("Whole", "512.7", "512")]
    [InlineData("Whole", "-1.7", "-1")]
    [InlineData("Whole", "\" 512 \"", "512")]
    [InlineData("Whole", "false", "0")]
    [InlineData("Whole", "true", "1")]
    [InlineData("Whole", "\"512.5\"", null)]
    [InlineData("Whole", "1e300", null)]
    [InlineData("Whole", "[]", null)]
    [InlineData("Number", "7", "7")]
    [InlineData("Number", "\"7.5\"", "7.5")]
    [InlineData("Number", "true", "1")]
    [InlineData("Number", "1e999", null)]
    [InlineData("Number", "\"nan\"", null)]
    [InlineData("Flag", "1", "true")]
    [InlineData("Flag", "0.0", "false")]
    [InlineData("Flag", "\"True\"", "true")]
    [InlineData("Flag", "\"off\"", "false")]
    [InlineData("Flag", "2", null)]
    [InlineData("Flag", "\"\"", null)]
    [InlineData("Text", "5", "\"5\"")]
    [InlineData("Text", "5.50", "\"5.50\"")]
    [InlineData("Text", "\"\\ud800\"", null)]
    [InlineData("Text", "{}", null)]
    [InlineData("Texts", "[\"a\", 1]", "[\"a\",\"1\"]")]
    [InlineData("Texts", "[null]", null)]
    [InlineData("Texts", "\"a\"", null)]
    [InlineData("Map", "[]", null)]
    [InlineData("List", "{}", null)]
    public void Value_IsReadAsPydanticDoesIt(string type, string json, string? expected)
    {
        var field = new PayloadField("x", Enum.Parse<PayloadType>(type));

        var read = field.Read(JsonDocument.Parse(json).RootElement, out var error);

        Assert.Equal(expected, read?.ToJsonString());
        Assert.Equal(expected is null, error is not null);
    }

    [Fact]
    public void Null_MeansTheDefault_AndIsEchoedAsNull()
    {
        var schema = new PayloadSchema(new PayloadField("steps", PayloadType.Whole, 50));

        var read = PayloadBody.Read(JsonDocument.Parse("""{"steps": null}""").RootElement, schema);

        Assert.Equal(50, read.Whole("steps"));
        Assert.Null(read.Values["steps"]);
        Assert.True(read.Has("steps"));
    }

    [Fact]
    public void FieldGivenTwice_HasItsLastValue()
    {
        var schema = new PayloadSchema(new PayloadField("steps", PayloadType.Whole, 50));

        var read = PayloadBody.Read(JsonDocument.Parse("""{"steps": 1, "steps": 2, "stebs": 3}""").RootElement, schema);

        Assert.Equal(2, read.Whole("steps"));
        Assert.Equal(["stebs"], read.Unknown);
    }

    [Theory]
    [InlineData("""{"n": "x", "m": null}""", "body.n value is not a valid integer;body.m none is not an allowed value")]
    [InlineData("""{"m": 1}""", "body.n field required")]
    [InlineData("""{"n": 1, "m": 9}""", "body.m ensure this value is less than or equal to 5")]
    [InlineData("[]", "body value is not a valid dict")]
    public void WrongFields_AreAllNamed(string json, string expected)
    {
        var schema = new PayloadSchema(
            new PayloadField("n", PayloadType.Whole) { IsRequired = true },
            new PayloadField("m", PayloadType.Whole, 1) { RefusesNull = true, Most = 5 }
        );

        var e = Assert.Throws<WebUiException>(() => PayloadBody.Read(JsonDocument.Parse(json).RootElement, schema));

        Assert.Equal(422, e.Status);
        var errors = e.Body["detail"]!.AsArray().Select(one => $"{string.Join('.', one!["loc"]!.AsArray())} {one["msg"]}");
        Assert.Equal(expected, string.Join(';', errors));
    }

    [Theory]
    [InlineData("")]
    [InlineData("data:image/png;base64,")]
    public void Base64_WithPrefixOrLineEnds_IsReadAsItIs(string prefix)
    {
        var square = WebUiClient.Square();

        var bytes = PayloadPictures.BytesOf(prefix + square[..20] + "\r\n " + square[20..]);

        Assert.Equal(Convert.FromBase64String(square), bytes);
    }

    [Theory]
    [InlineData("invalid_base64_data", "Invalid encoded image")]
    [InlineData("AAAA", "Invalid encoded image")]
    [InlineData("", "Invalid encoded image")]
    [InlineData("/etc/passwd", "Invalid encoded image")]
    [InlineData("http://127.0.0.1/x.png", "Requests not allowed")]
    [InlineData("HTTPS://example.org/x.png", "Requests not allowed")]
    public void NoPicture_Is500AsClientsExpectIt(string text, string detail)
    {
        var e = Assert.Throws<WebUiException>(() => PayloadPictures.Read(text));

        Assert.Equal((500, detail), (e.Status, e.Body["detail"]!.GetValue<string>()));
    }
}
