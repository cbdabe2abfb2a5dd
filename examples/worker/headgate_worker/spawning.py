"""How loops and runs are started: in the worker's one task group, so that a defect ends the process instead of a loop.

A process that ends is restarted and its jobs are given back; a process with one dead loop looks alive and isn't.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
