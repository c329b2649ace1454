using System.Data.Common;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Work;
using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.V1;

/// <summary>What an exception means to a caller: the one table of statuses.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Error">Code, sentence, member.</param>
/// <param name="RetryAfter">When the same may work; null where it will not.</param>
internal sealed record ApiError(int Status, JobError Error, TimeSpan? RetryAfter = null)
{
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(5);

    public static ApiError Of(Exception exception) =>
        exception switch
        {
            ApiException e => new(e.Status, new(e.Code, e.Message)),
            QueueFullException e => new(429, new("queue_full", e.Message), e.RetryAfter),
            NoWorkerException e => new(422, new("no_worker", e.Message)),
            IdempotencyException e => new(409, new("key_reused", e.Message)),
            BadHttpRequestException e => new(e.StatusCode, new(CodeOf(e.StatusCode), e.Message)),
            // An annotator's weights; the message has their names.
            FileNotFoundException e => new(422, new("not_found", e.Message)),
            DbException => new(503, new("store_away", "The store of jobs cannot be reached."), StoreRetry),
            CheckpointException => new(422, JobFailure.Of(exception)),
            _ when JobFailure.IsCallers(exception) => new(422, JobFailure.Of(exception)),
            _ => new(500, new("failed", "Something went wrong in the server; its log says what.")),
        };

    /// <summary>The code of a refusal that says nothing but its status.</summary>
    public static string CodeOf(int status) =>
        status switch
        {
            401 => "unauthorized",
            403 => "forbidden",
            404 => "not_found",
            405 => "method_not_allowed",
            413 => "too_large",
            415 => "unsupported_media_type",
            429 => "too_many_requests",
            >= 500 => "failed",
            _ => "bad_request",
        };
}
