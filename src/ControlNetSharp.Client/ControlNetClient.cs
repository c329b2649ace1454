using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace ControlNetSharp.Client;

/// <summary>
/// Calls the API <c>/v1</c> of a ControlNetSharp server. Usable by several callers at once. All methods throw
/// <see cref="ControlNetApiException"/> where the server refuses, and <see cref="HttpRequestException"/> where it is
/// not there.
/// </summary>
/// <param name="http">
/// With the server's address as its base, and the caller's name or key where the server asks for one. Borrowed.
/// </param>
public sealed class ControlNetClient(HttpClient http)
{
    private const int MostPauses = 30;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ServerCalls _calls = new(http);

    /// <summary>Hands in pictures to be made.</summary>
    public Task<Job> SubmitAsync(
        Generation request,
        JobTerms? terms = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        return SubmitAsync(
            "generations",
            "request",
            JsonContent.Create(request, ClientJson.Default.Generation),
            request.Pictures,
            terms,
            cancellationToken
        );
    }

    /// <summary>
    /// Hands in a hint to be made: of a unit kind, picture, annotator with options and resolution count.
    /// </summary>
    public Task<Job> SubmitAsync(
        ControlUnit unit,
        JobTerms? terms = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(unit);
        return SubmitAsync(
            "annotations",
            "unit",
            JsonContent.Create(unit, ClientJson.Default.ControlUnit),
            unit.Pictures,
            terms,
            cancellationToken
        );
    }

    /// <summary>Makes pictures and waits for them. Who cancels the waiting cancels the job.</summary>
    /// <param name="request">What they are to be.</param>
    /// <param name="progress">Told at each change.</param>
    /// <param name="cancellationToken">Ends waiting, and the job.</param>
    /// <returns>The finished job.</returns>
    /// <exception cref="ControlNetApiException">The server refused, or the job failed or was cancelled.</exception>
    public async Task<Job> GenerateAsync(
        Generation request,
        IProgress<Job>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        var job = await SubmitAsync(request, null, cancellationToken).ConfigureAwait(false);
        try
        {
            job = await WaitAsync(job.Id, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await CancelAsync(job.Id, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        return job switch
        {
            { State: JobState.Done } => job,
            { Error: { } error } => throw new ControlNetApiException(null, error.Code, error.Message, error.Member),
            _ => throw new ControlNetApiException(null, "cancelled", $"The job {job.Id} was cancelled."),
        };
    }

    /// <summary>Waits until a job is over.</summary>
    public async Task<Job> WaitAsync(
        string id,
        IProgress<Job>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        Job? last = null;
        await foreach (var job in WatchAsync(id, cancellationToken).ConfigureAwait(false))
        {
            progress?.Report(job);
            last = job;
        }

        return last!;
    }

    /// <summary>
    /// A job now and at each change until it is over. Where the server stops meanwhile, it goes on when it is back.
    /// </summary>
    public async IAsyncEnumerable<Job> WatchAsync(
        string id,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        for (var pauses = 0; ; pauses++)
        {
            await foreach (
                var job in _calls
                    .EventsAsync($"v1/jobs/{id}/events", mayBeAway: pauses is > 0 and < MostPauses, cancellationToken)
                    .ConfigureAwait(false)
            )
            {
                yield return job;
                if (job.IsOver)
                {
                    yield break;
                }

                pauses = 0;
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>All unfinished jobs of the caller now, and each change of any, until the server stops.</summary>
    public IAsyncEnumerable<Job> WatchAllAsync(CancellationToken cancellationToken = default) =>
        _calls.EventsAsync("v1/events", mayBeAway: false, cancellationToken);

    /// <summary>A job as it stands now.</summary>
    public Task<Job> JobAsync(string id, CancellationToken cancellationToken = default) =>
        _calls.GetAsync($"v1/jobs/{id}", ClientJson.Default.Job, cancellationToken);

    /// <summary>The caller's jobs, the newest first.</summary>
    public Task<JobPage> JobsAsync(JobQuery? query = null, CancellationToken cancellationToken = default)
    {
        query ??= new JobQuery();
        var states = string.Join(',', query.States.Select(state => state.ToString().ToLowerInvariant()));
        var text = ServerCalls.Query(
            ("state", states.Length == 0 ? null : states),
            ("kind", query.Kind),
            ("search", query.Search),
            ("before", query.Before),
            ("limit", query.Limit?.ToString(CultureInfo.InvariantCulture))
        );
        return _calls.GetAsync("v1/jobs" + text, ClientJson.Default.JobPage, cancellationToken);
    }

    /// <summary>Cancels exactly this job: at once where it waits, before its next step where it runs.</summary>
    public Task<Job> CancelAsync(string id, CancellationToken cancellationToken = default) =>
        _calls.PostAsync($"v1/jobs/{id}/cancel", null, ClientJson.Default.Job, cancellationToken);

    /// <summary>Deletes a job that is over, with its files.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken = default)
    {
        using var message = new HttpRequestMessage(HttpMethod.Delete, ServerCalls.Place($"v1/jobs/{id}"));
        using var response = await _calls.SendAsync(message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same again: a new job with the seed of this one.</summary>
    public Task<Job> ReplayAsync(string id, CancellationToken cancellationToken = default) =>
        _calls.PostAsync($"v1/jobs/{id}/replay", null, ClientJson.Default.Job, cancellationToken);

    /// <summary>What a job of pictures was asked for; the seed is settled once it is done.</summary>
    public Task<Generation> RequestAsync(string id, CancellationToken cancellationToken = default) =>
        _calls.GetAsync($"v1/jobs/{id}/request", ClientJson.Default.Generation, cancellationToken);

    /// <summary>How a picture was made: its request, and the files with their SHA-256.</summary>
    /// <param name="id">The job.</param>
    /// <param name="picture">Which picture, from 0.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<JsonObject> ManifestAsync(
        string id,
        int picture = 0,
        CancellationToken cancellationToken = default
    )
    {
        var bytes = await _calls
            .BytesAsync($"v1/jobs/{id}/manifest?picture={picture}", cancellationToken)
            .ConfigureAwait(false);
        return JsonNode.Parse(bytes)!.AsObject();
    }

    /// <summary>The bytes of a file that a job made.</summary>
    public Task<byte[]> FileAsync(JobFile file, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        return _calls.BytesAsync(file.Url, cancellationToken);
    }

    /// <summary>The picture of a running job so far (JPEG); null where there is none.</summary>
    public async Task<byte[]?> PreviewAsync(string id, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _calls.BytesAsync($"v1/jobs/{id}/preview", cancellationToken).ConfigureAwait(false);
        }
        catch (ControlNetApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Has the server keep a file, so that it is sent once for many requests.</summary>
    public Task<Upload> UploadAsync(byte[] file, CancellationToken cancellationToken = default) =>
        _calls.PostAsync("v1/uploads", ServerCalls.BytesOf(file), ClientJson.Default.Upload, cancellationToken);

    /// <summary>The bytes of an upload.</summary>
    public Task<byte[]> UploadedAsync(string sha256, CancellationToken cancellationToken = default) =>
        _calls.BytesAsync($"v1/uploads/{sha256}", cancellationToken);

    /// <summary>The settings in a picture of this program or of stable-diffusion-webui, as a request.</summary>
    public Task<ReadPicture> ReadAsync(byte[] picture, CancellationToken cancellationToken = default) =>
        _calls.PostAsync("v1/read", ServerCalls.BytesOf(picture), ClientJson.Default.ReadPicture, cancellationToken);

    /// <summary>The models, the embedded one first.</summary>
    public async Task<IReadOnlyList<Model>> ModelsAsync(CancellationToken cancellationToken = default) =>
        (
            await _calls.GetAsync("v1/models", ClientJson.Default.ModelAnswer, cancellationToken).ConfigureAwait(false)
        ).Data;

    /// <summary>Condition kinds with annotators and ControlNets.</summary>
    public Task<IReadOnlyList<Control>> ControlsAsync(CancellationToken cancellationToken = default) =>
        _calls.GetAsync("v1/controls", ClientJson.Default.IReadOnlyListControl, cancellationToken);

    /// <summary>Samplers.</summary>
    public Task<IReadOnlyList<Choice>> SamplersAsync(CancellationToken cancellationToken = default) =>
        _calls.GetAsync("v1/samplers", ClientJson.Default.IReadOnlyListChoice, cancellationToken);

    /// <summary>Schedulers.</summary>
    public Task<IReadOnlyList<Choice>> SchedulersAsync(CancellationToken cancellationToken = default) =>
        _calls.GetAsync("v1/schedulers", ClientJson.Default.IReadOnlyListChoice, cancellationToken);

    /// <summary>Upscalers.</summary>
    public Task<IReadOnlyList<Choice>> UpscalersAsync(CancellationToken cancellationToken = default) =>
        _calls.GetAsync("v1/upscalers", ClientJson.Default.IReadOnlyListChoice, cancellationToken);

    /// <summary>What each member of a request may be, by its path, such as <c>units.weight</c>.</summary>
    public Task<IReadOnlyDictionary<string, MemberRange>> RangesAsync(CancellationToken cancellationToken = default) =>
        _calls.GetAsync("v1/ranges", ClientJson.Default.IReadOnlyDictionaryStringMemberRange, cancellationToken);

    /// <summary>Workers that were heard of lately.</summary>
    public Task<IReadOnlyList<Worker>> WorkersAsync(CancellationToken cancellationToken = default) =>
        _calls.GetAsync("v1/workers", ClientJson.Default.IReadOnlyListWorker, cancellationToken);

    /// <summary>The queue in numbers.</summary>
    public Task<QueueState> QueueAsync(CancellationToken cancellationToken = default) =>
        _calls.GetAsync("v1/queue", ClientJson.Default.QueueState, cancellationToken);

    /// <summary>Version, caller, bounds.</summary>
    public Task<ServerInfo> ServerAsync(CancellationToken cancellationToken = default) =>
        _calls.GetAsync("v1/server", ClientJson.Default.ServerInfo, cancellationToken);

    private async Task<Job> SubmitAsync(
        string route,
        string part,
        JsonContent json,
        IEnumerable<PictureInput> pictures,
        JobTerms? terms,
        CancellationToken cancellationToken
    )
    {
        var query = ServerCalls.Query(
            ("priority", terms?.Priority?.ToString(CultureInfo.InvariantCulture)),
            ("group", terms?.Group)
        );
        using var form = new MultipartFormDataContent { { json, part } };
        foreach (
            var picture in pictures.Where(picture => picture.Bytes is not null).DistinctBy(picture => picture.Sha256)
        )
        {
            form.Add(ServerCalls.BytesOf(picture.Bytes!), picture.Sha256, picture.Sha256);
        }

        using var message = new HttpRequestMessage(HttpMethod.Post, ServerCalls.Place($"v1/{route}{query}"))
        {
            Content = form,
        };
        if (terms?.IdempotencyKey is { } key)
        {
            message.Headers.Add("Idempotency-Key", key);
        }

        return await _calls.ReadAsync(message, ClientJson.Default.Job, cancellationToken).ConfigureAwait(false);
    }
}
