"""The reference worker: takes jobs from Redis lists and streams and keeps Headgate's worker contract.

The rooms, from the broker up:

- `lua/`          every change of more than one key, as one atomic script; written once for both layouts;
- `connection`, `scripts`, `keys`, `layout`  one queue at one broker;
- `jobs`, `backoff`, `config`, `records`     pure: what a job, a delay, a configuration and a status record are;
- `latch`, `slots`, `source`                 the state of this process;
- `fetching`, `running`, `publishing`, `recovery`, `watching`, `admin`  one loop each over that state;
- `worker`        puts them together; `__main__` reads settings and signals.

Invariants:

1. A job is always in exactly one place at the broker: waiting, in flight of one instance, scheduled, or dead.
2. The only way into an instance's in-flight list is the script `take`, which refuses an instance without a
   `Running` record. So every in-flight list has a record by which others find it, and a drained instance can't take.
3. An answer that got lost is never guessed: the source is unsure, counts as fetching, and is compared with the broker.
"""
