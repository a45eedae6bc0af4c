"""What came of all who came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What honest clients got, and what was missed; `there` are those who are there now, of any
    kind, and `strange` counts how hostile ones ended."""

    visits: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    answered: int = 0
    pictures: int = 0
    there: int = 0
    missed: list[str] = field(default_factory=list)
    strange: Counter[str] = field(default_factory=Counter)
    _ages: Counter[int] = field(default_factory=Counter)
    """By milliseconds: so it is bounded, however long it goes on."""

    def aged(self, ages: Iterable[float]) -> None:
        """Note the ages of answers, in seconds."""
        self._ages.update(round(age * 1e3) for age in ages)

    def age_ms(self, percent: float) -> int | None:
        """Return a percentile of the ages, None where there are none."""
        left = self._ages.total() * percent / 100
        for age in sorted(self._ages):
            left -= self._ages[age]
            if left <= 0:
                return age
        return None
