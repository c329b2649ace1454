using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Tests.Fuzzing;

/// <summary>Ways to damage an input: at any place, or with a knowledge of its form, so that the damage lies behind lengths and check sums that are right.</summary>
internal static partial class Mutations
{
    private static readonly string[] JsonValues =
    [
        "-1", "0", "1", "1e999", "-0.0", "1.5", "9223372036854775807", "18446744073709551616", "99999999999999999999999999", "null", "true", "[]", "{}", "[[[]]]", "\"\"", "\"x\"", "\"\\ud800\"", "\"\\u0000\"",
        "\"../../x\"", "\"F32\"", "\"I64\"", "\"F8_E4M3\"", "[0,0]", "[4294967296,4294967296]", "[-1,5]", "[1e3]",
    ];

    /// <summary>Operations of pickles that build, call and repeat.</summary>
    private static readonly string[] PickleOperations =
    [
        "(", ")", "]", "}", "t", "l", "d", "e", "u", "s", "a", "R", "Q", "0", "1", "2", "N", "\x88", "\x85", "\x86", "\x87", "\x81", "b", "q\0", "h\0", "q\x01", "h\x01", "\x94", ".", "cos\nsystem\n", "ctorch\nFloatStorage\n",
        "ctorch._utils\n_rebuild_tensor_v2\n", "ccollections\nOrderedDict\n", "X\x01\0\0\0a", "K\x05", "J\xFF\xFF\xFF\xFF", "\x8a\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", "B\xFF\xFF\xFF\x7F", "\x8e\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F",
    ];

    /// <summary>Bytes changed, removed, doubled, or replaced by large numbers.</summary>
    public static byte[] Bytes(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var change = random.Next(1, 4); change > 0 && bytes.Count > 16; change--)
        {
            var at = random.Next(bytes.Count - 8);
            var count = Math.Min(random.Next(1, 64), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, count);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, count));
                    break;
                case 4:
                    var large = BitConverter.GetBytes(random.NextInt64());
                    for (var i = 0; i < 1 << random.Next(4); i++)
                    {
                        bytes[at + i] = random.Next(2) == 0 ? (byte)0xFF : large[i];
                    }

                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Values of JSON replaced, doubled, removed or nested deeply.</summary>
    public static byte[] Json(byte[] original, Random random)
    {
        var text = Encoding.UTF8.GetString(original);
        for (var change = random.Next(1, 4); change > 0; change--)
        {
            var tokens = Token().Matches(text);
            if (tokens.Count == 0)
            {
                break;
            }

            var token = tokens[random.Next(tokens.Count)];
            var replacement = random.Next(8) switch
            {
                0 => "",
                1 => $"{token.Value},{token.Value}",
                2 => string.Concat(Enumerable.Repeat("[", 3000)),
                3 => tokens[random.Next(tokens.Count)].Value,
                4 => token.Value + ":",
                _ => JsonValues[random.Next(JsonValues.Length)],
            };
            text = text[..token.Index] + replacement + text[(token.Index + token.Length)..];
        }

        return random.Next(10) == 0 ? Bytes(Encoding.UTF8.GetBytes(text), random) : Encoding.UTF8.GetBytes(text);
    }

    /// <summary>The header of a safetensors file damaged, with its length corrected.</summary>
    public static byte[] Safetensors(byte[] original, Random random)
    {
        if (random.Next(2) == 0)
        {
            return Bytes(original, random);
        }

        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(original);
        var header = Json(original[8..(8 + length)], random);
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. original[(8 + length)..]];
    }

    /// <summary>An entry of a zip archive damaged, the others and the archive whole; operations put into its pickle.</summary>
    public static byte[] Zip(byte[] original, Random random)
    {
        if (random.Next(2) == 0)
        {
            return Bytes(original, random);
        }

        using var result = new MemoryStream();
        using (var source = new ZipArchive(new MemoryStream(original)))
        using (var target = new ZipArchive(result, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in source.Entries)
            {
                using var content = new MemoryStream();
                using (var stream = entry.Open())
                {
                    stream.CopyTo(content);
                }

                var isPickle = entry.Name == "data.pkl";
                var bytes = isPickle ? Pickle(content.ToArray(), random) : random.Next(6) == 0 ? Bytes(content.ToArray(), random) : content.ToArray();
                using var written = target.CreateEntry(entry.FullName, random.Next(4) == 0 ? CompressionLevel.Fastest : CompressionLevel.NoCompression).Open();
                written.Write(bytes);
            }
        }

        return result.ToArray();
    }

    /// <summary>Operations put into a pickle, or others in their place.</summary>
    public static byte[] Pickle(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            var at = random.Next(bytes.Count);
            var operation = Encoding.Latin1.GetBytes(PickleOperations[random.Next(PickleOperations.Length)]);
            var repeated = Enumerable.Repeat(operation, random.Next(20) == 0 ? 5000 : 1).SelectMany(value => value).ToList();
            if (random.Next(2) == 0)
            {
                bytes.RemoveRange(at, Math.Min(operation.Length, bytes.Count - at));
            }

            bytes.InsertRange(at, repeated);
        }

        return random.Next(3) == 0 ? Bytes([.. bytes], random) : [.. bytes];
    }

    /// <summary>A chunk of a PNG damaged, doubled, left out or moved, with check sums that are right again.</summary>
    public static byte[] Png(byte[] original, Random random)
    {
        if (random.Next(3) == 0)
        {
            return Bytes(original, random);
        }

        var chunks = new List<(byte[] Type, byte[] Data)>();
        for (var at = 8; at + 12 <= original.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(original.AsSpan(at));
            chunks.Add((original[(at + 4)..(at + 8)], original[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }

        var index = random.Next(chunks.Count);
        var (type, data) = chunks[index];
        switch (random.Next(7))
        {
            case 0:
                chunks.RemoveAt(index);
                break;
            case 1:
                chunks.Insert(random.Next(chunks.Count + 1), chunks[index]);
                break;
            case 2:
                chunks[index] = ([.. type[..3], (byte)(type[3] ^ 0x20)], data);
                break;
            case 3 when type.AsSpan().SequenceEqual("IDAT"u8):
                using (var packed = new MemoryStream())
                {
                    using (var deflate = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                    {
                        deflate.Write(new byte[random.Next(1 << 20)]);
                    }

                    chunks[index] = (type, packed.ToArray());
                }

                break;
            default:
                // A header is short: changed in one byte, it is another picture.
                chunks[index] = (type, data.Length > 16 ? Bytes(data, random) : [.. data.Select(value => random.Next(6) == 0 ? (byte)random.Next(256) : value)]);
                break;
        }

        using var png = new MemoryStream();
        png.Write(PngFormat.Signature);
        chunks.ForEach(chunk => PngFormat.WriteChunk(png, chunk.Type, chunk.Data));
        return png.ToArray();
    }

    /// <summary>Text of the pieces that prompts are made of.</summary>
    public static string Prompt(Random random)
    {
        string[] pieces = ["a cat", " ", ",", "(", ")", "[", "]", ":", "|", "\\", "0.5", "3", ":1.2)", "AND", " AND ", "BREAK", "<lora:a:1>", "<lora:", ">", "red", "é漢\U0001F600", "\ud800", "  \t\n", "1e9", "-", "ink"];
        return string.Concat(Enumerable.Range(0, random.Next(1, random.Next(20) == 0 ? 400 : 40)).Select(_ => pieces[random.Next(pieces.Length)]));
    }

    [GeneratedRegex("""-?\d+(\.\d+)?([eE][+-]?\d+)?|"[^"]*"|true|false|null|[\[\]{}:,]""", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Token();
}
