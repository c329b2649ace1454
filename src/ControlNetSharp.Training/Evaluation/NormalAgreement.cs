namespace ControlNetSharp.Evaluation;

/// <summary>How well surface directions agree.</summary>
public static class NormalAgreement
{
    /// <summary>The mean angle between directions, in degrees.</summary>
    /// <param name="found">The unit vector that was found at a pixel.</param>
    /// <param name="truth">Three values a pixel; pixels of length 0 (the sky) are left out.</param>
    /// <returns>0 to 180, lower is better; null where no pixel has a direction.</returns>
    public static double? MeanAngle(Func<int, (float X, float Y, float Z)> found, IReadOnlyList<float> truth)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(truth);
        var (sum, count) = (0.0, 0);
        for (var i = 0; 3 * i < truth.Count; i++)
        {
            var (x, y, z) = (truth[3 * i], truth[3 * i + 1], truth[3 * i + 2]);
            if (x * x + y * y + z * z < 0.5f)
            {
                continue;
            }

            var direction = found(i);
            sum += Math.Acos(Math.Clamp(direction.X * x + direction.Y * y + direction.Z * z, -1, 1)) * 180 / Math.PI;
            count++;
        }

        return count == 0 ? null : sum / count;
    }
}
