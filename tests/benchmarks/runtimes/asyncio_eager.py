"""asyncio whose tasks begin at once (3.12 and newer)."""

import asyncio

from .asyncio import (
    RELEASE_IS_AWAITED,
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
    async def eager():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await main()

    asyncio.run(eager())
