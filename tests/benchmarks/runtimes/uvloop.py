"""uvloop: asyncio's tasks on libuv."""

import uvloop

from .asyncio import (
    RELEASE_IS_AWAITED,
    SERVERS,
    STYLE,
    attend,
    channel,
    give_way,
    in_thread,
    park,
    run_all,
    semaphore,
    sleep,
)


def run(main):
    uvloop.run(main())


def serve(variant, port):
    run(lambda: SERVERS[variant](port))
