using System.Text;
using ControlNetSharp.Engine;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Training;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.Work;

/// <summary>What a caller says of a job beside its request.</summary>
/// <param name="Owner">Whose it is.</param>
internal sealed record JobTerms(string Owner)
{
    /// <inheritdoc cref="NewJob.Priority"/>
    public int Priority { get; init; }

    /// <inheritdoc cref="NewJob.IdempotencyKey"/>
    public string? IdempotencyKey { get; init; }

    /// <inheritdoc cref="NewJob.Group"/>
    public string? Group { get; init; }

    /// <inheritdoc cref="NewJob.Alias"/>
    public string? Alias { get; init; }
}

/// <summary>Where all APIs hand in: checks a request, keeps its pictures, queues it.</summary>
internal sealed class JobDesk(JobStore store, ServerSettings settings, TrainingPlaces places, IServiceProvider services)
{
    private const int TitleLength = 200;

    /// <summary>Hands in pictures to be made.</summary>
    /// <exception cref="RequestException">The request asks for what cannot be.</exception>
    /// <exception cref="Pictures.PictureException">A picture is none.</exception>
    /// <exception cref="Models.ModelNotFoundException">A file is not there.</exception>
    /// <exception cref="QueueFullException">Too many wait already.</exception>
    /// <exception cref="NoWorkerException">No worker has what it needs.</exception>
    public async Task<Submission> SubmitAsync(
        GenerationRequest request,
        JobTerms terms,
        CancellationToken cancellationToken
    )
    {
        request.Check();
        settings.Limits.Check(request);
        settings.Limits.Check(RequestPictures.Of(request));
        var (kept, uploads) = await JobPictures
            .KeepAsync(request, store.Blobs, cancellationToken)
            .ConfigureAwait(false);
        var needs = WorkerNames.Of(kept);
        // A worker in this process has the files: it can say now what is wrong, in the words of the engine.
        if (
            services.GetService<ControlNetEngine>() is { } engine
            && WorkerNames.Has(engine.Models, needs)
        )
        {
            var whole = await JobPictures.FetchAsync(kept, store.Blobs, cancellationToken).ConfigureAwait(false);
            engine.Check(whole, cancellationToken);
        }

        return await SubmitAsync(
                JobKind.Generation,
                kept.Prompt,
                RequestJson.Write(kept),
                [WorkerNames.OfKind(JobKind.Generation), .. needs],
                uploads,
                terms,
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Hands in a hint to be made.</summary>
    /// <inheritdoc cref="SubmitAsync(GenerationRequest, JobTerms, CancellationToken)"/>
    public async Task<Submission> SubmitAsync(ControlUnit unit, JobTerms terms, CancellationToken cancellationToken)
    {
        RequestRules.CheckUnit(unit with { Model = unit.Model ?? "" }, "unit");
        settings.Limits.Check(RequestPictures.Of(unit, "unit"));
        var (kept, uploads) = await JobPictures.KeepAsync(unit, store.Blobs, cancellationToken).ConfigureAwait(false);
        return await SubmitAsync(
                JobKind.Annotation,
                unit.Annotator ?? unit.Kind,
                RequestJson.WriteUnit(kept),
                [WorkerNames.OfKind(JobKind.Annotation)],
                uploads,
                terms,
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Hands in a picture to be enlarged.</summary>
    /// <inheritdoc cref="SubmitAsync(GenerationRequest, JobTerms, CancellationToken)"/>
    public async Task<Submission> SubmitAsync(
        UpscaleRequest request,
        JobTerms terms,
        CancellationToken cancellationToken
    )
    {
        request.Check();
        settings.Limits.Check([("picture", request.Picture)]);
        settings.Limits.Check(request);
        var (kept, uploads) = await JobPictures
            .KeepAsync(request, store.Blobs, cancellationToken)
            .ConfigureAwait(false);
        var needs = WorkerNames.Of(kept);
        if (
            services.GetService<ControlNetEngine>() is { } engine
            && needs.All(WorkerNames.Of(engine.Models, []).Contains)
        )
        {
            var whole = await JobPictures.FetchAsync(kept, store.Blobs, cancellationToken).ConfigureAwait(false);
            engine.Check(whole, cancellationToken);
        }

        return await SubmitAsync(
                JobKind.Upscale,
                $"upscale: {kept.Upscaler}",
                RequestJson.WriteUpscale(kept),
                [WorkerNames.OfKind(JobKind.Upscale), .. needs],
                uploads,
                terms,
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Hands in a training; its folders are names in the server's own.</summary>
    /// <inheritdoc cref="SubmitAsync(GenerationRequest, JobTerms, CancellationToken)"/>
    public Task<Submission> SubmitAsync(TrainingRequest request, JobTerms terms, CancellationToken cancellationToken)
    {
        request.Check();
        places.Training("out", request.Out);
        RequestRules.Require(request.Cache is null, "cache", request.Cache, "the server chooses where it is.");
        if (TrainingPlaces.ScenesOf("data", request.Data) is null)
        {
            places.Dataset("data", request.Data);
        }

        return SubmitAsync(
            JobKind.Training,
            $"{string.Join(", ", request.Conditions)}: {request.Out}",
            request.ToJson(),
            [WorkerNames.OfKind(JobKind.Training)],
            [],
            terms,
            cancellationToken
        );
    }

    /// <summary>Hands in an evaluation; its data is the name of a dataset of the server.</summary>
    /// <inheritdoc cref="SubmitAsync(GenerationRequest, JobTerms, CancellationToken)"/>
    public Task<Submission> SubmitAsync(EvaluationRequest request, JobTerms terms, CancellationToken cancellationToken)
    {
        request.Check();
        RequestRules.Require(request.Page is null, "page", request.Page, "the pictures are files of the job.");
        if (request.Data is { } data)
        {
            places.Dataset("data", data);
        }

        return SubmitAsync(
            JobKind.Evaluation,
            request.Model,
            request.ToJson(),
            [WorkerNames.OfKind(JobKind.Evaluation)],
            [],
            terms,
            cancellationToken
        );
    }

    private Task<Submission> SubmitAsync(
        string kind,
        string title,
        string payload,
        IReadOnlyList<string> needs,
        IReadOnlyList<string> uploads,
        JobTerms terms,
        CancellationToken cancellationToken
    ) =>
        store.SubmitAsync(
            new NewJob
            {
                Kind = kind,
                Owner = terms.Owner,
                Title = title.Length <= TitleLength ? title : title[..TitleLength],
                Payload = Encoding.UTF8.GetBytes(payload),
                Needs = needs,
                Uploads = uploads,
                Priority = terms.Priority,
                IdempotencyKey = terms.IdempotencyKey,
                Group = terms.Group,
                Alias = terms.Alias,
            },
            cancellationToken
        );
}
