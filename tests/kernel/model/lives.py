"""A world in which tasks have children, scopes and groups, and end in all ways that there are."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st

from kernel import (
    Cancel,
    Join,
    Link,
    NewTask,
    NextEnded,
    OpenScope,
    Sleep,
    SpawnLinked,
    SpawnMonitored,
    TaskGroup,
    Unlink,
    WaitTask,
)

from ..support import as_coroutine
from .world import MOST, SECONDS, WHO, Calls, Oops, Worker, World, happening

#: Seconds that a cleanup takes.
CLEANUP = 0.3

#: What a scope is opened with, and whether there is a cleanup in it.
SCOPE = st.tuples(st.none() | SECONDS, st.booleans(), st.booleans(), st.booleans())

#: How a child is made, and whether it fails in its last cleanup.
CHILD = st.tuples(
    st.sampled_from(["alone", "linked", "monitored", "grouped", "grouped", "daemon"]), st.booleans()
)


class Lives(World):
    """Children, links, groups, scopes: nobody is forgotten, and a task hears what it is told."""

    def prepare(self) -> None:
        super().prepare()
        self.scopes: list[Any] = []
        self.groups: list[TaskGroup] = []
        self.links: set[frozenset[Worker]] = set()

    # -- blocks, in each of which a worker has a prompt again

    @happening(who=WHO, scopes=st.lists(SCOPE, min_size=1, max_size=4))
    def a_worker_opens_scopes(self, who: int, scopes: Any) -> None:
        self.order(who, lambda worker: self.in_scopes(worker, scopes))

    def in_scopes(self, worker: Worker, scopes: Any) -> Calls:
        """One within the other."""
        if not scopes:
            yield worker.serve()
            return
        seconds, fail, shield, cleanup = scopes[0]
        with (yield OpenScope(seconds, fail, shield)) as scope:
            self.scopes.append(scope)
            worker.scopes.append(scope)
            body = self.in_scopes(worker, scopes[1:])
            try:
                yield tidily(body) if cleanup else body
            finally:
                worker.scopes.remove(scope)

    @happening(who=WHO, seconds=SECONDS)
    def a_worker_forgets_a_scope(self, who: int, seconds: float) -> None:
        self.order(who, lambda worker: worker.make(OpenScope(seconds)))

    @happening(
        who=WHO,
        fail_fast=st.booleans(),
        modern=st.booleans(),
        children=st.lists(CHILD, max_size=2),
    )
    def a_worker_forms_a_group(
        self, who: int, fail_fast: bool, modern: bool, children: Any
    ) -> None:
        async def block(worker: Worker, group: TaskGroup) -> None:
            async with group:
                await as_coroutine(self.in_block(worker, group, children))

        def order(worker: Worker) -> Calls:
            group = TaskGroup(fail_fast=fail_fast)
            self.groups.append(group)
            try:
                if modern:
                    yield block(worker, group)
                else:
                    yield group.run(self.in_block(worker, group, children))
            except GeneratorExit:
                raise
            except BaseExceptionGroup as errors:
                self.nobody_is_left(group)
                if not isinstance(errors, ExceptionGroup):
                    raise
            except BaseException:
                self.nobody_is_left(group)
                raise
            else:
                self.nobody_is_left(group)
                self.expect(not group.errors, "the failure of a group is lost")

        self.order(who, order)

    def in_block(self, worker: Worker, group: TaskGroup, children: Any) -> Calls:
        worker.groups.append(group)
        try:
            for how, sulks in children:
                yield from self.spawn(worker, how, sulks)
            yield worker.serve()
        finally:
            worker.groups.remove(group)

    def nobody_is_left(self, group: TaskGroup) -> None:
        left = [worker for worker in self.living() if worker.group is group]
        self.expect(not left, "a task has outlived its group")

    # -- children

    @happening(who=WHO, child=CHILD)
    def a_worker_has_a_child(self, who: int, child: Any) -> None:
        self.order(who, lambda worker: self.spawn(worker, *child))

    def spawn(self, worker: Worker, how: str, sulks: bool) -> Calls:
        if len(self.living()) >= 2 * MOST:
            return
        child = self.worker()
        child.sulks = sulks
        target = child.program(), child.name
        if how in ("grouped", "daemon") and worker.groups:
            child.group = worker.groups[-1]
            yield from worker.make(child.group.spawn(*target, daemon=how == "daemon"))
        elif how == "linked":
            yield from worker.make(SpawnLinked(*target))
            self.link(worker, child)
        else:
            yield from worker.make((SpawnMonitored if how == "monitored" else NewTask)(*target))

    @happening(who=WHO, whom=WHO, on=st.booleans())
    def a_worker_links_or_unlinks(self, who: int, whom: int, on: bool) -> None:
        def order(worker: Worker) -> Calls:
            other = self.living()[whom % len(self.living())]
            if on:
                yield from worker.make(Link(other.task.tid))
                self.link(worker, other)
            else:
                self.links.discard(frozenset((worker, other)))
                yield from worker.make(Unlink(other.task.tid))

        self.order(who, order)

    def link(self, *workers: Worker) -> None:
        if all(worker.lives for worker in workers):
            self.links.add(frozenset(workers))

    # -- ends, and who waits for them

    @happening(who=WHO, how=st.sampled_from(["wait", "join", "next"]), whom=WHO)
    def a_worker_waits_for_an_end(self, who: int, how: str, whom: int) -> None:
        def order(worker: Worker) -> Calls:
            if how == "next" and self.groups:
                yield from worker.make(NextEnded(self.groups[whom % len(self.groups)]))
            else:
                tid = self.workers[whom % len(self.workers)].task.tid
                yield from worker.make((Join if how == "join" else WaitTask)(tid))

        self.order(who, order)

    @happening(who=WHO)
    def a_worker_fails(self, who: int) -> None:
        def order(worker: Worker) -> Calls:
            raise Oops(worker.name)
            yield

        self.order(who, order)

    @happening(who=WHO, seconds=SECONDS)
    def a_worker_sleeps(self, who: int, seconds: float) -> None:
        self.order(who, lambda worker: worker.make(Sleep(seconds)))

    @happening(who=WHO, which=WHO, outside=st.booleans())
    def a_scope_is_cancelled(self, who: int, which: int, outside: bool) -> None:
        if self.scopes:
            cancel = Cancel(self.scopes[-1 - which % len(self.scopes)])
            if outside:
                self.request(cancel)
            else:
                self.order(who, lambda worker: worker.make(cancel))

    # -- what must hold

    def check(self) -> None:
        super().check()
        self.who_was_told_of_a_scope_is_at_no_prompt_in_it()
        self.every_scope_ends_in_its_time()
        self.whose_link_is_broken_is_killed()
        self.a_group_without_its_parent_ends()
        self.every_end_is_told_right_and_in_a_group_once()

    def who_was_told_of_a_scope_is_at_no_prompt_in_it(self) -> None:
        for worker in self.living():
            if worker.at_prompt and worker.task.stop is None and not worker.astray:
                assert not any(scope.told for scope in worker.scopes), "a cancellation is lost"

    def every_scope_ends_in_its_time(self) -> None:
        """Its alarm rings in the round after its time; then it is cancelled."""
        for worker in self.living():
            for scope in worker.scopes:
                assert scope.cancelled or scope.seconds is None or scope.alarm is not None

    def whose_link_is_broken_is_killed(self) -> None:
        for link in self.links:
            ended = [worker for worker in link if not worker.lives]
            if ended and not all(worker.task.status.ok for worker in ended):
                assert all(worker.task.killed for worker in link if worker.lives)

    def a_group_without_its_parent_ends(self) -> None:
        for group in self.groups:
            if group.parent is not None and group.parent.frame is None:
                assert all(task.killed for task in group.tasks.values())

    def every_end_is_told_right_and_in_a_group_once(self) -> None:
        told: Counter[Any] = Counter()
        for call, answer, _ in self.done(WaitTask):
            if type(call) is WaitTask:
                assert answer.tid == call.tid
            if answer is not None and type(call) is WaitTask and call.tid in self.sched.ended:
                assert answer == self.sched.ended[call.tid].status
        for call, answer, _ in self.done(NextEnded):
            if answer is not None:
                told[call.group, answer.tid] += 1
        assert all(count == 1 for count in told.values())


def tidily(body: Any) -> Calls:
    """`body`, with a cleanup that takes its time whatever ends it."""
    try:
        yield body
    except GeneratorExit:
        raise
    except BaseException:
        try:
            yield Sleep(CLEANUP)
        except KeyboardInterrupt:
            pass
        raise
