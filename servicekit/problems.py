"""RFC 9457 problems: a stable code, what was wrong, the clause, what to do."""

from typing import Any

from pydantic import BaseModel, Field


class Finding(BaseModel):
    """One thing that is wrong with an input."""

    code: str
    field: str | None = Field(default=None, description="Where, as a dotted path")
    detail: str
    clause: str | None = None
    sentence: str | None = Field(default=None, description="The clause's own words")
    fix: str | None = None


class Problem(BaseModel):
    """The body of every refusal, `application/problem+json`."""

    type: str = Field(description="urn:openday:problem:<code>")
    title: str
    status: int
    code: str
    detail: str
    clause: str | None = Field(default=None, description="The notice's clause, where one applies")
    fix: str | None = Field(default=None, description="What to do")
    instance: str | None = None
    correlation_id: str | None = None
    errors: list[Finding] = Field(default_factory=list)


class Refused(Exception):
    """Refused by a rule. Subclasses live beside the function that raises them and set `code` and `status`.

    `detail` says what was wrong, `clause` whose rule it is, `fix` what to do. Nothing was changed.
    """

    code = "refused"
    status = 409
    title = "请求被拒绝"
    fix: str | None = None
    clause: str | None = None

    def __init__(
        self,
        detail: str,
        *,
        clause: str | None = None,
        fix: str | None = None,
        errors: list[Finding] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.clause = clause if clause is not None else type(self).clause
        self.fix = fix if fix is not None else type(self).fix
        self.errors = errors or []

    def problem(self, instance: str | None, correlation: str | None) -> dict[str, Any]:
        return Problem(
            type=f"urn:openday:problem:{self.code}",
            title=self.title,
            status=self.status,
            code=self.code,
            detail=self.detail,
            clause=self.clause,
            fix=self.fix,
            instance=instance,
            correlation_id=correlation,
            errors=self.errors,
        ).model_dump(mode="json", exclude_none=True)


class NotFound(Refused):
    code, status, title = "not-found", 404, "没有找到"


class Unauthenticated(Refused):
    code, status, title = "unauthenticated", 401, "未通过身份验证"
    fix = "带上有效的 Bearer 令牌再试"


class Forbidden(Refused):
    code, status, title = "forbidden", 403, "没有权限"


class BadRequest(Refused):
    code, status, title = "bad-request", 400, "请求无法理解"


class BodyMalformed(BadRequest):
    code = "body-malformed"
    fix = "请求正文须为格式正确的 JSON(UTF-8)"


class RequestInvalid(Refused):
    code, status, title = "request-invalid", 422, "请求内容不符合要求"


class BodyTooLarge(Refused):
    code, status, title = "body-too-large", 413, "请求正文过大"


class WrongState(Refused):
    code, status, title = "wrong-state", 409, "当前状态不允许此操作"


class PreconditionRequired(Refused):
    code, status, title = "precondition-required", 428, "缺少 If-Match"
    fix = "先 GET 取得 ETag,再带 If-Match 提交"


class PreconditionFailed(Refused):
    code, status, title = "etag-stale", 412, "内容已被他人修改"
    fix = "重新 GET 最新内容与 ETag,合并后再提交"


class KeyMissing(BadRequest):
    code, title = "idempotency-key-missing", "缺少 Idempotency-Key"
    fix = "每个 POST 带一个新的 Idempotency-Key(8–200 个可见 ASCII 字符);重试时用同一个"


class KeyReused(Refused):
    code, status, title = "idempotency-key-reused", 422, "Idempotency-Key 已用于另一请求"
    fix = "换一个新的 Idempotency-Key"


class InternalError(Refused):
    code, status, title = "internal-error", 500, "系统内部错误"
    fix = "请把 correlation_id 告诉运维"


class TryAgain(Refused):
    code, status, title = "try-again", 503, "服务暂时不可用"
    fix = "稍后用同一个 Idempotency-Key 重试"
