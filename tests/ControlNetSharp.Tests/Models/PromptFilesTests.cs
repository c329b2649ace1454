using ControlNetSharp.Models;
using Xunit;

namespace ControlNetSharp.Tests.Models;

public sealed class PromptFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void FindLora_WhoseWholeNameIsAsked_IsTakenBeforeNamesakesInSubfolders()
    {
        foreach (var file in new[] { "Lora/ink.safetensors", "Lora/old/ink.safetensors", "Lora/Ink/INK.pt", "Lora/a/wash.safetensors" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
            File.WriteAllText(_folder[file], "");
        }

        Directory.CreateDirectory(_folder["Lora/fav"]);
        File.CreateSymbolicLink(_folder["Lora/fav/wash.safetensors"], "../a/wash.safetensors");
        Directory.CreateSymbolicLink(_folder["Lora/b"], "a");
        Directory.CreateSymbolicLink(_folder["Lora/circle"], ".");
        var files = new PromptFiles([_folder.Path]);
        Assert.Equal(_folder["Lora/ink.safetensors"], files.FindLora("ink"));
        Assert.Equal(_folder["Lora/ink.safetensors"], files.FindLora("iNk"));
        Assert.Equal(_folder["Lora/old/ink.safetensors"], files.FindLora("old/ink"));
        Assert.EndsWith("wash.safetensors", files.FindLora("wash"), StringComparison.Ordinal);
        File.WriteAllText(_folder["Lora/old/wash.safetensors"], "");
        Assert.Contains("a/wash", Assert.Throws<ArgumentException>(() => files.FindLora("wash")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Embeddings_OfOneName_TakeTheFileInFewerFolders()
    {
        foreach (var file in new[] { "embeddings/a/ink.safetensors", "embeddings/ink.pt", "embeddings/z/ink.safetensors" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
            File.WriteAllText(_folder[file], "");
        }

        Assert.Equal(_folder["embeddings/ink.pt"], new PromptFiles([_folder.Path]).Embeddings["ink"]);
    }

    [Fact]
    public void FindLora_OfAMissingOrAmbiguousName_SaysWhereItLooked()
    {
        foreach (var file in new[] { "loras/a/ink.safetensors", "loras/b/ink.safetensors", "loras/Wash.pt" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
            File.WriteAllText(_folder[file], "");
        }

        var files = new PromptFiles([_folder.Path]);
        Assert.Equal(_folder["loras/Wash.pt"], files.FindLora("wash"));
        Assert.Equal(_folder["loras/b/ink.safetensors"], files.FindLora("b/ink"));
        var several = Assert.Throws<ArgumentException>(() => files.FindLora("ink")).Message;
        Assert.All(new[] { "\"ink\"", _folder["loras/a/ink.safetensors"], _folder["loras/b/ink.safetensors"] }, part => Assert.Contains(part, several, StringComparison.Ordinal));
        Assert.Equal(_folder["loras/Wash.pt"], new PromptFiles([_folder["loras"]]).FindLora("Wash"));
        var missing = Assert.Throws<ArgumentException>(() => files.FindLora("../washed")).Message;
        Assert.All(new[] { "\"../washed\"", _folder.Path, "Wash" }, part => Assert.Contains(part, missing, StringComparison.Ordinal));
        Assert.Contains("\"ink\". There are no files", Assert.Throws<ArgumentException>(() => PromptFiles.None.FindLora("ink")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models/Stable-diffusion/sub/x.safetensors", "models/Lora/ink.safetensors")]
    [InlineData("models/checkpoints/x.safetensors", "models/loras/ink.safetensors")]
    [InlineData("x.safetensors", "Lora/ink.safetensors")]
    [InlineData("own/x.safetensors", "own/loras/ink.safetensors")]
    public void Beside_AModel_FindsTheFoldersOfItsProgram(string model, string lora)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[lora])!);
        File.WriteAllText(_folder[lora], "");
        Assert.Equal(_folder[lora], PromptFiles.Beside(_folder[model], null).FindLora("ink"));
    }

    public void Dispose() => _folder.Dispose();
}
