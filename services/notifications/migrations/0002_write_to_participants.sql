-- What letters to participants and suggesters say of their activity. Either half may be heard first.
create table activities (
    activity_id uuid primary key,
    name text,
    venue text,
    occurrence integer not null default 0,
    starts_at timestamptz,
    check ((name is null) = (venue is null))
);

-- squawk-ignore ban-drop-constraint
alter table notifications drop constraint notifications_audience_check;
alter table notifications add constraint notifications_audience_check check (
    audience in ('department', 'office', 'frontends', 'participant', 'participants', 'suggester')
) not valid;
