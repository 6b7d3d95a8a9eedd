"""参加人的动作: residents sign up, cancel, and are checked in. Everybody is made up."""

import asyncio
from datetime import date

from stdnum.cn import ric

from deploy.rehearsal.doors import Json
from deploy.rehearsal.scene import Person, Scene, StepWrong

_PARALLEL = 6
_CATEGORIES = ("worker", "expert", "entrepreneur", "community_worker", "openness_supervisor", "journalist", "netizen")
_TIES = ("lives", "works", "studies")


def resident(department: int, number: int) -> str:
    """The made-up address of an activity's nth resident."""
    return f"resident-{department}-{number}@resident.example"


def _identity(department: int, number: int) -> Json:
    """居民身份证号 of nobody, with a valid check digit; every third resident gives the date of birth instead."""
    born = date(1958 + (7 * number + department) % 46, 1 + number % 12, 1 + number % 28)
    if number % 3 == 0:
        return {"birth_date": str(born)}
    digits = f"640402{born:%Y%m%d}{department:02}{number % 10}"
    return {"id_number": digits + str(ric.calc_check_digit(digits + "0"))}


def _body(scene: Scene, number: int) -> Json:
    department = scene.department.number
    body: Json = {
        "name": f"演练群众{department}之{number}",
        "phone": f"1380000{department:02}{number:02}",
        "email": resident(department, number),
        "category": _CATEGORIES[number % len(_CATEGORIES)],
        "tie": _TIES[number % len(_TIES)],
        "consent": True,
    }
    born = scene.step.birth_date
    return body | ({"birth_date": str(born)} if born else _identity(department, number))


def _remember(scene: Scene, number: int, receipt: Json) -> Person:
    identity = scene.made("registration", receipt["registration_id"], "registration")
    scene.stage.addresses[f"registration/{identity}"] = resident(scene.department.number, number)
    return Person(identity, receipt["state"], receipt.get("secret"))


async def sign_up(scene: Scene) -> str:
    """线上报名 by `people` residents, `at_once` of them in flight; `recommended` more by the department."""
    step, stage = scene.step, scene.stage
    gate = asyncio.Semaphore(step.at_once or _PARALLEL)

    async def one(number: int) -> Person:
        async with gate:
            path = f"/activities/{scene.activity}/registrations"
            receipt = await scene.as_public("registration", path, _body(scene, number), f"/{number}")
        return _remember(scene, number, receipt)

    people = list(await asyncio.gather(*(one(number) for number in range(1, step.people + 1))))
    if step.recommended:
        numbers = range(step.people + 1, step.people + step.recommended + 1)
        path = f"/activities/{scene.activity}/recommendations"
        body = {"participants": [_body(scene, number) for number in numbers]}
        receipts = await scene.as_department(path, body, service="registration", more="/recommended")
        people += [
            _remember(scene, number, receipt)
            for number, receipt in zip(numbers, receipts["registrations"], strict=True)
        ]
    stage.people[scene.department.number] = people
    states = [person.state for person in people]
    return f"{len(people)} 人报名，确认 {states.count('confirmed')} 人，候补 {states.count('waitlisted')} 人"


async def sign_up_once_more(scene: Scene) -> str:
    """One more sign-up, by the activity's first resident or somebody born on `birth_date`; meant to be refused."""
    number = 99 if scene.step.birth_date else 1
    path = f"/activities/{scene.activity}/registrations"
    receipt = await scene.as_public("registration", path, _body(scene, number))
    return f"{receipt['state']}"


async def cancel_registrations(scene: Scene) -> str:
    """取消报名: the first `people` of those who had a place, each with the secret of their own registration."""
    leaving = [person for person in scene.stage.people[scene.department.number] if person.state == "confirmed"]
    for person in leaving[: scene.step.people]:
        path = f"/registrations/{person.registration}/cancel"
        receipt = await scene.as_public("registration", path, None, f"/{person.registration}", person.secret or "")
        person.state = receipt["state"]
    view = await scene.stage.doors.get("registration", f"/activities/{scene.activity}", "public")
    return f"{scene.step.people} 人取消，现有确认 {view['confirmed']} 人，候补 {view['waitlisted']} 人"


async def check_in(scene: Scene) -> str:
    """签到 of the first `people` who have a place; `of_department`: of another one's activity, meant to be refused."""
    step = scene.step
    whose = step.of_department or scene.department.number
    coming = [person for person in scene.stage.people[whose] if person.state == "confirmed"][: step.people]
    if len(coming) < step.people:
        raise StepWrong(f"{scene.department.name} 只有 {len(coming)} 人可以签到")
    body = {"check_ins": [{"registration_id": one.registration, "at": step.at.isoformat()} for one in coming]}
    receipt = await scene.as_department(f"/activities/{scene.activity}/check-ins", body, service="registration")
    scene.made("headcount", scene.activity, "registration")
    return f"签到 {receipt['checked_in']} 人，到场共 {receipt['present']} 人"
