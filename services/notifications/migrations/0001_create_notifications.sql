-- What letters need of a campaign, out of campaign-opened.
create table campaigns (
    campaign_id uuid primary key,
    season text not null,
    rules jsonb not null,
    opened_at timestamptz not null
);

create table departments (
    campaign_id uuid not null references campaigns (campaign_id),
    department text not null,
    name text not null,
    primary key (campaign_id, department)
);

-- Events somebody is told of. The campaign may become known later, so it is no foreign key.
create table causes (
    event_id uuid primary key,
    type text not null,
    campaign_id uuid not null,
    department text,
    event jsonb not null,
    heard_at timestamptz not null default clock_timestamp()
);
create index causes_campaign on causes (campaign_id);

create table webhooks (
    sequence bigint generated always as identity unique,
    id uuid primary key,
    version integer not null default 1,
    owner text not null,
    url text not null,
    sealed_secret text not null,
    types text[],
    departments text[],
    state text not null default 'active' check (state in ('active', 'gone', 'deleted')),
    created_at timestamptz not null,
    ended_at timestamptz
);
create index webhooks_active on webhooks (sequence) where state = 'active';
create index webhooks_owner on webhooks (owner, sequence);

-- One message to one recipient. `target` is the audience until its contacts are known, then a contact's digest or a
-- webhook; an address is never stored. Accepted, settled, due and lease are system time.
create table notifications (
    sequence bigint generated always as identity unique,
    id uuid primary key,
    cause_event_id uuid not null references causes (event_id),
    channel text not null check (channel in ('mail', 'webhook')),
    audience text not null check (audience in ('department', 'office', 'frontends')),
    target text not null,
    webhook_id uuid references webhooks (id),
    recipient text,
    template text not null,
    state text not null default 'accepted' check (state in ('accepted', 'sending', 'delivered', 'failed', 'suppressed')),
    failure text check (failure in ('temporary', 'permanent', 'unknown')),
    detail text,
    attempts integer not null default 0,
    deferrals integer not null default 0,
    accepted_at timestamptz not null default clock_timestamp(),
    settled_at timestamptz,
    next_attempt_at timestamptz default clock_timestamp(),
    lease_until timestamptz,
    unique (cause_event_id, channel, target),
    check ((state = 'failed') = (failure is not null)),
    check (state in ('accepted', 'failed') or next_attempt_at is null),
    check ((channel = 'webhook') = (webhook_id is not null))
);
create index notifications_due on notifications (next_attempt_at, sequence) where next_attempt_at is not null;
create index notifications_sending on notifications (lease_until) where state = 'sending';
create index notifications_webhook on notifications (webhook_id, sequence) where webhook_id is not null;
