using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Training.Datasets;

public sealed class TrainingDatasetTests : IDisposable
{
    private readonly DatasetFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tutorial_GivesTargetSourceAndPrompt_InFileOrder()
    {
        _folder.Picture("source/b.png").Picture("target/b.png").Picture("source/a.png").Picture("target/a.png")
            .Text("prompt.json", DatasetFolder.Line("source/b.png", "target/b.png", " a \"red\" house\n"), "", DatasetFolder.Line("source\\a.png", "target\\a.png", "Häuser"), "");
        var dataset = Open();
        Assert.Equal((_folder.Path, DatasetLayout.PromptJson), (dataset.Folder, dataset.Layout));
        Assert.Equal(
            [new(_folder["target/b.png"], _folder["source/b.png"], "a \"red\" house"), new(_folder["target/a.png"], _folder["source/a.png"], "Häuser")], dataset.Examples);
    }

    [Theory]
    [InlineData("image", "conditioning_image", "text")]
    [InlineData("file_name", "conditioning_image", "prompt")]
    [InlineData("image_file_name", "conditioning_image_file_name", "caption")]
    public void MetadataJsonl_IsReadUnderEachOfItsNames(string image, string hint, string text)
    {
        _folder.Picture("images/a.png").Picture("hints/a.png").Text("metadata.jsonl", $$"""{"{{image}}": "images/a.png", "{{hint}}": "hints/a.png", "{{text}}": "a house", "width": 512}""");
        var dataset = Open();
        Assert.Equal(DatasetLayout.MetadataJsonl, dataset.Layout);
        Assert.Equal([new(_folder["images/a.png"], _folder["hints/a.png"], "a house")], dataset.Examples);
    }

    [Fact]
    public void MetadataCsv_WithQuotesCommasAndLineBreaksInQuotes_IsRead()
    {
        _folder.Picture("a.png").Picture("b, c.png").Picture("hint.png")
            .Text("metadata.csv", "\uFEFFimage,conditioning_image,text\r", "a.png,hint.png,\"a \"\"red\"\" house, large\"\r", "\"b, c.png\",hint.png,\"one\r", "two\"\r", "\r", "a.png,hint.png,");
        var dataset = Open();
        Assert.Equal(DatasetLayout.MetadataCsv, dataset.Layout);
        Assert.Equal(
            [new(_folder["a.png"], _folder["hint.png"], "a \"red\" house, large"), new(_folder["b, c.png"], _folder["hint.png"], "one\r\ntwo"), new(_folder["a.png"], _folder["hint.png"], "")], dataset.Examples);
    }

    [Theory]
    [InlineData("metadata.csv", "file_name,text\na.png,one\na.png,two")]
    [InlineData("metadata.jsonl", "{\"file_name\": \"a.png\", \"text\": \"one\"}\n{\"file_name\": \"a.png\", \"text\": \"two\"}")]
    public void Metadata_WithoutHints_LeavesThemToAnAnnotator(string file, string text)
    {
        _folder.Picture("a.png").Text(file, text);
        Assert.Equal([new(_folder["a.png"], null, "one"), new(_folder["a.png"], null, "two")], Open().Examples);
    }

    [Fact]
    public void CaptionFiles_AreReadInSubFolders_ByPath_WithEmptyCaptionsWhereNoneLiesBeside()
    {
        _folder.Picture("b.PNG").Text("b.txt", "a house  ").Picture("a/z.jpg").Text("a/z.txt", "\na tree").Picture("c.webp").Picture(".trash/d.png").Text(".trash/d.txt", "no").Text("notes.txt", "no");
        var dataset = Open();
        Assert.Equal(DatasetLayout.CaptionFiles, dataset.Layout);
        Assert.Equal([new(_folder["a/z.jpg"], null, "a tree"), new(_folder["b.PNG"], null, "a house"), new(_folder["c.webp"], null, "")], dataset.Examples);
    }

    [Theory]
    [InlineData("not json", null, "not json", "is not JSON")]
    [InlineData("{\"source\": \"a.png\", \"target\": ", null, "{\"source\": \"a.png\", \"target\": ", "is not JSON")]
    [InlineData("[{\"source\": \"a.png\"}]", null, "[{\"source\": \"a.png\"}]", "is a JSON array")]
    [InlineData("{\"source\": \"a.png\", \"target\": \"a.png\"}", "prompt", null, "is missing; the line has source, target")]
    [InlineData("{\"target\": \"a.png\", \"prompt\": \"p\"}", "source", null, "is missing")]
    [InlineData("{\"source\": \"a.png\", \"target\": \"none.png\", \"prompt\": \"p\"}", "target", "none.png", "is not there")]
    [InlineData("{\"source\": \"\", \"target\": \"a.png\", \"prompt\": \"p\"}", "source", "", "is empty")]
    [InlineData("{\"source\": \"sub\", \"target\": \"a.png\", \"prompt\": \"p\"}", "source", "sub", "is not there")]
    [InlineData("{\"source\": \"a.png\", \"target\": \"a.png\", \"prompt\": 7}", "prompt", "7", "is no text")]
    [InlineData("{\"source\": null, \"target\": \"a.png\", \"prompt\": \"p\"}", "source", "null", "is no text")]
    [InlineData("{\"source\": \"../a.png\", \"target\": \"a.png\", \"prompt\": \"p\"}", "source", "../a.png", "out of the folder")]
    [InlineData("{\"source\": \"sub/../../a.png\", \"target\": \"a.png\", \"prompt\": \"p\"}", "source", "sub/../../a.png", "out of the folder")]
    [InlineData("{\"source\": \"a.png\", \"target\": \"..\\\\a.png\", \"prompt\": \"p\"}", "target", "..\\a.png", "out of the folder")]
    [InlineData("{\"source\": \"a.png\", \"target\": \"/etc/passwd\", \"prompt\": \"p\"}", "target", "/etc/passwd", "out of the folder")]
    [InlineData("{\"source\": \"a.png\", \"target\": \"C:/a.png\", \"prompt\": \"p\"}", "target", "C:/a.png", "out of the folder")]
    [InlineData("{\"source\": \"a.png\", \"target\": \"\\\\\\\\server\\\\a.png\", \"prompt\": \"p\"}", "target", "\\\\server\\a.png", "out of the folder")]
    public void Line_OfTheTutorial_ThatIsWrong_IsNamedWithFieldAndValue(string line, string? field, string? value, string reason)
    {
        Directory.CreateDirectory(_folder["sub"]);
        _folder.Picture("a.png").Text("prompt.json", DatasetFolder.Line("a.png", "a.png", "p"), "", line);
        AssertProblem(_folder["prompt.json"], 3, field, value, reason);
    }

    [Theory]
    [InlineData("image,text\na.png,a, b", 2, null, "a.png,a, b", "has 3 values; it must have those of the header, image, text")]
    [InlineData("image,text\na.png", 2, null, "a.png", "has 1 values")]
    [InlineData("image,text\na.png,\"two\nlines\"\na.png,a \"red\" house", 4, null, "a.png,a \"red\" house", "quote")]
    [InlineData("image,text\na.png,\"two\nlines\"\nnone.png,\"p\nq\"", 4, "image", "none.png", "is not there")]
    [InlineData("image,prompts\na.png,p", 2, "text", null, "is missing (prompt or caption is allowed, too); the line has image, prompts")]
    [InlineData("picture,text\na.png,p", 2, "image", null, "is missing (file_name or image_file_name is allowed, too)")]
    [InlineData("image,file_name,text\na.png,a.png,p", 2, "image and file_name", null, "only one of them may be there")]
    [InlineData("image,text,text\na.png,p,p", 1, "text", null, "is the name of several columns")]
    [InlineData("image,text\n../a.png,p", 2, "image", "../a.png", "out of the folder")]
    [InlineData("image,conditioning_image,text\na.png,,p", 2, "conditioning_image", "", "is empty")]
    public void Line_OfACsv_ThatIsWrong_IsNamedWithColumnAndValue(string text, int line, string? field, string? value, string reason)
    {
        _folder.Picture("a.png").Text("metadata.csv", text);
        AssertProblem(_folder["metadata.csv"], line, field, value, reason);
    }

    [Fact]
    public void Metadata_WithAHintInSomeLinesOnly_IsRefused()
    {
        _folder.Picture("a.png").Text("metadata.jsonl", "{\"image\": \"a.png\", \"conditioning_image\": \"a.png\", \"text\": \"p\"}", "{\"image\": \"a.png\", \"text\": \"p\"}");
        AssertProblem(_folder["metadata.jsonl"], 2, "conditioning_image", null, "is missing, but line 1 has one");
    }

    [Fact]
    public void CaptionFile_ThatIsNoCaption_IsRefused()
    {
        _folder.Picture("a.png").Text("a.txt", new string('x', 70_000));
        Assert.StartsWith($"{_folder["a.txt"]}: has 70000 bytes", Assert.Throws<DatasetException>(Open).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "prompt.json|metadata.jsonl|metadata.csv|.png|.txt")]
    [InlineData("a.png", "is no dataset|prompt.json")]
    [InlineData("prompt.json metadata.csv", "several ways|prompt.json, metadata.csv")]
    [InlineData("metadata.jsonl metadata.csv", "several ways|metadata.jsonl, metadata.csv")]
    [InlineData("prompt.json a.png a.txt", "several ways|prompt.json, pictures with .txt captions")]
    public void Folder_WithNoLayoutOrSeveral_IsRefused_NamingThem(string files, string expected)
    {
        foreach (var file in files.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            _folder.Text(file, "");
        }

        var problem = Assert.Throws<DatasetException>(Open);
        Assert.Equal((_folder.Path, null), (problem.File, problem.Line));
        Assert.All(expected.Split('|'), text => Assert.Contains(text, problem.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("prompt.json", "")]
    [InlineData("metadata.csv", "")]
    [InlineData("metadata.csv", "image,text\n")]
    public void Dataset_WithoutAnExample_IsRefused(string file, string text)
    {
        _folder.Text(file, text);
        Assert.Equal($"{_folder[file]}: it has no example; at least one is needed.", Assert.Throws<DatasetException>(Open).Message);
    }

    [Fact]
    public void Folder_ThatIsNotThere_OrIsAFile_IsRefused()
    {
        _folder.Text("file", "");
        Assert.Contains("no such folder", Assert.Throws<DatasetException>(() => TrainingDataset.Open(_folder["none"])).Message, StringComparison.Ordinal);
        Assert.Contains("is a file", Assert.Throws<DatasetException>(() => TrainingDataset.Open(_folder["file"])).Message, StringComparison.Ordinal);
    }

    private TrainingDataset Open() => TrainingDataset.Open(_folder.Path);

    private void AssertProblem(string file, int line, string? field, string? value, string reason)
    {
        var problem = Assert.Throws<DatasetException>(Open);
        Assert.Equal((file, line, field, value), (problem.File, problem.Line, problem.Field, problem.Value));
        Assert.Contains(reason, problem.Reason, StringComparison.Ordinal);
        Assert.StartsWith($"{file}, line {line}: {field}", problem.Message, StringComparison.Ordinal);
    }
}
