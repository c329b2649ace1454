using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace ControlNetSharp.Cli;

/// <summary>
/// Clients that each ask for one address once a second, over connections of their own and with as little work as can
/// be: one thread asks for all of them in turn. Where they share a machine with the server, what is measured is then
/// the server's work.
/// </summary>
internal sealed class PollingClients : IDisposable
{
    private const int LongestAnswer = 1 << 16;
    private static readonly byte[] Success = "HTTP/1.1 200 "u8.ToArray();
    private static readonly byte[] EndOfHeaders = "\r\n\r\n"u8.ToArray();
    private static readonly byte[] ContentLength = "Content-Length: "u8.ToArray();

    private readonly byte[] _answer = new byte[LongestAnswer];
    private readonly Uri _address;
    private readonly byte[] _question;
    private readonly List<Socket> _sockets;

    /// <param name="address">What they ask for; the answer says its length.</param>
    /// <param name="count">How many they are.</param>
    public PollingClients(Uri address, int count)
    {
        _address = address;
        _question = Encoding.ASCII.GetBytes(
            $"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n"
        );
        _sockets =
        [
            .. Enumerable
                .Range(0, count)
                .Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }),
        ];
    }

    /// <summary>Asks until it is over.</summary>
    /// <returns>Milliseconds that each answer took.</returns>
    /// <exception cref="IOException">An answer is no success, or too long.</exception>
    public Task<List<double>> AskAsync(CancellationToken over) =>
        Task.Factory.StartNew(() => Ask(over), over, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc/>
    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());

    private List<double> Ask(CancellationToken over)
    {
        _sockets.ForEach(socket => socket.Connect(_address.Host, _address.Port));
        var took = new List<double>();
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var due = TimeSpan.FromSeconds((double)took.Count / _sockets.Count) - Stopwatch.GetElapsedTime(start);
            if (over.WaitHandle.WaitOne(due > TimeSpan.Zero ? due : TimeSpan.Zero))
            {
                return took;
            }

            var clock = Stopwatch.GetTimestamp();
            Ask(_sockets[took.Count % _sockets.Count]);
            took.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
        }
    }

    private void Ask(Socket socket)
    {
        socket.Send(_question);
        var length = 0;
        while (!IsWhole(_answer.AsSpan(0, length)))
        {
            var more = socket.Receive(_answer, length, LongestAnswer - length, SocketFlags.None);
            length += more;
            if (more == 0 || !_answer.AsSpan(0, length).StartsWith(Success))
            {
                throw new IOException($"{_address}: {Encoding.ASCII.GetString(_answer, 0, length)}");
            }
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer) =>
        answer.IndexOf(EndOfHeaders) is var headers and >= 0
        && answer.IndexOf(ContentLength) is var length and >= 0
        && Utf8Parser.TryParse(answer[(length + ContentLength.Length)..], out int body, out _)
        && answer.Length >= headers + EndOfHeaders.Length + body;
}
