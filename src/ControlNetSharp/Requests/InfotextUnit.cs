using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>A control unit as an infotext describes it: all but its picture.</summary>
internal sealed class InfotextUnit
{
    private readonly ControlUnit _unit;

    internal InfotextUnit(string key, ControlUnit unit) => (Key, _unit) = (key, unit);

    /// <summary>The key of its setting, such as <c>ControlNet 0</c>.</summary>
    public string Key { get; }

    /// <summary>The unit for a picture, which is annotated as the infotext says.</summary>
    public ControlUnit With(PictureSource picture) => _unit with { Picture = picture };
}
