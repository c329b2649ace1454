namespace ControlNetSharp.Requests;

/// <summary>What an infotext says of one control unit.</summary>
/// <param name="Index">Where its first setting stands.</param>
/// <param name="Key">The beginning of its settings' keys, such as <c>ControlNet 0</c>.</param>
internal sealed record InfotextUnitFields(int Index, string Key)
{
    private readonly List<(string Name, string Written, string Value)> _fields = [];

    /// <summary>The value of a field by its name in lower case; null where there is none.</summary>
    public string? this[string name] =>
        _fields.Where(field => field.Name == name).Select(field => field.Value).FirstOrDefault();

    /// <summary>Adds a field, unless there is one of the name.</summary>
    public bool Add(string name, string written, string value)
    {
        var isNew = this[name] is null;
        if (isNew)
        {
            _fields.Add((name, written, value.Trim()));
        }

        return isNew;
    }

    /// <summary>The fields but for some names.</summary>
    public IEnumerable<(string Written, string Value)> Others(IReadOnlySet<string> names) =>
        _fields.Where(field => !names.Contains(field.Name)).Select(field => (field.Written, field.Value));

    /// <summary>All fields as a list.</summary>
    public override string ToString() => string.Join(", ", _fields.Select(field => $"{field.Written}: {field.Value}"));
}
