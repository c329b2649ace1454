using System.Globalization;
using System.Net;
using System.Text;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// A page that shows what was measured on: for each picture and kind the hint, the picture with control, the one
/// without and the real one. Pictures are written as they come.
/// </summary>
internal sealed class EvaluationPage
{
    private readonly string _folder;
    private readonly Lock _adding = new();
    private readonly SortedDictionary<
        int,
        (string Prompt, List<(string Name, List<string> Hints, string Made)> Rows)
    > _pictures = [];

    /// <summary>Makes the folder.</summary>
    /// <param name="member">The member of a request that names it.</param>
    /// <param name="folder">It does not exist yet or is empty.</param>
    /// <exception cref="RequestException">It has something in it, or cannot be written.</exception>
    public EvaluationPage(string member, string folder)
    {
        _folder = Path.GetFullPath(folder);
        if (File.Exists(_folder) || (Directory.Exists(_folder) && Directory.EnumerateFileSystemEntries(_folder).Any()))
        {
            throw new RequestException(
                member,
                folder,
                "exists already and is not an empty folder; the page is written into a new or an empty one."
            );
        }

        try
        {
            Directory.CreateDirectory(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RequestException(member, folder, $"cannot be made: {e.Message}", e);
        }

        OutputFolder.Check(member, folder, _folder);
    }

    /// <summary>Writes the pictures of one reference. Threads may add at the same time.</summary>
    public void Add(EvaluatedPictures pictures)
    {
        string Written(string name, Picture picture)
        {
            var file =
                $"{pictures.Index:d4}-{name.Replace(' ', '-').Replace("+", "and", StringComparison.Ordinal)}.png";
            PictureWriter.WritePng(Path.Combine(_folder, file), picture, replaces: false);
            return file;
        }

        Written("real", pictures.Reference.Picture);
        Written("without", pictures.WithoutControl);
        var rows = pictures
            .WithControl.Select(made =>
                (
                    made.Name,
                    made.Hints.Select(
                            (hint, i) =>
                                Written(made.Hints.Count == 1 ? $"{made.Name} hint" : $"{made.Name} hint {i + 1}", hint)
                        )
                        .ToList(),
                    Written(made.Name, made.Picture)
                )
            )
            .ToList();
        lock (_adding)
        {
            _pictures.Add(pictures.Index, (pictures.Reference.Prompt, rows));
        }
    }

    /// <summary>Writes <c>index.html</c>.</summary>
    public void Write(string model, EvaluationReport report)
    {
        static string Text(string text) => WebUtility.HtmlEncode(text);
        static string Shown(string caption, string file) =>
            $"<figure><img src=\"{Text(file)}\" alt=\"{Text(caption)}\" "
            + $"loading=\"lazy\"><figcaption>{Text(caption)}</figcaption></figure>";
        var html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Text(model)}: pictures with and without control</title>\n");
        html.Append(
            "<style>body{font-family:sans-serif;margin:1em}div{display:flex;flex-wrap:wrap;gap:.5em}figure{margin:0}fi"
                + "gcaption{font-size:small}img{max-width:256px;image-rendering:auto}</style>\n</head>\n<body>\n"
        );
        html.Append(
            CultureInfo.InvariantCulture,
            $"<h1>{Text(model)}</h1>\n<pre>{Text(EvaluationTable.Markdown(report))}</pre>\n"
        );
        foreach (var (index, (prompt, rows)) in _pictures)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2>{index}: {Text(prompt)}</h2>\n");
            foreach (var (name, hints, made) in rows)
            {
                html.Append("<div>").AppendJoin("", hints.Select(hint => Shown($"{name}: hint", hint)));
                html.Append(Shown("with control", made))
                    .Append(Shown("without control", $"{index:d4}-without.png"))
                    .Append(Shown("real", $"{index:d4}-real.png"))
                    .Append("</div>\n");
            }
        }

        File.WriteAllText(Path.Combine(_folder, "index.html"), html.Append("</body>\n</html>\n").ToString());
    }
}
