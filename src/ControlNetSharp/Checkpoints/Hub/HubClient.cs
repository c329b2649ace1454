using System.Net;
using System.Text.Json;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints.Hub;

/// <summary>
/// Fetches files of repositories into the cache that the hub's own tools share. Nothing is fetched twice; a broken
/// download goes on where it broke; contents are checked against the hash that the hub
/// names before they get their name. Source: the HTTP interface that huggingface_hub file_download.py uses (behaviour).
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const int LargestListing = 1 << 26;
    private readonly HubOptions _options;
    private readonly HubConnection _hub;

    /// <summary>Creates a client; nothing is asked yet.</summary>
    public HubClient(HubOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _hub) = (options, new HubConnection(options));
    }

    /// <summary>Fetches files of a repository, or finds them in the cache.</summary>
    /// <param name="repository">Organisation and name.</param>
    /// <param name="revision">Branch, tag or commit; null for main.</param>
    /// <param name="files">Names in the repository; empty for those that make a model.</param>
    /// <param name="progress">Told while bytes come, on some thread.</param>
    /// <param name="cancellationToken">Ends it; what has come of a file is kept for the next time.</param>
    /// <exception cref="ArgumentException">The repository or the revision is no name.</exception>
    /// <exception cref="HubException">The files cannot be had; the message says why and what can be done.</exception>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public async Task<HubPull> PullAsync(
        string repository,
        string? revision,
        IReadOnlyList<string> files,
        Action<HubProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(files);
        var wanted = HubCache.CheckedRevision(revision ?? "main");
        var cache = new HubCache(_options.Cache, repository);
        if (_options.IsOffline)
        {
            return InCache(cache, repository, wanted, files);
        }

        var (commit, names) = await ListAsync(repository, wanted, cancellationToken).ConfigureAwait(false);
        if (files.FirstOrDefault(file => !names.Contains(file, StringComparer.Ordinal)) is { } missing)
        {
            throw new HubException(
                HubFailure.NotFound,
                $"{repository} has no file \"{missing}\" at {wanted}; it has "
                    + $"{string.Join(", ", names.Take(20))}{(names.Count > 20 ? ", …" : "")}."
            );
        }

        cache.Remember(wanted, commit);
        var selected = files.Count > 0 ? files : HubSelection.Of(names, repository);
        var pulled = new List<PulledFile>();
        foreach (var (index, name) in selected.Distinct(StringComparer.Ordinal).Index())
        {
            var path = cache.PathOf(commit, name);
            // A commit never changes, so what has its name is whole.
            var isNew = !File.Exists(path);
            if (isNew)
            {
                await FetchAsync(
                        cache,
                        repository,
                        commit,
                        name,
                        path,
                        (bytes, total) => progress?.Invoke(new HubProgress(name, index, selected.Count, bytes, total)),
                        cancellationToken
                    )
                    .ConfigureAwait(false);
            }

            pulled.Add(new PulledFile(name, path, LengthOf(path), isNew));
        }

        return new HubPull(repository, wanted, commit, cache.Snapshot(commit), pulled);
    }

    /// <inheritdoc/>
    public void Dispose() => _hub.Dispose();

    private HubPull InCache(HubCache cache, string repository, string revision, IReadOnlyList<string> files)
    {
        if (cache.CommitOf(revision) is not { } commit || !Directory.Exists(cache.Snapshot(commit)))
        {
            throw new HubException(
                HubFailure.NotFound,
                $"{repository} at {revision} is not in the cache ({_options.Cache}), and HF_HUB_OFFLINE forbids asking "
                    + "for it."
            );
        }

        var snapshot = cache.Snapshot(commit);
        var names =
            files.Count > 0
                ? files
                :
                [
                    .. Directory
                        .GetFiles(snapshot, "*", SearchOption.AllDirectories)
                        .Select(file => Path.GetRelativePath(snapshot, file).Replace('\\', '/'))
                        .Order(StringComparer.Ordinal),
                ];
        return names.FirstOrDefault(name => !File.Exists(cache.PathOf(commit, name))) is { } missing
            ? throw new HubException(
                HubFailure.NotFound,
                $"\"{missing}\" of {repository} at {revision} is not in the cache ({snapshot}), and HF_HUB_OFFLINE "
                    + "forbids asking for it."
            )
            : new HubPull(
                repository,
                revision,
                commit,
                snapshot,
                [
                    .. names.Select(name => new PulledFile(
                        name,
                        cache.PathOf(commit, name),
                        LengthOf(cache.PathOf(commit, name)),
                        Downloaded: false
                    )),
                ]
            );
    }

    private async Task<(string Commit, IReadOnlyList<string> Names)> ListAsync(
        string repository,
        string revision,
        CancellationToken cancellationToken
    )
    {
        var what = $"{repository} at {revision}";
        using var response = await _hub.SendAsync(
                HttpMethod.Get,
                _hub.Address($"api/models/{repository}/revision/{Uri.EscapeDataString(revision)}"),
                null,
                what,
                followsHosts: false,
                cancellationToken
            )
            .ConfigureAwait(false);
        _hub.RequireSuccess(response, what);
        try
        {
            using var text = new MemoryStream();
            await _hub.CopyAsync(response, text, LargestListing, null, cancellationToken).ConfigureAwait(false);
            using var json = JsonDocument.Parse(ByteOrderMark.Removed(text.ToArray()));
            var commit = json.RootElement.GetProperty("sha").GetString() ?? "";
            var names = json
                .RootElement.GetProperty("siblings")
                .EnumerateArray()
                .Select(file => file.GetProperty("rfilename").GetString() ?? "")
                .ToList();
            return HubCache.IsCommit(commit)
                ? (commit, names)
                : throw new HubException(
                    HubFailure.Damaged,
                    $"The hub gives the commit \"{commit}\" for {what}, which is none."
                );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new HubException(
                HubFailure.Damaged,
                $"What {_options.Endpoint.Authority} answers for {what} is not the JSON that it should be: {e.Message}",
                e
            );
        }
        catch (Exception e) when (HubConnection.IsBroken(e, cancellationToken))
        {
            throw _hub.Unreachable(what, e);
        }
    }

    private async Task FetchAsync(
        HubCache cache,
        string repository,
        string commit,
        string name,
        string path,
        Action<long, long?> progress,
        CancellationToken cancellationToken
    )
    {
        var address = _hub.Address(
            $"{repository}/resolve/{commit}/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}"
        );
        var what = $"{name} of {repository}";
        using var head = await _hub.SendAsync(
                HttpMethod.Head,
                address,
                null,
                what,
                followsHosts: false,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (!HubConnection.IsRedirect(head))
        {
            _hub.RequireSuccess(head, what);
        }

        var content = HubContent.Of(head, what);
        using (await cache.LockAsync(content.ETag, cancellationToken).ConfigureAwait(false))
        {
            var blob = cache.Blob(content.ETag);
            if (!File.Exists(blob))
            {
                await DownloadAsync(address, what, content, blob, progress, cancellationToken).ConfigureAwait(false);
            }

            cache.Link(content.ETag, path);
        }
    }

    /// <summary>
    /// Loads contents to <paramref name="blob"/>, in as many pieces as it takes; attempts count only as long as no byte
    /// comes.
    /// </summary>
    private async Task DownloadAsync(
        Uri address,
        string what,
        HubContent content,
        string blob,
        Action<long, long?> progress,
        CancellationToken cancellationToken
    )
    {
        var part = blob + ".incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(part)!);
        var (fruitless, damaged) = (0, false);
        while (true)
        {
            var have = LengthOf(part);
            if (content.Length is { } whole && have > whole)
            {
                File.Delete(part);
                have = 0;
            }

            Exception? broken = null;
            if (have == 0 || have != content.Length)
            {
                RequireSpace(part, (content.Length ?? 0) - have, what);
                try
                {
                    await AppendAsync(address, what, content, part, have, progress, cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (Exception e) when (HubConnection.IsBroken(e, cancellationToken))
                {
                    broken = e;
                }
            }

            if (broken is null && (content.Length is null || LengthOf(part) == content.Length))
            {
                if (await content.IsInAsync(part, cancellationToken).ConfigureAwait(false))
                {
                    File.Move(part, blob, overwrite: true);
                    return;
                }

                // What was kept from another time may be to blame; once more from the beginning.
                File.Delete(part);
                damaged = damaged
                    ? throw new HubException(
                        HubFailure.Damaged,
                        $"What came for {what} has not the hash that the hub names ({content.ETag}); it was loaded "
                            + "twice and thrown away."
                    )
                    : true;
                continue;
            }

            fruitless = LengthOf(part) > have ? 0 : fruitless + 1;
            if (fruitless >= HubConnection.MostAttempts)
            {
                throw _hub.Unreachable(what, broken);
            }

            await _options.Wait(TimeSpan.FromSeconds(1 << fruitless), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks for the bytes from <paramref name="have"/> on and puts them behind those that are there.</summary>
    private async Task AppendAsync(
        Uri address,
        string what,
        HubContent content,
        string part,
        long have,
        Action<long, long?> progress,
        CancellationToken cancellationToken
    )
    {
        using var response = await _hub.SendAsync(
                HttpMethod.Get,
                address,
                have,
                what,
                followsHosts: true,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // There is nothing from there on, though the size says otherwise: what is here is of something else.
            File.Delete(part);
            return;
        }

        _hub.RequireSuccess(response, what);
        // A server that does not know ranges sends everything again.
        var isRest = response.StatusCode == HttpStatusCode.PartialContent;
        if (
            isRest
            && (
                response.Content.Headers.ContentRange
                ?? throw new HubException(HubFailure.Damaged, $"The hub sends a part of {what} without saying which.")
            ).From != have
        )
        {
            File.Delete(part);
            return;
        }

        var start = isRest ? have : 0;
        await using var file = new FileStream(
            part,
            start == 0 ? FileMode.Create : FileMode.Append,
            FileAccess.Write,
            FileShare.Read
        );
        await _hub.CopyAsync(
                response,
                file,
                (content.Length ?? long.MaxValue) - start,
                bytes => progress(start + bytes, content.Length),
                cancellationToken
            )
            .ConfigureAwait(false);
        await file.FlushAsync(cancellationToken).ConfigureAwait(false);
        file.Flush(flushToDisk: true);
    }

    private static void RequireSpace(string path, long bytes, string what)
    {
        var free = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).AvailableFreeSpace;
        if (bytes > free)
        {
            throw new IOException($"{what} needs {bytes} more bytes; {Path.GetDirectoryName(path)} has {free} left.");
        }
    }

    /// <summary>Bytes of a file, through a link; 0 where there is none.</summary>
    private static long LengthOf(string path)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var file = File.OpenRead(path);
        return file.Length;
    }
}
