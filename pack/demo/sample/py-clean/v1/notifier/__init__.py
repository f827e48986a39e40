"""Sends reminders of due dates. This sample has no known flaw."""
