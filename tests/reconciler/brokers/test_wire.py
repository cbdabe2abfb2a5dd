"""Connections to servers that are no honest Redis, and secured ones."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from reconciler.brokers.connect import Limits
from reconciler.brokers.endpoint import TLS, Endpoint
from reconciler.brokers.errors import BrokerError, BrokerUnreachable, ReplyInvalid, TLSFailed
from reconciler.brokers.links import Links
from tests.cluster import state
from tests.cluster.redis import Redis
from tests.reconciler.brokers.authority import Authority, authority

LIMITS = Limits(answer_seconds=1, retry_seconds=0, allow_local=True)
Serve = Callable[[asyncio.StreamWriter], None]


@asynccontextmanager
async def stranger(answer: bytes, repeat: int = 1) -> AsyncIterator[Endpoint]:
    """A server that says `answer`, `repeat` times over, to whatever it is asked, and then nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(1)
            for _ in range(repeat):
                writer.write(answer)
                await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Endpoint("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


@dataclass(frozen=True)
class Case:
    answer: bytes
    want: type[BrokerError]
    repeat: int = 1


STRANGERS = {
    "a web server": Case(b"HTTP/1.1 400 Bad Request\r\n\r\n", ReplyInvalid),
    "one that says nothing": Case(b"", BrokerUnreachable),
    "one that stops in the middle": Case(b"$10\r\nabc", BrokerUnreachable),
    "a line without end": Case(b"x" * 65536, ReplyInvalid, 100),
    "a list without end": Case(b"*1000000000\r\n" + b":1\r\n" * 10_000, ReplyInvalid, 100),
    "lists in lists without end": Case(b"*1\r\n" * 10_000, ReplyInvalid, 100),
    "a length that is none": Case(b"$ten\r\n", ReplyInvalid),
}


@pytest.mark.parametrize("case", STRANGERS.values(), ids=STRANGERS.keys())
async def test_strangers(case: Case) -> None:
    links = Links(LIMITS, time.monotonic)
    async with stranger(case.answer, case.repeat) as endpoint:
        with pytest.raises(case.want) as caught:
            await links.get(endpoint).ask(("LLEN", "orders"))
    assert 0 < len(caught.value.message) <= 200
    await links.close()


async def test_a_value_of_a_gigabyte_needs_no_memory() -> None:
    size = 1 << 30
    links = Links(replace(LIMITS, answer_seconds=3), time.monotonic)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with stranger(b"$%d\r\n" % size + b"x" * 1_000_000, 200) as endpoint:
        with pytest.raises(BrokerError):
            await links.get(endpoint).ask(("LINDEX", "orders", -1))
    await links.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024, f"grew by {grown} KiB"


async def test_a_huge_value_reads_as_empty_and_the_next_is_whole() -> None:
    links = Links(LIMITS, time.monotonic)
    huge = b"$%d\r\n%s\r\n" % (3_000_001, b"x" * 3_000_001)
    async with stranger(huge + b"$2\r\nok\r\n") as endpoint:
        assert list(await links.get(endpoint).ask(("GET", "a"), ("GET", "b"))) == [b"", b"ok"]
    await links.close()


async def test_many_values_stop_being_kept_at_four_megabytes() -> None:
    links = Links(LIMITS, time.monotonic)
    one = b"$%d\r\n%s\r\n" % (250_000, b"x" * 250_000)
    async with stranger(b"*40\r\n" + one * 40) as endpoint:
        (values,) = await links.get(endpoint).ask(("HVALS", "orders:workers"))
    assert sum(len(value) for value in values) <= 4 * 1024 * 1024
    assert values[0] == b"x" * 250_000
    assert values[-1] == b""
    await links.close()


@dataclass(frozen=True)
class Secured:
    endpoint: Endpoint
    authority: Authority


@pytest.fixture(scope="module")
def secured(servers: state.State) -> Iterator[Secured]:
    """A Redis that speaks TLS as redis.acme.io and asks for a certificate."""
    ca = authority()
    certificate, key = ca.leaf("redis.acme.io")
    files = {"ca.crt": ca.pem, "tls.crt": certificate, "tls.key": key}
    for name, text in files.items():
        (servers.path / name).write_text(text)
    with asyncio.Runner() as runner:
        port = runner.run(_free_port())
    name = f"redis-tls-{port}"
    servers.start(
        name,
        [
            "redis-server", "--bind", "127.0.0.1", "--port", "0", "--tls-port", str(port), "--save", "",
            "--dir", servers.path, "--tls-ca-cert-file", servers.path / "ca.crt",
            "--tls-cert-file", servers.path / "tls.crt", "--tls-key-file", servers.path / "tls.key",
        ],
    )  # fmt: skip
    probe = Redis(servers, "127.0.0.1", port, "")
    servers.wait(name, [name], lambda: _refuses(probe), 10)
    yield Secured(Endpoint("127.0.0.1", port), ca)
    servers.stop(name)


def _refuses(server: Redis) -> str | None:
    """None once somebody listens on the port, whatever he says."""
    with asyncio.Runner() as runner:
        try:
            runner.run(_connect(server.port))
        except OSError as error:
            return str(error)
    return None


async def _connect(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def _free_port() -> int:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def asked(secured: Secured, tls: TLS | None) -> object:
    links = Links(LIMITS, time.monotonic)
    try:
        return (await links.get(replace(secured.endpoint, tls=tls)).ask(("LLEN", "orders")))[0]
    finally:
        await links.close()


def client_tls(secured: Secured, server_name: str = "redis.acme.io", ca: str | None = None) -> TLS:
    certificate, key = secured.authority.leaf("headgate")
    return TLS(secured.authority.pem if ca is None else ca, certificate, key, server_name)


async def test_tls_with_both_sides_certificates(secured: Secured) -> None:
    assert await asked(secured, client_tls(secured)) == 0


async def test_a_certificate_for_another_name(secured: Secured) -> None:
    with pytest.raises(TLSFailed, match="certificate verify failed"):
        await asked(secured, client_tls(secured, "redis.evil.io"))


async def test_a_certificate_of_another_authority(secured: Secured) -> None:
    with pytest.raises(TLSFailed, match="certificate verify failed"):
        await asked(secured, client_tls(secured, ca=authority().pem))


async def test_verification_switched_off(secured: Secured) -> None:
    tls = replace(client_tls(secured, "", ca=authority().pem), verify=False)
    assert await asked(secured, tls) == 0


async def test_no_client_certificate_where_one_is_asked_for(secured: Secured) -> None:
    with pytest.raises(BrokerError):
        await asked(secured, TLS(secured.authority.pem, server_name="redis.acme.io"))


async def test_plain_text_to_a_server_that_wants_tls(secured: Secured) -> None:
    with pytest.raises(BrokerUnreachable):
        await asked(secured, None)


async def test_a_ca_that_is_no_certificate(secured: Secured) -> None:
    with pytest.raises(TLSFailed, match="the certificates in the Secret cannot be used"):
        await asked(secured, TLS("no certificate"))


async def test_a_key_that_does_not_fit(secured: Secured) -> None:
    certificate, _ = secured.authority.leaf("headgate")
    _, other = secured.authority.leaf("headgate")
    with pytest.raises(TLSFailed, match="cannot be used"):
        await asked(secured, TLS(secured.authority.pem, certificate, other))
