using System.Globalization;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Cli;

/// <summary>
/// Where the pictures and hints of a run are written: under the names that follow from <c>--out FILE</c>, or in a
/// folder under names that nothing has yet.
/// </summary>
internal sealed class ResultFiles
{
    private readonly GenerateSettings _settings;
    private readonly bool _inFolder;

    /// <summary>Looks at all names before the work begins.</summary>
    /// <exception cref="UsageException">A file has one of them, and may not be replaced.</exception>
    public ResultFiles(GenerateSettings settings)
    {
        (_settings, _inFolder) = (settings, Directory.Exists(settings.Output));
        if (!_inFolder)
        {
            var pictures = Enumerable.Range(0, settings.Pictures).Select(index => PictureStem(index, seed: 0));
            var maps = settings.WritesMaps
                ? Enumerable.Range(0, settings.Pictures).SelectMany(MapsOf, (picture, unit) => MapStem(unit, picture))
                : [];
            OutputPlace.CheckFree(
                GenerateOptions.Out.Name,
                settings.Output,
                pictures.Concat(maps).Select(stem => stem + Extension),
                settings.Overwrites
            );
        }
    }

    private static string Extension => ".png";

    /// <summary>Writes a picture with its manifest.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="index">Which one of the run, from 0.</param>
    /// <returns>The file.</returns>
    public string WritePicture(GeneratedPicture picture, int index) =>
        Write(PictureStem(index, picture.Seed), picture.Picture, picture.Texts(_settings.Inputs));

    /// <summary>
    /// Writes the hints of a picture: with the first one those of all units, then those of units with a row of them.
    /// </summary>
    /// <param name="hints">The hints of the units. Borrowed.</param>
    /// <param name="picture">Which picture of the run, from 0.</param>
    /// <returns>The files.</returns>
    public IEnumerable<string> WriteMaps(IReadOnlyList<Picture> hints, int picture) =>
        MapsOf(picture).Select(unit => Write(MapStem(unit, picture), hints[unit], null));

    /// <summary>The units whose hints are written with a picture.</summary>
    private IEnumerable<int> MapsOf(int picture) =>
        _settings
            .Request.Units.Index()
            .Where(unit => picture == 0 || unit.Item.Row is not null)
            .Select(unit => unit.Index);

    private string PictureStem(int index, long seed) =>
        _inFolder ? Path.Combine(_settings.Output, $"{Now()}-{index:d4}-{seed}")
        : _settings.Pictures == 1 ? Stem
        : $"{Stem}-{index:d4}";

    private string MapStem(int index, int picture)
    {
        var unit = _settings.Request.Units[index];
        return $"{(_inFolder ? Path.Combine(_settings.Output, Now()) : Stem)}-map{index}-{unit.ConditionKind.Name}"
            + (unit.Row is null ? "" : $"-{picture:d4}");
    }

    private string Stem => Path.ChangeExtension(_settings.Output, null);

    private static string Now() => DateTimeOffset.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);

    /// <summary>
    /// In a folder the first free name counts: another run, even of the same second and seed, never loses a picture to
    /// this one.
    /// </summary>
    private string Write(string stem, Picture picture, IReadOnlyDictionary<string, string>? texts)
    {
        for (var number = 1; ; number++)
        {
            var file = (number == 1 ? stem : $"{stem}-{number}") + Extension;
            try
            {
                PictureWriter.WritePng(file, picture, texts, replaces: _settings.Overwrites && !_inFolder);
                return file;
            }
            catch (FileTakenException) when (_inFolder)
            {
                // The next name.
            }
        }
    }
}
