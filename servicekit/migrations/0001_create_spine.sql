-- The spine of every service: event log, outbox, inbox, idempotency keys, simulated clock.

create table event_log (
    sequence bigint generated always as identity primary key,
    event_id uuid not null unique,
    type text not null,
    aggregate_id text not null,
    aggregate_version bigint not null,
    digest text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    event jsonb not null,
    unique (aggregate_id, aggregate_version)
);

create table outbox (
    sequence bigint primary key references event_log (sequence),
    attempts integer not null default 0,
    last_error text,
    parked_at timestamptz
);
create index outbox_ready on outbox (sequence) where parked_at is null;

create table inbox (
    consumer text not null,
    event_id uuid not null,
    handled_at timestamptz not null default clock_timestamp(),
    primary key (consumer, event_id)
);

create table idempotency_keys (
    principal text not null,
    key text not null,
    request_digest text not null,
    status integer not null,
    headers jsonb not null,
    body jsonb,
    created_at timestamptz not null default clock_timestamp(),
    primary key (principal, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

-- At most one row, and only in a rehearsal: where the simulated clock stands.
create table simulated_clock (
    only_row boolean primary key default true check (only_row),
    stands_at timestamptz not null
);
