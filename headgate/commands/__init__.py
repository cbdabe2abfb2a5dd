"""One module a command; its `command` is what `headgate.cli` finds."""
