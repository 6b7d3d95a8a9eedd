-- Campaigns' packs and activities as plans tells them, registrations, and by what one person is known.

create table campaigns (
    id uuid primary key,
    pack_digest text not null,
    pack jsonb not null
);

-- Facts about an activity may come before its filing, even before its campaign: what is not known yet is null or 0.
create table activities (
    id uuid primary key,
    campaign_id uuid not null,
    jurisdiction text not null,
    department text not null,
    plan_version integer not null default 0,
    name text,
    capacity integer,
    minimum integer,
    occurrence integer not null default 0,
    starts_at timestamptz,
    ends_at timestamptz,
    cancelled_at timestamptz,
    announced uuid [] not null default '{}',
    withdrawn uuid [] not null default '{}',
    ended_occurrence integer not null default 0,
    ended_at timestamptz,
    end_corrected_at timestamptz,
    taken integer not null default 0 check (taken >= 0),
    waiting integer not null default 0 check (waiting >= 0),
    queued integer not null default 0,
    headcount_revision integer not null default 0,
    forecast_occurrence integer not null default 0,
    next_forecast_at timestamptz,
    check ((starts_at is null) = (occurrence = 0) and (ends_at is null) = (occurrence = 0))
);
create index activities_of on activities (campaign_id);
create index activities_to_forecast on activities (next_forecast_at) where next_forecast_at is not null;

-- Every personal value is sealed. `sequence` is the cursor of lists.
create table registrations (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    version bigint not null,
    activity_id uuid not null references activities (id),
    state text not null check (state in ('confirmed', 'waitlisted', 'cancelled', 'checked_in', 'absent')),
    source text not null check (source in ('online', 'recommendation')),
    category text not null,
    tie text not null,
    queue_number integer,
    sealed_name text not null,
    sealed_phone text not null,
    sealed_email text,
    sealed_id_number text,
    sealed_birth_date text not null,
    sealed_needs text,
    consented_at timestamptz not null,
    registered_at timestamptz not null,
    cancelled_at timestamptz,
    checked_in_at timestamptz,
    check ((state = 'cancelled') = (cancelled_at is not null)),
    check ((state = 'checked_in') = (checked_in_at is not null)),
    check (state <> 'waitlisted' or queue_number is not null)
);
create index registrations_of on registrations (activity_id, sequence);
create index registrations_waiting on registrations (activity_id, queue_number) where state = 'waitlisted';

-- Keyed digests of who holds a standing registration: the primary key is what keeps one person from two places.
create table identity_digests (
    activity_id uuid not null references activities (id),
    digest text not null,
    registration_id uuid not null references registrations (id),
    primary key (activity_id, digest)
);
create index identity_digests_of on identity_digests (registration_id);

-- One row: the key of the digests and secrets, itself sealed, so that rotating the ring forgets nobody.
create table identity_key (
    only_row boolean primary key default true check (only_row),
    sealed_key text not null
);
