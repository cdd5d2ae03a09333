"""Lets Home Assistant find the server by itself."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator

from tts_pipeline.errors import ConfigError


@contextlib.asynccontextmanager
async def announced(listening: socket.socket, name: str) -> AsyncIterator[None]:
    """Announce a Wyoming server by mDNS while the block runs.

    Raises:
        ConfigError: if zeroconf is not installed.
    """
    try:
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf
    except ImportError as error:
        raise ConfigError(
            "--zeroconf needs zeroconf, which is not installed; install with: pip install zeroconf"
        ) from error
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = _own_address()
    kind = "_wyoming._tcp.local."
    service = AsyncServiceInfo(
        kind, f"{name}.{kind}", addresses=[socket.inet_aton(host)], port=port
    )
    zeroconf = AsyncZeroconf()
    await zeroconf.async_register_service(service)
    try:
        yield
    finally:
        await zeroconf.async_unregister_service(service)
        await zeroconf.async_close()


def _own_address() -> str:
    """Address of this machine in its network, by the way that multicast would leave."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("224.0.0.251", 1))
        return str(probe.getsockname()[0])
