"""Dates, times and durations as their number format shows them."""

import datetime as dt
import re
from functools import lru_cache

Moment = dt.datetime | dt.date | dt.time | dt.timedelta

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[\$[^\]]*\]|(?P<elapsed>\[(?:h+|m+|s+)\])|\[[A-Za-z]+\d*\]'
    r"|(?P<half>AM/PM|A/P)|(?P<part>y+|m+|d+|h+|s+)|(?P<fraction>\.0+)|(?P<plain>[-/:,. ])",
    re.IGNORECASE,
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ZERO = dt.date(1899, 12, 31)  # what a time of day without a date stands on; never shown


def date_text(value: Moment, number_format: str) -> str | None:
    """The value by its format; None where the format is not understood or is none for dates."""
    tokens = _tokens(number_format)
    if not tokens:
        return None
    elapsed = _elapsed_seconds(value)
    moment = _moment(value)
    has_half = any(kind == "half" for kind, _ in tokens)
    shown = []
    for kind, text in tokens:
        if kind == "literal":
            shown.append(text)
        elif kind == "elapsed":
            divisor = {"h": 3600, "m": 60, "s": 1}[text[1].lower()]
            shown.append(str(int(elapsed // divisor)).zfill(len(text) - 2))
        elif kind == "half":
            shown.append(("AM", "PM")[moment.hour >= 12])
        elif kind == "fraction":
            shown.append(f".{moment.microsecond:06}"[: len(text)])
        else:
            shown.append(_part(moment, text, has_half))
    return "".join(shown).strip()


@lru_cache(maxsize=4096)
def _tokens(number_format: str) -> tuple[tuple[str, str], ...]:
    """Kind and text of each part; ``m`` beside hours or seconds becomes ``n``, the minutes."""
    section = number_format.split(";")[0]
    tokens: list[tuple[str, str]] = []
    place = 0
    while place < len(section):
        token = _TOKEN.match(section, place)
        if token is None:
            return ()
        place = token.end()
        if token["part"]:
            tokens.append(("part", token["part"].lower()))
        elif token["elapsed"] or token["half"] or token["fraction"]:
            tokens.append((token.lastgroup or "", token[0]))
        else:
            tokens.append(("literal", token["quoted"] or token["escaped"] or token["plain"] or ""))
    if all(kind == "literal" for kind, _ in tokens):
        return ()
    return _with_minutes(tokens)


def _with_minutes(tokens: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    parts = [number for number, (kind, _) in enumerate(tokens) if kind in {"part", "elapsed"}]
    told = list(tokens)
    for place, number in enumerate(parts):
        kind, text = tokens[number]
        before = tokens[parts[place - 1]][1].strip("[]").lower() if place else ""
        after = tokens[parts[place + 1]][1].lower() if place + 1 < len(parts) else ""
        if kind == "part" and text in {"m", "mm"} and (before.startswith("h") or after.startswith("s")):
            told[number] = ("part", text.replace("m", "n"))
    return tuple(told)


def _part(moment: dt.datetime, text: str, has_half: bool) -> str:
    letter, length = text[0], len(text)
    if letter == "y":
        return f"{moment.year:04}" if length > 2 else f"{moment.year % 100:02}"
    if letter == "m" and length > 2:
        name = _MONTHS[moment.month - 1]
        return name[: {3: 3, 5: 1}.get(length, len(name))]
    if letter == "d" and length > 2:
        name = _DAYS[moment.weekday()]
        return name[:3] if length == 3 else name
    hour = (moment.hour + 11) % 12 + 1 if has_half else moment.hour
    number = {"m": moment.month, "d": moment.day, "h": hour, "n": moment.minute, "s": moment.second}[letter]
    return str(number).zfill(length)


def _moment(value: Moment) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    if isinstance(value, dt.time):
        return dt.datetime.combine(_ZERO, value)
    seconds = value.total_seconds() % 86_400
    return dt.datetime.combine(_ZERO, dt.time()) + dt.timedelta(seconds=seconds)


def _elapsed_seconds(value: Moment) -> float:
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    moment = _moment(value)
    # Excel counts whole days from its day zero.
    days = (moment.date() - dt.date(1899, 12, 30)).days if isinstance(value, dt.date) else 0
    return days * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second
