"""Numbers as the two versions write them: rates, quantities, shares, durations. Every function is total."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import Any, Final

from crds import duration, quantity
from crds.conversion.lens import Values

_MOST_JOBS: Final = 2**31 - 1
_LONGEST_PERIOD: Final = 1000
"""Seconds. Slower rates than a job in so long are one job in however long it takes."""
LONGEST_MILLISECONDS: Final = 99_999 * 3_600_000
"""As long as a duration of one part can be, 11 years."""


def rate_to_beta(hub: Values) -> Values:
    """{jobs, per, burst} as {rps, burst}: nothing where it is no rate."""
    jobs, per, burst = hub.get("jobs"), length(hub.get("per")), hub.get("burst")
    if type(jobs) is not int or jobs < 1 or not per or not ("burst" not in hub or type(burst) is int):
        return {}
    rate = Fraction(jobs * 1000, per)
    made: dict[str, Any] = {"rps": number(rate)}
    if "burst" in hub or per != 1000:
        # Of a second v1beta1 lets as many start at once as v1 of its period.
        made["burst"] = burst if "burst" in hub else jobs
    return made


def rate_to_hub(beta: Values) -> Values:
    """{rps, burst, enabled} as {jobs, per, burst}; a limit that is off is none."""
    rps = exact(beta.get("rps"))
    if rps is None or rps <= 0 or beta.get("enabled") is False:
        return {}
    jobs, seconds = _whole_jobs(rps)
    made: dict[str, Any] = {"jobs": jobs, "per": duration.text(float(seconds))}
    if "burst" in beta:
        made["burst"] = beta["burst"]
    return made


def _whole_jobs(rps: Fraction) -> tuple[int, Fraction]:
    """As whole a number of jobs in as short a whole number of seconds as says the rate."""
    if rps > _MOST_JOBS:
        return min(_MOST_JOBS, round(rps / 1000)), Fraction(1, 1000)
    near = rps.limit_denominator(_LONGEST_PERIOD)
    if near > 0 and near.numerator <= _MOST_JOBS:
        return near.numerator, Fraction(near.denominator)
    if rps < 1:
        return 1, Fraction(min(LONGEST_MILLISECONDS // 1000, round(1 / rps)))
    return max(1, min(_MOST_JOBS, round(rps))), Fraction(1)


def multiplier_to_beta(hub: Values) -> Values:
    value = hub.get("multiplier")
    if type(value) is not int and type(value) is not str:
        return {}
    try:
        return {"multiplier": number(Fraction(quantity.parse(value)))}
    except ValueError:
        return {}


def multiplier_to_hub(beta: Values) -> Values:
    value = exact(beta.get("multiplier"))
    if value is None or not 0 <= value < 10**9:
        return {}
    if value.denominator == 1:
        return {"multiplier": value.numerator}
    return {"multiplier": f"{float(value):.9f}".rstrip("0").rstrip(".")}


def wait_to_beta(hub: Values) -> Values:
    """{target, percentile} as {milliseconds, share}; a share of jobs has no meaning without a target."""
    milliseconds, percentile = length(hub.get("target")), hub.get("percentile")
    if not milliseconds or milliseconds > LONGEST_MILLISECONDS:
        return {}
    if type(percentile) is not int or not 0 <= percentile <= 100:
        return {"milliseconds": milliseconds}
    return {"milliseconds": milliseconds, "share": percentile / 100}


def wait_to_hub(beta: Values) -> Values:
    milliseconds, share = beta.get("milliseconds"), exact(beta.get("share"))
    if type(milliseconds) is not int or not 0 < milliseconds <= LONGEST_MILLISECONDS:
        return {}
    target = {"target": duration.text(milliseconds / 1000)}
    if share is None or not 0 <= share <= 1:
        return target
    return {**target, "percentile": round(share * 100)}


def length(value: Any) -> int | None:
    """Milliseconds of a duration; None for whatever is none."""
    if type(value) is not str:
        return None
    try:
        return duration.milliseconds(value)
    except ValueError:
        return None


def exact(value: Any) -> Fraction | None:
    """The decimal number a JSON number was written as."""
    if type(value) is int:
        return Fraction(value)
    return Fraction(repr(value)) if type(value) is float and isfinite(value) else None


def number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)
