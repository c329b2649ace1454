using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ControlNetSharp.Tests.Checkpoints.Hub;

/// <summary>A request as it came.</summary>
internal sealed record HubRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);

    /// <summary>First byte that is asked for; 0 without a range.</summary>
    public int From => this["range"] is { } range ? int.Parse(range["bytes=".Length..].TrimEnd('-')) : 0;
}

/// <summary>An answer. With <paramref name="CutAfter"/> the connection ends after so many bytes of the body, whatever length was announced.</summary>
internal sealed record HubAnswer(int Status, byte[] Body, params (string Name, string Value)[] Headers)
{
    public int? CutAfter { get; init; }

    /// <summary>Whether the connection ends by a reset and not by a close.</summary>
    public bool Resets { get; init; }

    /// <summary>Whether the body's length is announced; otherwise the end of the connection is the end of the body.</summary>
    public bool SaysLength { get; init; } = true;
}

/// <summary>A hub with one repository on this machine, or a host that the hub sends on to. Tests step in between by <see cref="Before"/>.</summary>
internal sealed class LoopbackHub : IDisposable
{
    public const string Repository = "some/model";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public LoopbackHub()
    {
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = Task.Run(AcceptAsync);
    }

    public Uri Address { get; }

    public ConcurrentQueue<HubRequest> Requests { get; } = [];

    /// <summary>The repository's files.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Where contents are got; null for here.</summary>
    public LoopbackHub? Store { get; init; }

    /// <summary>Answers in the place of the hub where it gives one.</summary>
    public Func<HubRequest, HubAnswer?> Before { get; set; } = _ => null;

    public IEnumerable<HubRequest> Gets(string file) => Requests.Where(request => request.Method == "GET" && request.Path.EndsWith("/" + file, StringComparison.Ordinal));

    public static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The rest of some bytes from where the request wants them.</summary>
    public static HubAnswer Content(HubRequest request, byte[] bytes) => request["range"] is null ? new(200, bytes)
        : request.From >= bytes.Length ? new(416, [], ("Content-Range", $"bytes */{bytes.Length}"))
        : new(206, bytes[request.From..], ("Content-Range", $"bytes {request.From}-{bytes.Length - 1}/{bytes.Length}"));

    public void Dispose()
    {
        if (_accepting.IsCompleted)
        {
            return;
        }

        _stop.Cancel();
#pragma warning disable xUnit1031 // Not a test.
        _accepting.Wait();
#pragma warning restore xUnit1031
        _listener.Stop();
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                client.NoDelay = true;
                await ServeAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
            if ((await reader.ReadLineAsync(_stop.Token))?.Split(' ') is not { } line)
            {
                return;
            }

            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } header)
            {
                headers[header[..header.IndexOf(':')]] = header[(header.IndexOf(':') + 1)..].Trim();
            }

            var request = new HubRequest(line[0], line[1], headers);
            Requests.Enqueue(request);
            var answer = Before(request) ?? Answer(request);
            var head = new StringBuilder($"HTTP/1.1 {answer.Status} Answer\r\nConnection: close\r\n");
            foreach (var (name, value) in answer.Headers)
            {
                head.Append($"{name}: {value}\r\n");
            }

            if (answer.SaysLength && !Array.Exists(answer.Headers, header => header.Name == "Content-Length"))
            {
                head.Append($"Content-Length: {answer.Body.Length}\r\n");
            }

            await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), _stop.Token);
            if (request.Method != "HEAD")
            {
                await stream.WriteAsync(answer.Body.AsMemory(0, answer.CutAfter ?? answer.Body.Length), _stop.Token);
                if (answer.Resets)
                {
                    await stream.FlushAsync(_stop.Token);
                    await Task.Delay(50, _stop.Token);
                    client.Client.LingerState = new LingerOption(enable: true, 0);
                }
            }
        }
        catch (IOException)
        {
            // The client did not want the rest.
        }
    }

    private HubAnswer Answer(HubRequest request)
    {
        if (request.Path.StartsWith($"/api/models/{Repository}/revision/", StringComparison.Ordinal))
        {
            return new(200, JsonSerializer.SerializeToUtf8Bytes(new { sha = Commit, siblings = Files.Keys.Select(name => new { rfilename = name }) }));
        }

        var prefix = $"/{Repository}/resolve/{Commit}/";
        if (!request.Path.StartsWith(prefix, StringComparison.Ordinal) || !Files.TryGetValue(Uri.UnescapeDataString(request.Path[prefix.Length..]), out var bytes))
        {
            return new(404, "nothing"u8.ToArray(), ("X-Error-Message", "Entry not found"));
        }

        (string, string)[] headers = [("X-Repo-Commit", Commit), ("X-Linked-Etag", $"\"{Sha256(bytes)}\""), ("X-Linked-Size", $"{bytes.Length}"), ("ETag", "\"of-the-redirect\"")];
        if (Store is not null)
        {
            Store.Files[request.Path] = bytes;
            return new(302, "Found"u8.ToArray(), [.. headers, ("Location", new Uri(Store.Address, "/store" + request.Path).AbsoluteUri)]);
        }

        var content = request.Method == "HEAD" ? new HubAnswer(200, bytes) : Content(request, bytes);
        return content with { Headers = [.. content.Headers, .. headers] };
    }

    /// <summary>A host that has what hubs send on to it.</summary>
    public static LoopbackHub NewStore()
    {
        var store = new LoopbackHub();
        store.Before = request => request.Path.StartsWith("/store", StringComparison.Ordinal) ? Content(request, store.Files[request.Path["/store".Length..]]) : new HubAnswer(404, []);
        return store;
    }
}
