"""`python -m load` in the folder `examples`, or `python -m examples.load` in the repository's root."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
