namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>A module in both layouts, and what its parts are called.</summary>
/// <param name="Diffusers">Its name in diffusers.</param>
/// <param name="Ldm">Its name in LDM, without the network's prefix.</param>
/// <param name="Parts">
/// Names inside it, diffusers' first; null where both layouts call them the same. Where LDM's name occurs twice, the
/// first row is today's.
/// </param>
internal sealed record ModuleRow(
    string Diffusers,
    string Ldm,
    IReadOnlyList<(string Diffusers, string Ldm)>? Parts = null
);

/// <summary>The names of a network's weights in diffusers and in LDM, by the modules that they belong to.</summary>
internal sealed class KeyMap
{
    private readonly Dictionary<string, ModuleRow> _byDiffusers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ModuleRow> _byLdm = new(StringComparer.Ordinal);

    /// <summary>Creates the map.</summary>
    /// <param name="rows">One row for each module; rows of modules that a file does not have do no harm.</param>
    public KeyMap(IEnumerable<ModuleRow> rows)
    {
        foreach (var row in rows)
        {
            _byDiffusers.Add(row.Diffusers, row);
            _byLdm.Add(row.Ldm, row);
        }
    }

    /// <summary>LDM's name of a weight, without the network's prefix; null where the layouts have none.</summary>
    public string? ToLdm(string name) =>
        Translate(name, _byDiffusers, row => row.Ldm, part => part.Diffusers, part => part.Ldm);

    /// <summary>Diffusers' name of a weight; null where the layouts have none.</summary>
    public string? ToDiffusers(string name) =>
        Translate(name, _byLdm, row => row.Diffusers, part => part.Ldm, part => part.Diffusers);

    private static string? Translate(
        string name,
        Dictionary<string, ModuleRow> rows,
        Func<ModuleRow, string> target,
        Func<(string Diffusers, string Ldm), string> from,
        Func<(string Diffusers, string Ldm), string> to
    )
    {
        for (var dot = name.LastIndexOf('.'); dot > 0; dot = name.LastIndexOf('.', dot - 1))
        {
            if (!rows.TryGetValue(name[..dot], out var row))
            {
                continue;
            }

            var rest = name[(dot + 1)..];
            if (row.Parts is null)
            {
                return $"{target(row)}.{rest}";
            }

            var part = row.Parts.FirstOrDefault(part => rest.StartsWith(from(part) + ".", StringComparison.Ordinal));
            return part.Ldm is null ? null : $"{target(row)}.{to(part)}{rest[from(part).Length..]}";
        }

        return null;
    }
}
