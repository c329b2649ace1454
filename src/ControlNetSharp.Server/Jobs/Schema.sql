-- Both dialects: {blob} differs. Times are milliseconds since 1970 by the database's clock.
create table if not exists jobs (
    id text primary key,
    kind text not null,
    owner text not null,
    title text not null,
    state text not null,
    priority integer not null,
    idempotency_key text,
    digest text not null,
    alias text,
    live_group text,
    created bigint not null,
    started bigint,
    finished bigint,
    attempt integer not null default 0,
    tries integer not null default 0,
    lease_until bigint,
    worker text,
    cancelling integer not null default 0,
    progress text,
    error text,
    warnings text,
    facts text
);
create unique index if not exists jobs_key on jobs (owner, idempotency_key) where idempotency_key is not null;
create index if not exists jobs_queued on jobs (owner, priority desc, id) where state = 'queued';
create index if not exists jobs_leases on jobs (lease_until) where state = 'running';
create index if not exists jobs_owner on jobs (owner, id);
create index if not exists jobs_alias on jobs (owner, alias) where alias is not null;
create index if not exists jobs_finished on jobs (finished) where finished is not null;

-- Large values have tables of their own: a row is rewritten whole at each sign of life.
create table if not exists payloads (job text primary key, body {blob} not null);
create table if not exists previews (job text primary key, body {blob} not null);

create table if not exists blobs (
    sha256 text primary key,
    media_type text not null,
    size bigint not null,
    used bigint not null,
    body {blob}
);
create index if not exists blobs_used on blobs (used);
-- role 'upload' is a picture that went in; the others came out.
create table if not exists job_files (
    job text not null,
    ordinal integer not null,
    name text not null,
    role text not null,
    media_type text not null,
    size bigint not null,
    sha256 text not null,
    primary key (job, name)
);
create index if not exists job_files_blob on job_files (sha256);

create table if not exists job_needs (job text not null, name text not null, primary key (job, name));
create table if not exists owners (owner text primary key, served bigint not null);
create table if not exists workers (id text primary key, seen bigint not null);
create table if not exists worker_names (worker text not null, name text not null, primary key (worker, name));
