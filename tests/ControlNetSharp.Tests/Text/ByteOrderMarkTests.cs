using System.Text;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
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

    [Fact]
    public void Manifests_MayBeginWithOne()
    {
        var manifest = new Manifest
        {
            Request = new GenerationRequest { Prompt = "a red house, größer", Size = (64, 64), Seed = 5 },
            Resolved = new Resolution { Program = "1", Libtorch = "2", Device = "cpu", Dtype = "fp32", Threads = 1, Model = new ResolvedFile("pocket", new string('0', 64)), Units = [] },
        };
        var read = Manifest.Parse("\uFEFF" + manifest.ToJson());
        Assert.Equal(manifest.ToJson(), read.ToJson());
        Assert.Equal("a red house, größer", read.Request.Prompt);
        Assert.Throws<RequestException>(() => Manifest.Parse("\uFEFF\uFEFF" + manifest.ToJson()));
    }
}
