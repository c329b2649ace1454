using ControlNetSharp.Annotators;
using static ControlNetSharp.Requests.RequestRules;

namespace ControlNetSharp.Requests;

/// <summary>What a unit may say of its strength beside the ranges of the values.</summary>
internal static class StrengthRules
{
    /// <summary>How strongly a unit acts, over the steps, the layers and the sides of the guidance.</summary>
    /// <exception cref="RequestException">A value is not allowed, or parts do not go together.</exception>
    public static void Check(ControlUnit unit, ConditionKind kind, string path)
    {
        var positions = unit.Weight.Points.Select(point => point.Position).ToList();
        Require(
            positions[0] >= 0
                && positions[^1] <= 1
                && positions.Zip(positions.Skip(1)).All(two => two.First < two.Second),
            path + ".weight",
            unit.Weight,
            "the positions of a curve must rise, from 0 at least to 1 at most."
        );
        Require(
            unit.Softness is null || unit.Layers is null,
            path + ".softness",
            unit.Softness,
            "layers already says how strongly each of them acts; give one of both."
        );
        Require(
            unit.Passes != ControlPasses.Soft || (unit.Softness is null && unit.Layers is null),
            path + ".hires",
            RequestValues.WordOf(unit.Passes),
            $"{(unit.Layers is null ? "softness" : "layers")} already says how strongly each layer acts; give one of "
                + "both."
        );
        if (unit.IsForIpAdapter || !kind.TakesNetwork)
        {
            var none = $"the kind {kind.Name} has no residuals";
            Require(
                unit.Passes != ControlPasses.Soft,
                path + ".hires",
                RequestValues.WordOf(unit.Passes),
                $"{none}, which could be soft."
            );
            Require(unit.Softness is null, path + ".softness", unit.Softness, $"{none}, which could fade.");
            Require(
                unit.UnconditionalFactor is null,
                path + ".unconditional",
                unit.UnconditionalFactor,
                unit.IsForIpAdapter
                    ? "an IP-Adapter's unconditional side attends to no picture, as it was trained."
                    : $"{none}; its option fidelity says what the unconditional side does without."
            );
        }
    }
}
