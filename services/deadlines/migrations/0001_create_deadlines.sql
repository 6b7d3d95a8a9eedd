-- Facts as they were heard, what was decided, and the deadlines and violations that follow from both.

create table campaigns (
    id uuid primary key,
    jurisdiction text not null,
    -- All null while only its closing was heard: its opening may still be under way.
    opened_at timestamptz,
    pack_digest text,
    pack jsonb,
    closed_at timestamptz,
    check ((opened_at is null) = (pack is null) and (pack is null) = (pack_digest is null))
);

-- One department in one campaign: what is judged together, under this row's lock.
create table scopes (
    campaign_id uuid not null,
    department text not null,
    name text,
    on_roster boolean not null default false,
    calendar_version text,
    next_at timestamptz,
    primary key (campaign_id, department)
);
create index scopes_next on scopes (next_at) where next_at is not null;

create table facts (
    event_id uuid primary key,
    campaign_id uuid not null,
    department text not null,
    type text not null,
    data jsonb not null,
    heard_at timestamptz not null,
    foreign key (campaign_id, department) references scopes (campaign_id, department)
);
create index facts_scope on facts (campaign_id, department);

create table deadlines (
    id uuid primary key,
    campaign_id uuid not null,
    department text not null,
    rule text not null,
    clause text not null,
    activity_id uuid,
    occurrence integer not null,
    ruled_due_date date not null,
    ruled_due_at timestamptz not null,
    provisional boolean not null,
    derivation jsonb not null,
    due_date date not null,
    due_at timestamptz not null,
    extended boolean not null,
    state text not null check (state in ('open', 'met', 'lapsed', 'cured', 'waived', 'cancelled')),
    met_at timestamptz,
    lapsed_at timestamptz,
    waived_at timestamptz,
    cancelled_at timestamptz,
    cancelled_cause text,
    restore_by timestamptz,
    opened_at timestamptz not null,
    reminded timestamptz[] not null,
    version bigint not null default 1,
    foreign key (campaign_id, department) references scopes (campaign_id, department)
);
create index deadlines_scope on deadlines (campaign_id, department, due_at, id);
create index deadlines_order on deadlines (due_at, id);

create table violations (
    id uuid primary key,
    campaign_id uuid not null,
    department text not null,
    kind text not null check (kind in ('deadline', 'requirement')),
    rule text not null,
    clause text not null,
    deadline_id uuid references deadlines (id),
    activity_id uuid,
    occurrence integer not null,
    due_date date,
    occurred_at timestamptz not null,
    derivation_digest text,
    state text not null check (state in ('standing', 'cured', 'waived', 'withdrawn')),
    cured_at timestamptz,
    days_late integer check (days_late >= 1),
    waived_at timestamptz,
    withdrawn_at timestamptz,
    withdrawn_cause text,
    detected_at timestamptz not null,
    version bigint not null default 1,
    foreign key (campaign_id, department) references scopes (campaign_id, department)
);
create index violations_scope on violations (campaign_id, department, occurred_at, id);
create index violations_order on violations (occurred_at, id);
create unique index violations_deadline on violations (deadline_id);

create table decisions (
    id uuid primary key,
    campaign_id uuid not null,
    department text not null,
    kind text not null
        check (kind in ('extend_deadline', 'waive_deadline', 'waive_violation', 'object', 'decide_objection')),
    deadline_id uuid references deadlines (id),
    violation_id uuid references violations (id),
    until date,
    outcome text check (outcome in ('upheld', 'rejected')),
    words text not null,
    decided_by text not null,
    decided_at timestamptz not null,
    check ((deadline_id is null) <> (violation_id is null)),
    foreign key (campaign_id, department) references scopes (campaign_id, department)
);
create index decisions_scope on decisions (campaign_id, department);
create index decisions_deadline on decisions (deadline_id);
create index decisions_violation on decisions (violation_id);
