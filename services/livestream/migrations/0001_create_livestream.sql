-- Activities as plans tells of them, sessions with their venues and keys, questions.
-- `sequence` columns are cursors of lists: the order of creation.

-- What was heard of an activity so far, in any order: `filed` is null until its plan is.
create table activities (
    id uuid primary key,
    jurisdiction text not null,
    campaign_id uuid not null,
    department text not null,
    filed jsonb,
    cancelled_at timestamptz,
    ended_at timestamptz
);

create table sessions (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    version bigint not null,
    activity_id uuid not null unique references activities (id),
    state text not null check (state in ('scheduled', 'rehearsing', 'live', 'ended')),
    epoch integer not null check (epoch >= 0),
    intent text,
    source text,
    cut boolean not null,
    started_at timestamptz,
    ended_at timestamptz,
    viewers_peak integer,
    viewers_total integer,
    check (source is null or (state = 'live' and not cut)),
    check ((state = 'ended') = (ended_at is not null)),
    check (state != 'live' or started_at is not null),
    check ((viewers_peak is null) = (viewers_total is null))
);

create table venues (
    session_id uuid not null references sessions (id),
    key text not null,
    position integer not null,
    name text not null,
    main boolean not null,
    link text not null check (link in ('absent', 'connected', 'ready', 'lost')),
    client_id text,
    primary key (session_id, key)
);

-- Only a key's digest is kept. A revoked one stays, so that its use can be told from a guess.
create table ingest_keys (
    digest text primary key,
    session_id uuid not null,
    venue text not null,
    revoked_at timestamptz,
    foreign key (session_id, venue) references venues (session_id, key)
);
create unique index ingest_keys_one_for_each_venue on ingest_keys (session_id, venue) where revoked_at is null;

create table questions (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    session_id uuid not null references sessions (id),
    sealed_text text not null,
    sealed_nickname text,
    asked_at timestamptz not null
);
create index questions_of on questions (session_id, sequence);
