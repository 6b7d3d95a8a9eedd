-- Campaigns, plans, activities, announcements, proofs, reports.
-- `sequence` columns are cursors of lists: the order of creation, never shown as a number of anything.

create table campaign_packs (
    digest text primary key,
    document jsonb not null
);

create table campaigns (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    version bigint not null,
    state text not null check (state in ('draft', 'open', 'closed')),
    jurisdiction text not null,
    title text not null,
    pack_id text not null,
    pack_version text,
    pack_digest text references campaign_packs (digest),
    created_at timestamptz not null,
    opened_at timestamptz,
    closed_at timestamptz,
    check (state = 'draft' or (pack_version is not null and pack_digest is not null and opened_at is not null))
);

create table roster_entries (
    campaign_id uuid not null references campaigns (id),
    department text not null,
    position integer not null,
    name text not null,
    primary key (campaign_id, department)
);

-- A department's contacts, or the office's where department is null. Every personal value is sealed.
create table contacts (
    id uuid primary key,
    campaign_id uuid not null references campaigns (id),
    department text,
    position integer not null,
    sealed_name text not null,
    sealed_email text not null,
    sealed_phone text,
    foreign key (campaign_id, department) references roster_entries (campaign_id, department)
);
create index contacts_of on contacts (campaign_id, department);

create table plans (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    version bigint not null,
    campaign_id uuid not null,
    department text not null,
    state text not null check (state in ('draft', 'submitted', 'returned', 'filed', 'cancelled')),
    title text not null,
    name text,
    content jsonb not null,
    sealed_contact text,
    cancelled_at timestamptz,
    foreign key (campaign_id, department) references roster_entries (campaign_id, department)
);
create index plans_of on plans (campaign_id, department, sequence);

create table submissions (
    plan_id uuid not null references plans (id),
    number integer not null,
    document jsonb not null,
    digest text not null,
    submitted_at timestamptz not null,
    primary key (plan_id, number)
);

create table reviews (
    plan_id uuid not null,
    submission integer not null,
    returned_at timestamptz not null,
    comments jsonb not null,
    primary key (plan_id, submission),
    foreign key (plan_id, submission) references submissions (plan_id, number)
);

-- Filing numbers have no gaps: the counter is locked by the transaction that takes a number, and rolls back with it.
create table filing_counters (
    pack_id text primary key,
    last integer not null
);

create table filings (
    plan_id uuid primary key,
    submission integer not null,
    number text not null unique,
    filed_at timestamptz not null,
    foreign key (plan_id, submission) references submissions (plan_id, number)
);

create table activities (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    version bigint not null,
    plan_id uuid not null references plans (id),
    key text not null,
    name text not null,
    state text not null check (state in ('draft', 'filed', 'started', 'ended', 'cancelled')),
    occurrence integer not null check (occurrence >= 1),
    starts_at timestamptz,
    ends_at timestamptz,
    ended_at timestamptz,
    end_basis text check (end_basis in ('scheduled', 'corrected')),
    unique (plan_id, key),
    check ((starts_at is null) = (ends_at is null) or state = 'draft'),
    check ((state = 'ended') = (ended_at is not null and end_basis is not null))
);
create index activities_to_start on activities (starts_at) where state = 'filed';
create index activities_to_end on activities (ends_at) where state = 'started';

create table announcements (
    id uuid primary key,
    version bigint not null,
    activity_id uuid not null references activities (id),
    occurrence integer not null,
    items jsonb not null,
    issued_at timestamptz not null,
    withdrawn_at timestamptz
);
create unique index announcements_standing on announcements (activity_id) where withdrawn_at is null;

create table announced_channels (
    announcement_id uuid not null references announcements (id),
    position integer not null,
    channel text not null,
    column_key text,
    occurrence integer not null,
    at timestamptz not null,
    url text,
    proof_digest text,
    primary key (announcement_id, position)
);

create table proofs (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    version bigint not null,
    activity_id uuid not null references activities (id),
    occurrence integer not null,
    act text not null check (act in ('announcement', 'activity_report', 'evaluation')),
    channel text not null,
    column_key text,
    claimed_at timestamptz not null,
    proof_digest text not null,
    url text,
    state text not null check (state in ('recorded', 'accepted', 'refused')),
    recorded_at timestamptz not null,
    decided_at timestamptz,
    reason text,
    check ((state = 'recorded') = (decided_at is null and reason is null))
);
create index proofs_of on proofs (activity_id, sequence);

-- 活动开展情况 and 总结评估
create table publications (
    id uuid primary key,
    activity_id uuid not null references activities (id),
    act text not null check (act in ('activity_report', 'evaluation')),
    text text not null,
    photos jsonb not null,
    channels jsonb not null,
    at timestamptz not null,
    unique (activity_id, act)
);

create table district_reports (
    id uuid primary key,
    campaign_id uuid not null,
    department text not null,
    text text not null,
    digest text not null,
    at timestamptz not null,
    unique (campaign_id, department),
    foreign key (campaign_id, department) references roster_entries (campaign_id, department)
);
