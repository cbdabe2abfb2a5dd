"""A live context on real sockets, under both event loops the product may run on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import KeyPair, issue_leaf, new_authority, service_names
from certs.handshake import HandshakeError, verify_served
from certs.serving import BadLeafError, LiveContext, follow
from certs.sources import FolderSource, SourceError

NOW = datetime.now(UTC)
NAMES = service_names("headgate-webhook", "media")
AUTHORITY = new_authority(NOW, timedelta(days=365))
TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

Scenario = Callable[[], Awaitable[None]]


def leaf() -> KeyPair:
    return issue_leaf(AUTHORITY, NAMES, NOW, timedelta(days=90))


def rsa_leaf() -> KeyPair:
    """What somebody else's tool may put into a folder: another type of key."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rsa")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW - timedelta(hours=1)).not_valid_after(NOW + timedelta(1))
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), encoded)


def encrypted(pair: KeyPair) -> KeyPair:
    key = serialization.load_pem_private_key(pair.key, None)
    secret = serialization.BestAvailableEncryption(b"secret")
    return KeyPair(
        pair.certificate, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    )


def serial(pair: KeyPair) -> int:
    return x509.load_pem_x509_certificate(pair.certificate).serial_number


@asynccontextmanager
async def serving(live: LiveContext) -> AsyncIterator[int]:
    """An echo server on a port of its own, gone with all its connections at the end."""
    connections: set[asyncio.Task[None]] = set()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(cast("asyncio.Task[None]", asyncio.current_task()))
        with suppress(ConnectionError):  # most clients only come for the certificate
            while line := await reader.readline():
                writer.write(line)
        await leave(writer)

    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=live.context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*connections)


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def connect(port: int, *, version: ssl.TLSVersion = TLS_1_3, name: str = NAMES[0]) -> tuple[Any, Any, int]:
    """A connection, and the serial number of the certificate it was given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return reader, writer, x509.load_der_x509_certificate(shown).serial_number


async def served_serial(port: int, **how: Any) -> int:
    _, writer, number = await connect(port, **how)
    await leave(writer)
    return number


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Scenario], None]:
    """Runs a scenario under one of the two event loops, for at most a minute."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def runs(scenario: Scenario) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.wait_for(scenario(), 60))

    return runs


def test_a_new_leaf_is_served_to_new_connections_whatever_its_key_and_the_client(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario() -> None:
        live = LiveContext()
        async with serving(live) as port:
            for pair in (leaf(), rsa_leaf(), leaf(), rsa_leaf()):
                assert live.offer(pair)
                for version in (TLS_1_2, TLS_1_3):
                    for name in (NAMES[0], ""):
                        assert await served_serial(port, version=version, name=name) == serial(pair)

    run(scenario)


def test_open_connections_live_on_while_fifty_leaves_pass_and_no_new_one_fails(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario() -> None:
        live = LiveContext()
        live.offer(leaf())
        async with serving(live) as port:
            reader, writer, _ = await connect(port)
            for _ in range(50):
                calls = [asyncio.create_task(verify_served("127.0.0.1", port, NAMES[0], AUTHORITY.certificate))]
                await asyncio.sleep(0)
                live.offer(leaf())
                calls.append(asyncio.create_task(verify_served("127.0.0.1", port, NAMES[0], AUTHORITY.certificate)))
                await asyncio.gather(*calls)
                writer.write(b"still here\n")
                assert await reader.readline() == b"still here\n"
            await leave(writer)

    run(scenario)


def test_without_a_leaf_handshakes_fail(run: Callable[[Scenario], None]) -> None:
    async def scenario() -> None:
        async with serving(LiveContext()) as port:
            with pytest.raises(HandshakeError):
                await verify_served("127.0.0.1", port, NAMES[0], AUTHORITY.certificate)

    run(scenario)


def test_older_versions_than_tls_1_2_are_refused() -> None:
    assert LiveContext().context.minimum_version is TLS_1_2


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda good: KeyPair(b"garbage", good.key), id="no certificate"),
        pytest.param(lambda good: KeyPair(good.certificate, b""), id="no key"),
        pytest.param(lambda good: KeyPair(good.certificate, leaf().key), id="another leaf's key"),
        pytest.param(lambda good: KeyPair(good.certificate, good.key[:60]), id="a key cut short"),
        pytest.param(encrypted, id="an encrypted key, which must not ask for its password"),
    ],
)
async def test_a_bad_leaf_is_refused_and_the_old_one_served_on(spoil: Callable[[KeyPair], KeyPair]) -> None:
    live, good = LiveContext(), leaf()
    live.offer(good)
    with pytest.raises(BadLeafError, match="cannot be served"):
        live.offer(spoil(leaf()))
    async with serving(live) as port:
        assert await served_serial(port) == serial(good)


def test_the_same_leaf_twice_changes_nothing() -> None:
    live, pair = LiveContext(), leaf()
    assert live.offer(pair)
    assert not live.offer(pair)
    assert live.served is not None
    assert live.served.ends == x509.load_pem_x509_certificate(pair.certificate).not_valid_after_utc


async def test_a_client_that_trusts_another_authority_is_told_so() -> None:
    live = LiveContext()
    live.offer(leaf())
    async with serving(live) as port:
        with pytest.raises(HandshakeError, match="unable to get local issuer certificate"):
            await verify_served("127.0.0.1", port, NAMES[0], new_authority(NOW, timedelta(1)).certificate)
        with pytest.raises(HandshakeError, match="Hostname mismatch"):
            await verify_served("127.0.0.1", port, "headgate-webhook.shop.svc", AUTHORITY.certificate)
        with pytest.raises(HandshakeError, match="the bundle is empty"):
            await verify_served("127.0.0.1", port, NAMES[0], b"")


async def test_a_server_that_never_answers_is_given_up_on() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await leave(writer)
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(HandshakeError, match=r"did not finish a TLS handshake in 0\.1 s"):
        await verify_served("127.0.0.1", port, NAMES[0], AUTHORITY.certificate, timeout_seconds=0.1)
    server.close()
    await asyncio.wait_for(gone.wait(), 5)


class Stop(Exception):  # noqa: N818 - no error: it ends the endless loop under test
    """Ends `follow` when its story is told."""


class Story:
    """A source and its sleeper: hands out one answer a poll, and keeps what was asked of the clock."""

    def __init__(self, *answers: KeyPair | Exception | None) -> None:
        self.answers = list(answers)
        self.slept: list[float] = []

    async def read(self) -> KeyPair | None:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self.answers:
            raise Stop


async def test_following_a_source_waits_for_the_first_leaf_and_survives_bad_answers() -> None:
    first, second = leaf(), leaf()
    story = Story(None, SourceError("no route"), first, SourceError("gone"), KeyPair(b"", b""), second)
    live = LiveContext()
    with pytest.raises(Stop):
        await follow(live, story, sleep=story.sleep)
    assert story.slept == [0.5, 0.5, 10.0, 10.0, 10.0, 10.0]
    assert live.fault == ""
    async with serving(live) as port:
        assert await served_serial(port) == serial(second)


@pytest.mark.parametrize(
    ("answer", "want_fault"),
    [
        pytest.param(SourceError("secrets is forbidden"), "secrets is forbidden", id="a source that cannot be read"),
        pytest.param(KeyPair(b"", b""), "the certificate and its key cannot be served", id="a leaf that is none"),
    ],
)
async def test_the_fault_of_the_newest_leaf_is_kept(answer: KeyPair | Exception, want_fault: str) -> None:
    live, story = LiveContext(), Story(leaf(), answer)
    with pytest.raises(Stop):
        await follow(live, story, sleep=story.sleep)
    assert want_fault in live.fault
    assert live.served is not None


async def test_a_folder_is_a_source(tmp_path: Path) -> None:
    pair = leaf()
    source = FolderSource(tmp_path)
    assert await source.read() is None
    (tmp_path / "tls.crt").write_bytes(pair.certificate)
    assert await source.read() is None
    (tmp_path / "tls.key").write_bytes(pair.key)
    assert await source.read() == pair
    (tmp_path / "tls.key").unlink()
    (tmp_path / "tls.key").mkdir()
    with pytest.raises(SourceError, match="Is a directory"):
        await source.read()
