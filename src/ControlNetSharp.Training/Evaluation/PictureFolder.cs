using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Evaluation;

/// <summary>Pictures of a person's own to measure on, with prompts beside them as .txt.</summary>
internal sealed class PictureFolder
{
    private static readonly string[] Endings = [".png", ".jpg", ".jpeg", ".webp", ".bmp"];
    private readonly List<string> _files = [];

    /// <summary>Lists the pictures; none is read.</summary>
    /// <param name="member">The member of a request that names the folder.</param>
    /// <param name="folder">The folder.</param>
    /// <exception cref="RequestException">There is no such folder, or no picture in it.</exception>
    public PictureFolder(string member, string folder)
    {
        RequestRules.Require(Directory.Exists(folder), member, folder, "there is no such folder.");
        var others = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            var ending = Path.GetExtension(file).ToLowerInvariant();
            if (Endings.Contains(ending))
            {
                _files.Add(file);
            }
            else if (ending != ".txt")
            {
                others.Add(ending);
            }
        }

        var looked = $"looked for {string.Join(", ", Endings)}.";
        Note = others.Count > 0 ? $"left out of {folder}: {string.Join(", ", others)}; {looked}" : null;
        if (_files.Count == 0)
        {
            throw new RequestException(member, folder, $"there is no picture in it; {looked}");
        }
    }

    /// <summary>How many pictures there are.</summary>
    public int Count => _files.Count;

    /// <summary>What is no picture and was left out, in a sentence; null for nothing.</summary>
    public string? Note { get; }

    /// <summary>The pictures one after another, cropped to a square.</summary>
    /// <param name="size">Pixels a side.</param>
    /// <exception cref="PictureException">A file is no picture.</exception>
    public IEnumerable<ReferencePicture> References(int size) =>
        _files.Select(
            (file, index) =>
            {
                var text = Path.ChangeExtension(file, ".txt");
                return new ReferencePicture(
                    PictureResizing.Fit(PictureReader.Read(file), size, size, ResizeMode.Crop),
                    File.Exists(text) ? File.ReadAllText(text).Trim() : "",
                    index
                );
            }
        );
}
