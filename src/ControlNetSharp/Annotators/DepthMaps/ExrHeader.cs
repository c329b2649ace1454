using System.Buffers.Binary;
using System.Text;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>What the header of an OpenEXR file says. Source: "OpenEXR File Layout", OpenEXR 3.</summary>
/// <param name="Width">Pixels a row of the data window.</param>
/// <param name="Height">Its rows.</param>
/// <param name="Top">The number of its first row.</param>
/// <param name="Channels">The channels in the order in which a row has them.</param>
/// <param name="Compression">0 none, 2 zlib by row, 3 zlib by 16 rows; a place in <see cref="Compressions"/>.</param>
/// <param name="End">Where the header ends and the table of offsets begins.</param>
internal sealed record ExrHeader(
    int Width,
    int Height,
    int Top,
    IReadOnlyList<ExrHeader.Channel> Channels,
    int Compression,
    int End
)
{
    private const int Tiled = 0x200,
        Deep = 0x800,
        Parts = 0x1000;
    private const int LongestName = 255;

    /// <summary>The compressions that there are, by number.</summary>
    private static readonly string[] Compressions =
    [
        "none",
        "RLE",
        "ZIPS",
        "ZIP",
        "PIZ",
        "PXR24",
        "B44",
        "B44A",
        "DWAA",
        "DWAB",
    ];

    /// <summary>One channel; what is before the last point of its name is its layer.</summary>
    internal sealed record Channel(string Name, SampleType Type)
    {
        public string Layer => Name[..(Name.LastIndexOf('.') + 1)];

        public string Component => Name[(Name.LastIndexOf('.') + 1)..];
    }

    public static bool IsExr(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0x76, 0x2F, 0x31, 0x01]);

    public static ExrHeader Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        var flags = bytes.Length >= 8 ? BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]) : throw Truncated(name);
        if ((flags & (Tiled | Deep | Parts)) != 0)
        {
            var kind =
                (flags & Deep) != 0 ? "deep"
                : (flags & Parts) != 0 ? "of several parts"
                : "tiled";
            throw new PictureException(name, $"the EXR file is {kind}; one flat part in rows (scan lines) is read.");
        }

        var at = 8;
        IReadOnlyList<Channel>? channels = null;
        int? compression = null;
        (int Left, int Top, int Right, int Bottom)? window = null;
        while (Text(bytes, ref at, name) is { Length: > 0 } attribute)
        {
            Text(bytes, ref at, name);
            var value = Value(bytes, ref at, name);
            switch (attribute)
            {
                case "channels":
                    channels = ReadChannels(value, name);
                    break;
                case "compression" when value.Length == 1:
                    compression = value[0];
                    break;
                case "dataWindow" when value.Length == 16:
                    window = (Whole(value), Whole(value[4..]), Whole(value[8..]), Whole(value[12..]));
                    break;
            }
        }

        if (channels is null || compression is not { } packing || window is not { } box)
        {
            throw new PictureException(
                name,
                "the EXR header is damaged: channels, compression or dataWindow is missing."
            );
        }

        if (packing is not (0 or 2 or 3))
        {
            var known = packing < Compressions.Length ? Compressions[packing] : $"{packing}";
            throw new PictureException(name, $"the EXR file has the compression {known}; none, ZIPS and ZIP are read.");
        }

        var (width, height) = limits.CheckedSize((long)box.Right - box.Left + 1, (long)box.Bottom - box.Top + 1, name);
        return new ExrHeader(width, height, box.Top, channels, packing, at);
    }

    private static List<Channel> ReadChannels(ReadOnlySpan<byte> list, string name)
    {
        const int Sampling = 8,
            Bytes = 16;
        var (channels, at) = (new List<Channel>(), 0);
        while (Text(list, ref at, name) is { Length: > 0 } channel)
        {
            if (list.Length - at < Bytes)
            {
                throw Truncated(name);
            }

            var fields = list.Slice(at, Bytes);
            at += Bytes;
            if (Whole(fields[Sampling..]) != 1 || Whole(fields[(Sampling + 4)..]) != 1)
            {
                throw new PictureException(
                    name,
                    $"the channel {channel} of the EXR file does not have every pixel; it must."
                );
            }

            channels.Add(
                Whole(fields) switch
                {
                    0 => new Channel(channel, new SampleType('u', 4, IsBig: false)),
                    1 => new Channel(channel, new SampleType('f', 2, IsBig: false)),
                    2 => new Channel(channel, new SampleType('f', 4, IsBig: false)),
                    var type => throw new PictureException(
                        name,
                        $"the EXR header is damaged: the channel {channel} has the type {type}."
                    ),
                }
            );
        }

        return channels;
    }

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> bytes, ref int at, string name)
    {
        var length = bytes.Length - at >= 4 ? Whole(bytes[at..]) : -1;
        if (length < 0 || length > bytes.Length - at - 4)
        {
            throw Truncated(name);
        }

        at += 4 + length;
        return bytes.Slice(at - length, length);
    }

    private static string Text(ReadOnlySpan<byte> bytes, ref int at, string name)
    {
        var rest = bytes[Math.Min(at, bytes.Length)..];
        var length = rest[..Math.Min(rest.Length, LongestName + 1)].IndexOf((byte)0);
        if (length < 0)
        {
            throw Truncated(name);
        }

        at += length + 1;
        return Encoding.UTF8.GetString(rest[..length]);
    }

    private static int Whole(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32LittleEndian(bytes);

    private static PictureException Truncated(string name) =>
        new(name, "the EXR file is truncated or damaged: it ends in its header.");
}
