using System.Text;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Text;
using Xunit;

namespace ControlNetSharp.Tests.Text;

public sealed class ByteOrderMarkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    [InlineData("utf-32BE")]
    public void Removed_GivesTheTextInUtf8(string encoding)
    {
        var marked = Encoding.GetEncoding(encoding);
        Assert.Equal("{\"ä\": 1}", Encoding.UTF8.GetString(ByteOrderMark.Removed((byte[])[.. marked.Preamble, .. marked.GetBytes("{\"ä\": 1}")]).Span));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    public void Removed_OfATextWithoutAMark_IsTheText(string text) => Assert.Equal(text, Encoding.UTF8.GetString(ByteOrderMark.Removed(Encoding.UTF8.GetBytes(text)).Span));

    [Fact]
    public void ConfigurationsAndIndicesOfCheckpoints_MayBeginWithOne()
    {
        using var configuration = CheckedJson.ParseObject([.. Encoding.UTF8.Preamble, .. "{\"sample_size\": 64}"u8]);
        Assert.Equal(64, configuration.RootElement.GetProperty("sample_size").GetInt32());
        File.WriteAllText(_folder["one.safetensors"], "");
        File.WriteAllText(_folder["model.safetensors.index.json"], "{\"weight_map\": {\"a\": \"one.safetensors\"}}", Encoding.UTF8);
        Assert.Equal(_folder["one.safetensors"], WeightFiles.Shards(_folder["model.safetensors.index.json"])["a"]);
    }
}
