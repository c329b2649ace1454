namespace ControlNetSharp.Server.Jobs;

/// <summary>Deletes jobs that are over: one by one, or those beyond the bounds of age and size.</summary>
internal sealed class JobRetention(JobDatabase database, JobStoreOptions options)
{
    private const string IsOver = "state in ('done', 'failed', 'cancelled')";

    // From the newest job on, all whose files together with those of newer ones are more than the bound.
    private const string IsTooMuch = """
        id in (select job from (
            select f.job, sum(f.size) over (order by f.job desc) as total from job_files f) s
            where total > @bytes)
        """;

    /// <summary>Deletes those for which a condition holds, with their files.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> DeleteAsync(string where, object parameters, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async t =>
            {
                var ids = await t.AllAsync<string>(
                        $"delete from jobs where {where} and {IsOver} returning id",
                        parameters
                    )
                    .ConfigureAwait(false);
                foreach (var table in (string[])["payloads", "previews", "job_files", "job_needs"])
                {
                    await t.ExecuteAsync($"delete from {table} where job = @id", ids.Select(id => new { id }))
                        .ConfigureAwait(false);
                }

                foreach (var id in ids)
                {
                    await t.ChangedAsync(id).ConfigureAwait(false);
                }

                return ids.Count > 0;
            },
            cancellationToken
        );

    /// <summary>Deletes those that are older or larger than the bounds allow.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (options.RetentionAge is { } age)
        {
            var isOld = $"finished < {database.Dialect.Now} - @age";
            await DeleteAsync(isOld, new { age = (long)age.TotalMilliseconds }, cancellationToken)
                .ConfigureAwait(false);
        }

        if (options.RetentionBytes is { } bytes)
        {
            await DeleteAsync(IsTooMuch, new { bytes }, cancellationToken).ConfigureAwait(false);
        }
    }
}
