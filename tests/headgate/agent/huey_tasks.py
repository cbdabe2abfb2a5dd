"""An application of Huey's: a job that takes a while, and says in Redis that it ran."""

# mypy: ignore-errors
# Runs in the environment of requirements/libraries.txt, which the type checker does not see.

import os
import time

import redis
from huey import RedisHuey

huey = RedisHuey("orders", url=os.environ["BROKER"])


@huey.task()
def work(seconds):
    ledger = redis.Redis.from_url(os.environ["BROKER"])
    ledger.rpush("begun", os.getpid())
    time.sleep(seconds)
    ledger.rpush("done", os.getpid())
