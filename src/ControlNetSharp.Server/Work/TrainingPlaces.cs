using System.Text.RegularExpressions;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Server.Work;

/// <summary>
/// Where a server keeps datasets and trainings. Requests name folders in it and nothing else: no path of a caller is
/// ever opened.
/// </summary>
/// <param name="folder">The folder of both.</param>
internal sealed partial class TrainingPlaces(string folder)
{
    /// <summary>
    /// What a request writes in the place of a dataset to have one made of scenes, before their number.
    /// </summary>
    public const string Scenes = "scenes:";

    private const int MostScenes = 100_000;

    /// <summary>The folder with a folder for each training; units find the finished ControlNets in it.</summary>
    public string Trainings { get; } = Directory.CreateDirectory(Path.Combine(folder, "trainings")).FullName;

    /// <summary>The folder with a folder for each dataset.</summary>
    public string Datasets { get; } = Directory.CreateDirectory(Path.Combine(folder, "datasets")).FullName;

    /// <summary>The datasets that are there, by name.</summary>
    public IReadOnlyList<string> DatasetNames() =>
        [
            .. Directory
                .GetDirectories(Datasets)
                .Select(path => Path.GetFileName(path)!)
                .Where(name => Name().IsMatch(name))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>The folder of a dataset that a request names.</summary>
    /// <exception cref="RequestException">There is none of this name.</exception>
    public string Dataset(string member, string name)
    {
        var path = Below(Datasets, member, name);
        RequestRules.Require(
            Directory.Exists(path),
            member,
            name,
            "the server has no dataset of this name; it has "
                + $"{string.Join(", ", DatasetNames().DefaultIfEmpty("none"))}."
                + $" {Scenes}N makes one of N scenes."
        );
        return path;
    }

    /// <summary>The folder of a training that a request names; it need not be there.</summary>
    /// <exception cref="RequestException">It is no name.</exception>
    public string Training(string member, string name) => Below(Trainings, member, name);

    /// <summary>How many scenes a dataset is to be made of; null where a request names one.</summary>
    /// <exception cref="RequestException">It is no number, or too many.</exception>
    public static int? ScenesOf(string member, string data)
    {
        if (!data.StartsWith(Scenes, StringComparison.Ordinal))
        {
            return null;
        }

        var isNumber = int.TryParse(data[Scenes.Length..], out var scenes);
        RequestRules.Require(
            isNumber && scenes is >= 2 and <= MostScenes,
            member,
            data,
            $"must be {Scenes} with a number from 2 to {MostScenes} behind it, or the name of a dataset."
        );
        return scenes;
    }

    private static string Below(string parent, string member, string name)
    {
        RequestRules.Require(
            Name().IsMatch(name),
            member,
            name,
            "must be a name of letters, digits, _, - and full stops, not beginning with one."
        );
        var path = Path.Combine(parent, name);
        RequestRules.Require(
            new DirectoryInfo(path).LinkTarget is null,
            member,
            name,
            "is a link; what a request names must lie in the server's own folder."
        );
        return path;
    }

    [GeneratedRegex(@"^[\p{L}\p{Nd}_-][\p{L}\p{Nd}._-]{0,99}$", RegexOptions.None, 1000)]
    private static partial Regex Name();
}
