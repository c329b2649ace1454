namespace ControlNetSharp.Tests.Samples;

/// <summary>What the kernel of .NET Interactive gives to cells, as far as the notebook uses it.</summary>
/// <param name="shown">Gets what is shown.</param>
public sealed class NotebookKernel(ICollection<string> shown)
{
    /// <summary>Shows HTML below the cell.</summary>
    public string HTML(string content)
    {
        shown.Add(content);
        return content;
    }
}
