namespace ControlNetSharp.Requests;

/// <summary>A setting of an infotext that a request made from it does not have.</summary>
/// <param name="Key">The setting's key; for what is missing the key that it would have.</param>
/// <param name="Value">Its value; empty where it is missing.</param>
/// <param name="Reason">Why: a sentence that goes on after the value.</param>
public sealed record InfotextLoss(string Key, string Value, string Reason)
{
    /// <summary>As people read it.</summary>
    public override string ToString() => $"{Key}{(Value.Length == 0 ? "" : " " + Value)}: {Reason}";
}
