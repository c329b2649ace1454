namespace ControlNetSharp.Requests;

/// <summary>
/// What sd-webui-controlnet does without being asked: in the second pass, hints of hard lines act with soft weights,
/// which leaves fewer artifacts. Source: its scripts/hook.py, v1.1.455 (behaviour).
/// </summary>
internal static class SecondPassSoftness
{
    private static readonly string[] Hard = ["canny", "mlsd"];

    /// <summary>Whether it does so with a unit.</summary>
    public static bool IsAsked(ControlUnit unit) =>
        unit is { Mode: ControlMode.Balanced, Layers: null }
        && UnitAnnotator.Usual(unit, unit.ConditionKind, "unit") is { } annotator
        && Hard.Contains(annotator.Name);

    /// <summary>A unit of a generation with a second pass as the extension carries it out.</summary>
    public static ControlUnit Of(ControlUnit unit) =>
        !IsAsked(unit) ? unit
        : unit.Passes == ControlPasses.Both ? unit with { Passes = ControlPasses.Soft }
        : unit.Passes == ControlPasses.High ? unit with { Mode = ControlMode.Prompt }
        : unit;
}
