-- Campaigns and activities as plans tells of them, suggestions, who made them, adoption tables.
-- `sequence` columns are cursors of lists: the order of arrival.

create table campaigns (
    id uuid primary key,
    pack jsonb not null,
    roster jsonb not null
);

-- What was heard of an activity so far, in any order: `name` is null until its plan is filed.
create table activities (
    id uuid primary key,
    jurisdiction text not null,
    campaign_id uuid not null,
    department text not null,
    name text,
    cancelled_at timestamptz,
    ended_at timestamptz
);

-- The text is sealed: residents write their phone numbers into it.
create table suggestions (
    id uuid primary key,
    sequence bigint generated always as identity unique,
    version bigint not null,
    activity_id uuid not null references activities (id),
    source text not null check (source in ('form', 'live_question', 'on_site')),
    question_id uuid unique,
    text_state text not null check (text_state in ('present', 'pending', 'lost')),
    sealed_text text,
    received_at timestamptz not null,
    decision text check (decision in ('adopted', 'partly', 'not_adopted', 'noted')),
    reason text,
    decided_at timestamptz,
    check ((text_state = 'present') = (sealed_text is not null)),
    check ((source = 'live_question') = (question_id is not null)),
    check ((decision is null) = (reason is null) and (decision is null) = (decided_at is null))
);
create index suggestions_of on suggestions (activity_id, sequence);

-- Apart from what they said, and every value sealed.
create table suggesters (
    suggestion_id uuid primary key references suggestions (id),
    sealed_name text,
    sealed_phone text,
    sealed_email text
);

-- Texts still to be asked of livestream. `next_at` is system time: when to ask, or until when somebody is asking.
create table text_fetches (
    suggestion_id uuid primary key references suggestions (id),
    next_at timestamptz not null default clock_timestamp(),
    attempts integer not null default 0
);
create index text_fetches_next on text_fetches (next_at);

create table adoption_tables (
    activity_id uuid not null references activities (id),
    version integer not null check (version >= 1),
    document jsonb not null,
    proof_digest text not null,
    published_at timestamptz not null,
    primary key (activity_id, version)
);
