"""What endpoints need besides who asks."""

from typing import Annotated

from fastapi import Depends, Query, Request

from servicekit.service import Service
from services.plans.gateways import PolicyFiles


def _policy(request: Request) -> PolicyFiles:
    policy: PolicyFiles = request.state.policy
    return policy


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Policy = Annotated[PolicyFiles, Depends(_policy)]
Running = Annotated[Service, Depends(_service)]
After = Annotated[str | None, Query(max_length=20, description="上一页的 next")]
Limit = Annotated[int, Query(ge=1, le=200)]
Department = Annotated[str | None, Query(min_length=18, max_length=18)]
