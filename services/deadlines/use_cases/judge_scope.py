"""判定一个部门: all its facts under its lock, and the difference saved and announced in the same transaction."""

from servicekit.service import Transaction
from services.deadlines import store
from services.deadlines.domain.judge import judge
from services.deadlines.domain.records import Campaign, Case, known
from services.deadlines.domain.require import unmet
from services.deadlines.domain.settle import Announcement, settle
from services.deadlines.gateways import Calendars
from services.deadlines.store import Scope


async def judge_scope(tx: Transaction, calendars: Calendars, scope: Scope) -> None:
    """Lock, judge, save, announce. Facts of a department or campaign not known yet just wait."""
    on_roster = await store.lock_scope(tx.connection, scope)
    campaign = await store.campaign(tx.connection, scope.campaign_id)
    if campaign is None or not on_roster:
        return
    deadlines = await store.deadlines(tx.connection, scope)
    case = Case(
        campaign,
        scope.department,
        await store.facts(tx.connection, scope),
        tuple(kept.decision for kept in await store.decisions(tx.connection, scope)),
        *known(deadlines.values()),
    )
    calendar = calendars.of(campaign.jurisdiction)
    judgement = judge(case, calendar, tx.now)
    violations = await store.violations(tx.connection, scope)
    settlement = settle(deadlines, violations, judgement, tx.now, unmet(case))
    for deadline in settlement.deadlines:
        await store.save_deadline(tx.connection, scope, deadline)
    for violation in settlement.violations:
        await store.save_violation(tx.connection, scope, violation)
    for announcement in settlement.announcements:
        await tell(tx, campaign, scope, announcement)
    await store.note_judged(tx.connection, scope, calendar.version, settlement.next_at)


async def tell(tx: Transaction, campaign: Campaign, scope: Scope, announcement: Announcement) -> None:
    """Announce an event of a deadline or violation; the scope's lock stands for its rows'."""
    await tx.announce(
        announcement.event,
        aggregate=announcement.aggregate,
        jurisdiction=campaign.jurisdiction,
        campaign=scope.campaign_id,
        department=scope.department,
        activity=getattr(announcement.event, "activity_id", None),
    )
