"""Laws of turns: one at a time, and nobody who waits has it."""

import asyncio
import threading

from pyos_shell.turn import Turn, TurnSelector


def test_an_event_loop_has_the_turn_while_it_works_and_not_while_it_waits_nor_at_its_end():
    lock, seen = threading.Lock(), []

    async def work(turn):
        seen.append(lock.locked())
        with turn.given():
            seen.append(lock.locked())
        seen.append(lock.locked())
        await asyncio.to_thread(lambda: seen.append(lock.acquire(timeout=30) and lock.release()))

    turn = Turn(lock)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(TurnSelector(turn))) as run:
        run.run(work(turn))
    assert seen == [True, False, True, None]
    assert not lock.locked()


def test_loops_on_several_threads_work_one_after_the_other():
    lock, at_work, most = threading.Lock(), [], []

    async def work():
        for _ in range(50):
            at_work.append(1)
            most.append(len(at_work))
            at_work.pop()
            await asyncio.sleep(0)

    def loop():
        selector = TurnSelector(Turn(lock))
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
            runner.run(work())

    threads = [threading.Thread(target=loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 200 and set(most) == {1}


def test_who_does_not_have_the_turn_gives_nothing():
    lock = threading.Lock()
    turn = Turn(lock)
    turn.give()
    with turn.given():
        assert not lock.locked()
    assert not lock.locked()
