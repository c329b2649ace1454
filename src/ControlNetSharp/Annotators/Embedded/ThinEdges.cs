namespace ControlNetSharp.Annotators.Embedded;

/// <summary>Lines as a pen draws them, from soft edges.</summary>
internal static class ThinEdges
{
    /// <summary>Edges less sure than this are left out.</summary>
    private const byte Least = 64;

    /// <summary>What is highest across the edge stays, with its strength; what lies beside it goes.</summary>
    /// <param name="edges">width · height values, bright on black. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    public static byte[] Of(byte[] edges, int width, int height)
    {
        var lines = new byte[edges.Length];
        for (int y = 0, i = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++, i++)
            {
                if (edges[i] >= Least && (IsRidge(1, 0) || IsRidge(0, 1) || IsRidge(1, 1) || IsRidge(1, -1)))
                {
                    lines[i] = edges[i];
                }

                bool IsRidge(int dx, int dy) => edges[i] > At(x - dx, y - dy) && edges[i] >= At(x + dx, y + dy);
            }
        }

        return lines;

        byte At(int x, int y) => x < 0 || y < 0 || x >= width || y >= height ? (byte)0 : edges[y * width + x];
    }
}
