"""The scalar types v1beta1 has and v1 has not: numbers with a fraction, which v1 writes as quantities or percent."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from crds.v1.scalars import Int

Float = Annotated[float, Strict()]
# The fastest limit v1 can say is 2^31-1 jobs in a millisecond.
PerSecond = Annotated[Float, Field(gt=0, le=2_147_483_647_000)]
Multiplier = Annotated[Float, Field(ge=1, le=10)]
Share = Annotated[Float, Field(ge=0.5, le=0.99)]
# 99,999 hours: beyond it v1 needs a duration of several parts.
Milliseconds = Annotated[Int, Field(ge=1, le=359_996_400_000, json_schema_extra={"format": "int64"})]
Database = Annotated[Int, Field(ge=0, le=99_999, json_schema_extra={"format": "int32"})]
