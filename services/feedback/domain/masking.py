"""脱敏: what of a person may be published. Names keep their first character, numbers a few digits, addresses one."""

import re

_WIDE = str.maketrans({code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)})
"""Full-width forms, one character for one, so that positions in the plain form are positions in the text."""

_SEPARATOR = r"[\s\-·.]?"
_IDENTITY = rf"(?<!\d)\d{{6}}{_SEPARATOR}\d{{8}}{_SEPARATOR}\d{{3}}[\dXx](?!\d)|(?<!\d)\d{{15}}(?!\d)"
_CARD = rf"(?<!\d)\d{{4}}(?:{_SEPARATOR}\d{{4}}){{3}}(?:{_SEPARATOR}\d{{1,3}})?(?!\d)"
_MOBILE = rf"(?<!\d)(?:\+?86{_SEPARATOR})?1[3-9]\d{_SEPARATOR}\d{{4}}{_SEPARATOR}\d{{4}}(?!\d)"
_LANDLINE = r"(?<!\d)(?:\(0\d{2,3}\)|0\d{2,3})[\s\-]?\d{7,8}(?!\d)"
_TOLD = r"(?:(?<=电话)|(?<=手机)|(?<=号码)|(?<=联系方式))[::\s是为]{0,4}\d{7,12}(?!\d)"
_NUMBERS = re.compile("|".join((_IDENTITY, _CARD, _MOBILE, _LANDLINE, _TOLD)))
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9.\-]{1,190}")
_KEPT_DIGITS = 3


def mask_name(name: str) -> str:
    """张*, however long the name is."""
    return f"{name.strip()[:1]}*"


def mask_text(text: str, *, name: str | None = None) -> str:
    """A text without phone, identity and card numbers, e-mail addresses, and without this name."""
    plain = text.translate(_WIDE)
    spans = [(*found.span(), _mask_number(found.group())) for found in _NUMBERS.finditer(plain)]
    spans += [(*found.span(), f"{found.group()[:1]}***") for found in _EMAIL.finditer(plain)]
    masked, position = [], 0
    for start, end, shown in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < position:
            continue  # an address around a number: the first one hides both
        masked += [text[position:start], shown]
        position = end
    masked.append(text[position:])
    return _without_name("".join(masked), name)


def _mask_number(found: str) -> str:
    digits = 0
    shown = []
    for character in found:
        digits += character.isdigit()
        hidden = (character.isdigit() and digits > _KEPT_DIGITS) or character in "Xx"
        shown.append("*" if hidden else character)
    return "".join(shown)


def _without_name(text: str, name: str | None) -> str:
    """One character alone is no name: it would take every 王 out of the text."""
    if name is None or len(name.strip()) < 2:
        return text
    return text.replace(name.strip(), mask_name(name))
