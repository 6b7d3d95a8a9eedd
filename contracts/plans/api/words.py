"""The bounded words that inputs are made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Passage = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Article = Annotated[str, StringConstraints(strip_whitespace=True, max_length=50_000)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Uscc = Annotated[str, Field(min_length=18, max_length=18, description="统一社会信用代码 (USCC, GB 32100)")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower-case hex")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2000)]


class In(BaseModel):
    """What comes in; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """What goes out."""

    model_config = ConfigDict(frozen=True)


class ReasonIn(In):
    reason: Passage


class Check(Out):
    """核对结果的一项, with the clause, its sentence and what to do."""

    code: str
    severity: Literal["refuse", "warn"]
    field: str | None
    detail: str
    clause: str | None
    sentence: str | None
    fix: str | None
