namespace ControlNetSharp.Measuring;

/// <summary>A row of a <see cref="StepProfile"/>.</summary>
/// <param name="Kind">The kind of layer.</param>
/// <param name="Size">Width, height and channels of what it gives, or tokens and channels.</param>
/// <param name="Calls">How often such a layer was run.</param>
/// <param name="Seconds">All of them together, without the layers in them.</param>
/// <param name="Gflop">Likewise; 0 where operations are not counted.</param>
public sealed record ProfileRow(string Kind, string Size, int Calls, double Seconds, double Gflop)
{
    /// <summary>GFLOP/s.</summary>
    public double GflopsReached => Gflop / Seconds;
}
