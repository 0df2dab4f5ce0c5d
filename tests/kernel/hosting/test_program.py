"""Laws of asyncio programs that are tasks: they run unchanged, beside others."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import selectors
import ssl
import sys
import threading
from pathlib import Path

import pytest

from kernel import (
    Exited,
    GetTid,
    JumpingClock,
    ManualClock,
    Scheduler,
    SelectPoller,
    Sleep,
    WaitTask,
    hosted,
)
from kernel.greenlets import Fiber
from kernel.hosting.host import Host
from kernel.hosting.loop import HostedLoop, WaitsByCalls

from ..net import descriptors, python, until
from ..support import idle, outcome, settle, start, turn, watch

CERTIFICATE = str(Path(__file__).parents[1] / "localhost.pem")


def run(program, *args, **doors):
    """Run a program as a task, to its end; what it returns."""
    sched = Scheduler(**doors)
    tid = sched.new(hosted(program, *args))
    sched.mainloop()
    status = outcome(sched, tid)
    if status.error is not None:
        raise status.error
    return status.value


async def talk(word, tls=None, trust=None):
    """A server and a client of it, on streams."""
    ended = asyncio.Event()

    async def shout(reader, writer):
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(shout, "127.0.0.1", 0, ssl=tls) as server:
        address = server.sockets[0].getsockname()
        name = "localhost" if trust else None
        reader, writer = await asyncio.open_connection(*address, ssl=trust, server_hostname=name)
        writer.write(word + b"\n")
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        await ended.wait()
    return answer


def test_an_async_def_of_asyncio_is_a_task_with_what_it_returns():
    async def main(first, *, second):
        return first + second

    sched = start(hosted(main, 1, second=2))
    settle(sched)
    assert outcome(sched, 1).value == 3
    assert (
        sched.find(1).name
        == "test_an_async_def_of_asyncio_is_a_task_with_what_it_returns.<locals>.main"
    )


def test_what_the_program_raises_ends_its_task_and_no_other():
    async def main():
        raise ValueError("no")

    sched = Scheduler()
    watch(sched, Exited)  # so that nothing is logged
    crashed, well = sched.new(hosted(main)), sched.new(hosted(talk, b"yes"))
    sched.mainloop()
    assert str(outcome(sched, crashed)) == "crashed: ValueError: no"
    assert outcome(sched, well).value == b"YES\n"


@pytest.mark.parametrize("code", [None, 0, 3, "why"])
def test_one_that_leaves_by_sys_exit_has_ended_well_unless_its_status_says_otherwise(code):
    """From the main asyncio task, from another, and from a function that is around both."""

    async def leaving():
        sys.exit(code)

    async def main():
        await asyncio.gather(leaving(), asyncio.sleep(1000))

    def around():
        asyncio.run(asyncio.sleep(0))
        sys.exit(code)

    sched = start(hosted(leaving), hosted(main), hosted(around))
    watch(sched, Exited)  # so that nothing is logged
    settle(sched)
    said = f"crashed: SystemExit: {code}" if code else "ended"
    assert [str(outcome(sched, tid)) for tid in (1, 2, 3)] == [said] * 3


def test_the_kernel_itself_may_run_in_an_asyncio_program_whose_loop_is_left_alone():
    """As in a notebook."""

    async def inside():
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    async def outside():
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        sched = start(hosted(inside), hosted(inside))
        settle(sched)
        assert (asyncio.get_running_loop(), asyncio.current_task()) == (loop, task)
        return {loop, *(outcome(sched, tid).value for tid in (1, 2))}

    assert len(asyncio.run(outside()) - {None}) == 3


def test_its_time_is_that_of_the_kernels_clock():
    """So a day's sleep takes no time."""

    async def main():
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await asyncio.sleep(86_400)
        return loop.time() - begin

    assert run(main, clock=JumpingClock()) == 86_400


def test_a_timer_is_never_early_and_comes_with_the_alarms_of_others():
    log = []

    async def main():
        for second in (1, 2, 3):
            await asyncio.sleep(1)
            log.append(second)

    def other():
        for second in (1.5, 2.5):
            yield Sleep(1.5 if second == 1.5 else 1)
            log.append(second)

    clock = ManualClock()
    sched = start(hosted(main), other(), clock=clock)
    settle(sched)
    assert log == [1, 1.5, 2, 2.5, 3]
    assert clock.time == pytest.approx(3)


def test_a_loop_of_sleep_0_leaves_others_their_turns():
    async def main():
        while True:
            await asyncio.sleep(0)

    sched = start(hosted(main))
    sched.new(idle(100))
    until(sched, lambda: 2 not in sched.tasks)
    assert 1 in sched.tasks
    sched.end_all()


def test_one_that_waits_for_nothing_but_its_files_wakes_nobody():
    async def main():
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
            await server.serve_forever()

    sched = start(hosted(main))
    turn(sched, 20)
    sched.clock.advance(1)
    turn(sched, 5)
    assert not sched.ready
    assert sched.alarms.due() is None
    sched.end_all()


def test_two_programs_have_loops_policies_and_contexts_of_their_own():
    variable = contextvars.ContextVar("variable")
    loops = set()

    async def main(number):
        variable.set(number)
        for _ in range(10):
            loop = asyncio.get_running_loop()
            loops.add((number, id(loop)))
            assert asyncio.get_event_loop() is loop
            assert variable.get() == number
            await asyncio.sleep(0)

    sched = start(hosted(main, 1), hosted(main, 2), hosted(main, 3))
    settle(sched)
    assert len(loops) == 3
    assert all(outcome(sched, tid).ok for tid in (1, 2, 3))


def test_nothing_of_it_is_seen_by_a_task_that_runs_between():
    """No running loop, no policy, no hooks, no depth of tracking."""
    plain = asyncio.get_event_loop_policy(), asyncio.Runner
    seen = []

    def between():
        hooks = sys.get_asyncgen_hooks()
        while True:
            seen.append(asyncio._get_running_loop())
            assert (asyncio.get_event_loop_policy(), asyncio.Runner) == plain
            assert sys.get_asyncgen_hooks() == hooks
            assert sys.get_coroutine_origin_tracking_depth() == 0
            yield

    async def main():
        asyncio.get_running_loop().set_debug(True)
        for _ in range(5):
            await asyncio.sleep(0)
            assert sys.get_coroutine_origin_tracking_depth() > 0

    sched = start(between(), hosted(main), hosted(main))
    until(sched, lambda: len(sched.tasks) == 1)
    sched.end_all()
    assert len(seen) > 5 and set(seen) == {None}
    assert asyncio._get_running_loop() is None


def test_another_thread_has_its_own_loop_meanwhile():
    """Also while the program is in a step, and the policy is its."""

    def elsewhere():
        async def main():
            return type(asyncio.get_running_loop())

        return asyncio.run(main())

    async def main():
        kinds = []
        thread = threading.Thread(target=lambda: kinds.append(elsewhere()))
        thread.start()
        thread.join()
        return kinds[0], type(asyncio.get_running_loop())

    foreign, own = run(main)
    assert own is HostedLoop
    assert not issubclass(foreign, HostedLoop)


def test_streams_and_servers_run_unchanged_several_programs_at_once():
    sched = Scheduler()
    tids = [sched.new(hosted(talk, b"abc%d" % number)) for number in range(5)]
    sched.mainloop()
    assert [outcome(sched, tid).value for tid in tids] == [b"ABC%d\n" % n for n in range(5)]


def test_datagrams():
    async def main():
        loop = asyncio.get_running_loop()
        got = loop.create_future()

        class Server(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                self.transport = transport

            def datagram_received(self, data, address):
                self.transport.sendto(data.upper(), address)

        class Client(asyncio.DatagramProtocol):
            def datagram_received(self, data, address):
                got.set_result(data)

        server, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
        address = server.get_extra_info("sockname")
        client, _ = await loop.create_datagram_endpoint(Client, remote_addr=address)
        client.sendto(b"abc")
        answer = await got
        client.close()
        server.close()
        return answer

    assert run(main) == b"ABC"


def test_tls():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    assert run(talk, b"abc", tls, trust) == b"ABC\n"


def test_threads():
    async def main():
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(event.set,))
        thread.start()
        await event.wait()
        thread.join()
        ident = await asyncio.to_thread(threading.get_ident)
        return await loop.run_in_executor(None, pow, 2, 10), ident != threading.get_ident()

    assert run(main) == (1024, True)


@pytest.mark.skipif(sys.platform == "win32", reason="platform: this loop has no subprocesses there")
def test_subprocesses_of_two_programs():
    async def main(word):
        code = "import sys; print(sys.stdin.read().upper()); sys.exit(3)"
        process = await asyncio.create_subprocess_exec(
            *python(code), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate(word)
        return out.strip(), process.returncode

    sched = Scheduler()
    tids = [sched.new(hosted(main, word)) for word in (b"abc", b"def")]
    sched.mainloop()
    assert [outcome(sched, tid).value for tid in tids] == [(b"ABC", 3), (b"DEF", 3)]


def test_timeouts_and_groups():
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.sleep(600)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asyncio.sleep(n, n)) for n in range(3)]
        return [task.result() for task in tasks]

    assert run(main, clock=JumpingClock()) == [0, 1, 2]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="platform: no eager tasks before 3.12")
def test_eager_tasks():
    async def main():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        done = loop.create_task(asyncio.sleep(-1, "done"))
        later = loop.create_task(asyncio.sleep(0.001, "later"))
        return await done, await later

    assert run(main) == ("done", "later")


def test_an_async_generator_that_is_left_is_closed_by_its_own_loop():
    closed = []

    async def numbers():
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            closed.append(asyncio.get_running_loop())

    async def main():
        async for _ in numbers():
            break
        await asyncio.sleep(0.001)
        kept = numbers()
        await anext(kept)
        return asyncio.get_running_loop(), kept

    loop, _ = run(main)
    assert closed == [loop, loop]


def test_a_plain_function_may_call_asyncio_run_itself_and_as_often_as_it_wants():
    def main(word):
        first = asyncio.run(talk(word))
        with asyncio.Runner(debug=True) as runner:
            second = runner.run(talk(word)), type(runner.get_loop())
        return first, *second

    assert run(main, b"abc") == (b"ABC\n", b"ABC\n", HostedLoop)


@pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning")
def test_the_ways_to_a_loop_of_older_programs():
    def main():
        loop = asyncio.get_event_loop()
        assert asyncio.get_event_loop() is loop
        first = loop.run_until_complete(talk(b"abc"))
        loop.close()
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        assert asyncio.get_event_loop() is loop
        loop.call_later(0.001, loop.stop)
        loop.run_forever()
        loop.close()
        return first

    assert run(main) == b"ABC\n"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="platform: no loop_factory before 3.12")
def test_who_demands_asyncios_own_loop_gets_the_kernels():
    async def kind():
        return type(asyncio.get_running_loop())

    def main():
        return asyncio.run(kind(), loop_factory=asyncio.SelectorEventLoop)

    assert run(main) is HostedLoop


def test_a_loop_that_would_hold_the_kernel_is_refused_and_says_what_to_do():
    class Fast(asyncio.SelectorEventLoop):
        pass

    def main():
        with asyncio.Runner(loop_factory=Fast) as runner:
            runner.run(talk(b"abc"))

    with pytest.raises(RuntimeError, match=r"Fast would hold all other tasks up: .* asyncio\.run"):
        run(main)


def test_a_policy_of_the_programs_own_that_makes_other_loops_is_refused_too():
    class Policy(asyncio.DefaultEventLoopPolicy):
        pass

    def main():
        asyncio.set_event_loop_policy(Policy())
        asyncio.run(talk(b"abc"))

    plain = asyncio.get_event_loop_policy()
    with pytest.raises(RuntimeError, match="would hold all other tasks up"):
        run(main)
    assert asyncio.get_event_loop_policy() is plain


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_a_loop_that_is_made_by_its_class_is_refused_where_it_begins_to_run():
    def main():
        loop = asyncio.SelectorEventLoop()
        try:
            loop.run_forever()
        finally:
            loop.close()

    with pytest.raises(RuntimeError, match="would hold all other tasks up"):
        run(main)
    assert asyncio.run(asyncio.sleep(0, "elsewhere")) == "elsewhere"


def test_signals_of_the_process_cannot_be_handled_in_it():
    """As asyncio says where it cannot; so a program that takes that into account runs."""

    async def main():
        asyncio.get_running_loop().add_signal_handler(2, print)

    with pytest.raises(NotImplementedError, match="kill -INT and Ctrl-C cancel the main"):
        run(main)


@pytest.mark.parametrize("base", [selectors.SelectSelector, selectors.DefaultSelector])
def test_where_no_descriptor_stands_for_all_files_each_is_waited_for(base):
    """As on Windows; and so is it with the one for all."""
    kind = type("Waits", (WaitsByCalls, base), {})

    def main():
        host = asyncio.get_event_loop_policy().host
        loop = HostedLoop(host, kind())
        try:
            return loop.run_until_complete(asyncio.wait_for(talk(b"abc"), 60))
        finally:
            loop.close()

    assert run(main) == b"ABC\n"


def test_it_runs_with_the_poller_that_every_system_has():
    assert run(talk, b"abc", poller=SelectPoller()) == b"ABC\n"


@pytest.mark.parametrize("thing", [None, 3, talk])
def test_what_is_no_program_is_refused(thing):
    if thing is talk:

        async def thing():
            yield

    with pytest.raises(TypeError, match=r"an asyncio program is a function|async generator"):
        hosted(thing)


def test_a_program_can_be_a_task_of_a_task():
    def parent():
        yield from (yield_the_end(hosted(asyncio.sleep, 0.001)))

    def yield_the_end(target):
        from kernel import NewTask

        tid = yield NewTask(target)
        assert (yield GetTid()) == 1
        status = yield WaitTask(tid)
        assert status.ok

    sched = Scheduler()
    sched.new(parent())
    sched.mainloop()
    assert outcome(sched, 1).ok


def test_a_task_may_enter_one_program_after_the_other_as_a_subroutine():
    async def main(word):
        await asyncio.sleep(0.001)
        return word

    def program():
        first = yield hosted(main, "one")
        assert not sched.hosts
        return first, (yield hosted(main, "two"))

    sched = Scheduler()
    sched.new(program())
    sched.mainloop()
    assert outcome(sched, 1).value == ("one", "two")


def objects():
    """How many parts of programs there are, without garbage."""
    gc.collect()
    return sum(isinstance(thing, (Host, HostedLoop, Fiber)) for thing in gc.get_objects())


def test_nothing_is_left_of_a_hundred_programs():
    """Whether they end by themselves, are killed, or are ended by force."""
    sched = Scheduler()
    watch(sched, Exited)  # so that nothing is logged

    async def endless():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        async with server, asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(1000))
            await server.serve_forever()

    def round_of(count):
        ended = [sched.new(hosted(talk, b"abc")) for _ in range(count)]
        killed = [sched.new(hosted(endless)) for _ in range(count)]
        forced = [sched.new(hosted(endless)) for _ in range(count)]
        while any(tid in sched.tasks for tid in ended):
            sched.cycle()
        for tid in killed:
            sched.kill(sched.find(tid))
        for tid in forced:
            sched.force(sched.find(tid))
        while sched.tasks:
            sched.cycle(wait=False)
        return [str(outcome(sched, tids[0])) for tids in (killed, forced)]

    round_of(1)
    before = descriptors(), threading.active_count(), objects()
    for _ in range(10):
        assert round_of(4) == ["killed", "killed by force"]
    assert (descriptors(), threading.active_count(), objects()) == before
    assert not sched.hosts
    sched.poller.close()
