"""An application as Celery's users have it: jobs that take a while, and say in Redis that they ran."""

# mypy: ignore-errors
# Runs in the environment of requirements/libraries.txt, which the type checker does not see.

import os
import time

import redis
from celery import Celery

app = Celery("tests", broker=os.environ["BROKER"])
app.conf.broker_connection_retry_on_startup = True
app.conf.task_default_queue = "orders"
ledger = redis.Redis.from_url(os.environ["BROKER"])


@app.task(acks_late=True)
def work(seconds):
    ledger.rpush("begun", os.getpid())
    time.sleep(seconds)
    ledger.rpush("done", os.getpid())
