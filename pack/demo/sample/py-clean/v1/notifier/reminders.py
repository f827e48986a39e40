"""Works out which reminders are due."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Reminder:
    owner: str
    subject: str
    due: date


def due_within(reminders, today, days):
    """Return the reminders due from today until so many days later."""
    limit = today + timedelta(days=days)
    return [r for r in reminders if today <= r.due <= limit]


def text_of(reminder):
    return f"{reminder.owner}: {reminder.subject} is due on {reminder.due:%d %B %Y}"
