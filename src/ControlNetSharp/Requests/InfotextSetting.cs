using System.Runtime.InteropServices;

namespace ControlNetSharp.Requests;

/// <summary>A key of an infotext with its value.</summary>
/// <param name="Index">Where it stands among all of them.</param>
/// <param name="Key">As it is written.</param>
/// <param name="Value">As it is written.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct InfotextSetting(int Index, string Key, string Value)
{
    /// <summary>Its refusal, which says what is allowed.</summary>
    public RequestException Refused(string allowed) => new(Key, Value, allowed);
}
