"""演练场景: one step being played, and what the rehearsal has to remember between steps."""

from dataclasses import dataclass, field
from datetime import datetime

from deploy.rehearsal.doors import PUBLIC, Doors, Json
from deploy.rehearsal.script import Department, Season, Step

HOOK = "rehearsal"


class StepWrong(ValueError):
    """A step of the script lacks what its act needs."""


@dataclass
class Stage:
    """What the rehearsal has to remember between steps: the ids the services gave."""

    doors: Doors
    season: Season
    hooks: str
    """Where the services find the webhook receiver; it need not be an address of this machine."""
    catcher: str
    """Where the rehearsal finds it."""
    campaign: str = ""
    plans: dict[int, Json] = field(default_factory=dict)
    activities: dict[int, str] = field(default_factory=dict)
    proofs: dict[int, str] = field(default_factory=dict)
    aggregates: set[tuple[str, str]] = field(default_factory=set)
    """Service and `<kind>/<id>` of everything the rehearsal made, for the chains of events to be read."""
    times: dict[int, datetime] = field(default_factory=dict)
    """When each department's activity begins, for the date its announcement states."""
    people: dict[int, list["Person"]] = field(default_factory=dict)
    """Who signed up for each department's activity, in the order of the script."""
    addresses: dict[str, str] = field(default_factory=dict)
    """`registration/<id>` or `suggestion/<id>` -> the made-up address its owner left."""
    sessions: dict[int, Json] = field(default_factory=dict)
    """Each department's livestream: its id, and the ingest key of each venue."""


@dataclass
class Person:
    """报名人, made up: what became of the registration, and the secret to cancel it."""

    registration: str
    state: str
    secret: str | None


@dataclass(frozen=True)
class Scene:
    """One step, played: who acts, and under which key its writes are remembered."""

    stage: Stage
    step: Step
    key: str
    past: bool
    """The clock has passed this step: it was played before, and only its ids are wanted."""

    @property
    def department(self) -> Department:
        if self.step.department is None:
            raise StepWrong(f"{self.step.act} 需要 department")
        return self.stage.season.department(self.step.department)

    async def as_department(
        self, path: str, body: Json | None = None, *, service: str = "plans", more: str = ""
    ) -> Json:
        code = self.department.code
        return await self.stage.doors.post(service, path, body, "department", code, key=self.key + more)

    async def as_public(self, service: str, path: str, body: Json | None, more: str = "", secret: str = "") -> Json:
        """Without an account."""
        headers = {"x-registration-secret": secret} if secret else {}
        return await self.stage.doors.post(service, path, body, PUBLIC, key=self.key + more, headers=headers)

    async def as_operator(self, path: str, body: Json | None = None, more: str = "") -> Json:
        return await self.stage.doors.post("livestream", path, body, "operator", key=self.key + more)

    async def as_office(self, service: str, path: str, body: Json | None = None, more: str = "") -> Json:
        return await self.stage.doors.post(service, path, body, "office", key=self.key + more)

    def made(self, kind: str, identity: str, service: str = "plans") -> str:
        self.stage.aggregates.add((service, f"{kind}/{identity}"))
        return identity

    @property
    def plan(self) -> str:
        return str(self.stage.plans[self.department.number]["id"])

    @property
    def activity(self) -> str:
        return self.stage.activities[self.department.number]
