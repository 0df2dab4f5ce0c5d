"""Laws of messages: sent by tid or name, received by what they are, asked and answered."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Answer,
    Ask,
    Asked,
    CancelSend,
    Deadlock,
    Exited,
    GetTid,
    KillTask,
    LimitMailbox,
    Machine,
    MailboxFull,
    NameTaken,
    NewTask,
    NoAnswer,
    NoSuchName,
    NoSuchTask,
    NotATask,
    Receive,
    Register,
    Scheduler,
    Select,
    SendAfter,
    SendMessage,
    SendSignal,
    Signal,
    Sleep,
    TaskEnded,
    TaskKilled,
    Unregister,
    WaitQueue,
    WaitTask,
    WhereIs,
    within,
)

from ..support import (
    GUARD,
    Park,
    ask,
    either_style,
    idle,
    outcome,
    run,
    settle,
    start,
    turn,
    watch,
)

always = settings(derandomize=True, deadline=None, max_examples=100)


def receiver(count=1, match=None):
    """Receive so many messages."""
    messages = []
    for _ in range(count):
        messages.append((yield Receive(match)))
    return messages


def sender(to, *messages):
    for message in messages:
        yield SendMessage(to, message)


# -- to send and to receive


@either_style
def test_messages_are_received_in_the_order_in_which_they_were_sent(style):
    for budget_order in (
        [receiver(4), sender(1, 1, 2, 3, 4)],
        [sender(2, 1, 2, 3, 4), receiver(4)],
    ):
        sched = start(*map(style, budget_order))
        settle(sched)
        assert [1, 2, 3, 4] in [outcome(sched, tid).value for tid in (1, 2)]


def test_to_send_answers_none_at_once_whether_anybody_receives_or_not():
    def program():
        tid = yield GetTid()
        return [(yield SendMessage(tid, 1)), (yield SendMessage(tid, 2))]

    sched = start(program())
    turn(sched)
    assert outcome(sched, 1).value == [None, None]


def test_a_message_is_the_very_object_that_was_sent():
    message = object()
    sched = start(receiver(), sender(1, message))
    settle(sched)
    assert outcome(sched, 1).value[0] is message


def test_none_is_a_message_like_any_other():
    sched = start(receiver(2), sender(1, None, None))
    settle(sched)
    assert outcome(sched, 1).value == [None, None]


def test_a_message_of_ones_own_is_received_too():
    def program():
        yield SendMessage((yield GetTid()), "mine")
        return (yield Receive())

    assert run(program()).value == "mine"


def test_a_request_from_outside_may_send_and_may_not_receive():
    sched = start(receiver())
    refused = ask(sched, Receive())
    sent = ask(sched, SendMessage(1, "from outside"))
    settle(sched)
    assert sent.result(0) is None
    assert outcome(sched, 1).value == ["from outside"]
    error = refused.exception(0)
    assert isinstance(error, NotATask)
    assert str(error).startswith("Receive is a call for tasks")


@pytest.mark.parametrize("tid", [7, 0, -1, True, 1.0, None, [1], (1,)], ids=repr)
def test_a_message_to_no_task_is_refused_by_name(tid):
    def program():
        with pytest.raises(NoSuchTask) as refusal:
            yield SendMessage(tid, "lost")
        return refusal.value

    error = run(program()).value
    assert error.tid is tid
    assert str(error) == f"no task {tid!r}"


def test_a_message_to_an_ended_task_is_refused_however_long_ago_it_ended():
    def program():
        tid = yield NewTask(idle(0))
        yield WaitTask(tid)
        with pytest.raises(TaskEnded, match="task 2 has ended"):
            yield SendMessage(tid, "late")
        for _ in range(1001):
            yield WaitTask((yield NewTask(idle(0))))
        with pytest.raises(NoSuchTask, match="task 2 ended too long ago"):
            yield SendMessage(tid, "much too late")
        return "lives"

    assert run(program()).value == "lives"


# -- what is meant


@pytest.mark.parametrize(
    ("match", "received"),
    [
        (None, "a"),
        (str, "a"),
        (int, 1),
        (float, 2.0),
        ((bytes, float), 2.0),
        (bytes | float, 2.0),
        (lambda message: message == 3, 3),
    ],
)
def test_the_first_message_that_is_meant_is_received_and_the_others_stay_in_order(match, received):
    messages = ["a", 1, 2.0, 3]

    def program():
        yield Sleep(1)
        first = yield Receive(match, timeout=0)
        rest = []
        for _ in range(3):
            rest.append((yield Receive(timeout=0)))
        return first, rest

    sched = start(program(), sender(1, *messages))
    settle(sched)
    first, rest = outcome(sched, 1).value
    assert first == received
    assert rest == [message for message in messages if message != received]


@pytest.mark.parametrize("match", [int, (int, float), lambda message: message == 5])
def test_who_waits_for_a_message_sleeps_through_all_others(match):
    sched = start(receiver(1, match), sender(1, "a", "b", 5, "c"))
    turn(sched, 2)
    assert outcome(sched, 1).value == [5]


def test_a_message_that_comes_first_and_is_not_meant_is_received_first_afterwards():
    def program():
        meant = yield Receive(int)
        return meant, (yield Receive()), (yield Receive())

    sched = start(program(), sender(1, "a", "b", 5))
    settle(sched)
    assert outcome(sched, 1).value == (5, "a", "b")


@always
@given(
    st.lists(st.integers(0, 3) | st.sampled_from("abc"), max_size=12),
    st.lists(st.sampled_from([None, int, str, (int, str), *range(4), *"abc"]), max_size=12),
    st.booleans(),
)
def test_a_mailbox_is_a_list_from_which_the_first_that_is_meant_is_taken(sent, wanted, late):
    def match_of(wish):
        return wish if wish in (None, int, str, (int, str)) else lambda message: message == wish

    def meant(wish, message):
        match = match_of(wish)
        if match is None:
            return True
        return match(message) if wish is not match else isinstance(message, match)

    def program():
        if late:
            yield Sleep(1)
        got = []
        for wish in wanted:
            try:
                got.append((yield Receive(match_of(wish), timeout=0 if late else 1)))
            except TimeoutError:
                got.append(None)
        return got

    model, expected = list(sent), []
    for wish in wanted:
        found = next((message for message in model if meant(wish, message)), None)
        if found is not None:
            model.remove(found)
        expected.append(found)
    sched = start(program(), sender(1, *sent))
    watch(sched, Exited)  # the sender may find that the receiver has ended
    settle(sched)
    assert outcome(sched, 1).value == expected


@pytest.mark.parametrize("late", [False, True])
def test_a_predicate_that_raises_is_an_error_of_the_receiver_and_the_message_stays(late):
    def program():
        if late:
            yield Sleep(1)
        with pytest.raises(ZeroDivisionError):
            yield Receive(lambda message: 1 / message)
        return (yield Receive(timeout=0))

    sched = start(program(), sender(1, 0))
    settle(sched)
    assert outcome(sched, 1).value == 0
    assert outcome(sched, 2).ok, "the sender has nothing to do with it"


class Contrary(type):
    """A kind of messages with a way of its own to tell them."""

    def __instancecheck__(cls, message):
        if message == "message":
            raise SystemExit
        return False


class Never(metaclass=Contrary):
    pass


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("match", [Never, (int, Never)], ids=str)
def test_a_kind_that_raises_is_an_error_of_the_receiver_and_the_message_stays(late, match):
    def program():
        if late:
            yield Sleep(1)
        with pytest.raises(SystemExit):
            yield Receive(match)
        return (yield Receive(timeout=0))

    sched = start(program(), sender(1, "message"))
    settle(sched)
    assert outcome(sched, 1).value == "message"
    assert outcome(sched, 2).ok


@pytest.mark.parametrize(
    ("match", "named"),
    [(5, "5"), ("int", "'int'"), ((int, 5), "(<class 'int'>, 5)"), ([int], "[<class 'int'>]")],
)
def test_what_is_no_match_is_refused_by_name_at_once(match, named):
    def program():
        with pytest.raises(TypeError) as refusal:
            yield Receive(match)
        return str(refusal.value)

    words = f"Receive takes a type, a tuple of types or a predicate, not {named}"
    assert run(program()).value == words


# -- how long


@either_style
def test_a_receive_that_has_waited_for_so_long_times_out(style):
    def program():
        with pytest.raises(TimeoutError, match="no such message within 5 s"):
            yield Receive(int, timeout=5)
        return (yield Receive())

    sched = start(style(program()))
    turn(sched)
    sched.clock.advance(4.5)
    ask(sched, SendMessage(1, "not meant"))
    turn(sched)
    assert sched.tasks[1].reason() == "receive int, 0.5 s left"
    sched.clock.advance(0.5)
    turn(sched)
    assert outcome(sched, 1).value == "not meant"


def test_a_timeout_of_0_takes_what_is_there_and_never_sleeps():
    def program():
        tid = yield GetTid()
        yield SendMessage(tid, "here")
        first = yield Receive(timeout=0)
        with pytest.raises(TimeoutError):
            yield Receive(timeout=0)
        return first

    sched = start(program())
    turn(sched, 2)
    assert outcome(sched, 1).value == "here"


def test_a_message_in_time_leaves_no_alarm_behind():
    def program():
        message = yield Receive(timeout=5)
        yield Sleep(10)
        return message

    sched = start(program(), sender(1, "in time"))
    turn(sched, 2)
    assert sched.alarms.live == 1, "that of the sleep"
    settle(sched)
    assert outcome(sched, 1).value == "in time"


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), "5", [5]], ids=repr)
def test_what_is_no_time_is_refused_by_name(timeout):
    def program():
        with pytest.raises((TypeError, ValueError)) as refusal:
            yield Receive(timeout=timeout)
        return str(refusal.value)

    assert str(timeout) in run(program()).value


@pytest.mark.parametrize("second", [1, True, Fraction(1), Decimal(1)], ids=repr)
def test_a_time_is_any_number(second):
    def program():
        tid = yield GetTid()
        yield SendAfter(second, tid, "message")
        message = yield Receive(timeout=second + second)
        for call in (Receive(timeout=second), Ask(other, "question", timeout=second)):
            with pytest.raises(TimeoutError, match="within 1 s"):
                yield call
        return message

    sched = start(program(), receiver(2))
    other = 2
    turn(sched, 3)
    for _ in range(3):
        sched.clock.advance(1)
        turn(sched, 3)
    assert outcome(sched, 1).value == "message"


# -- bounds and ends


def test_a_full_mailbox_refuses_one_more_and_has_room_again_after_a_receive():
    def program():
        yield LimitMailbox(2)
        tid = yield GetTid()
        yield SendMessage(tid, 1)
        yield SendMessage(tid, 2)
        with pytest.raises(MailboxFull, match=r"the mailbox of task 1 is full \(2 messages\)"):
            yield SendMessage(tid, 3)
        received = [(yield Receive())]
        yield SendMessage(tid, 4)
        received += [(yield Receive()), (yield Receive())]
        return received

    assert run(program()).value == [1, 2, 4]


def test_a_mailbox_holds_10_000_messages_unless_told_otherwise():
    def program():
        tid = yield GetTid()
        sent = 0
        while True:
            try:
                yield SendMessage(tid, sent)
            except MailboxFull as full:
                return sent, full.tid, full.size
            sent += 1

    assert run(program()).value == (10_000, 1, 10_000)


def test_a_full_mailbox_still_hands_over_what_its_task_waits_for():
    def program():
        yield LimitMailbox(1)
        return (yield Receive(int))

    sched = start(program(), sender(1, "in the way", 5))
    settle(sched)
    assert outcome(sched, 1).value == 5
    assert outcome(sched, 2).ok


@pytest.mark.parametrize("size", [0, -1, "2", None, 2.0], ids=repr)
def test_a_mailbox_without_room_is_refused_by_name(size):
    def program():
        with pytest.raises(ValueError, match="a mailbox holds 1 message at least, not ") as refusal:
            yield LimitMailbox(size)
        return str(refusal.value)

    assert run(program()).value.endswith(f"not {size!r}")


def test_a_receiver_that_is_killed_before_the_message_comes_takes_none():
    seen = []

    def program():
        seen.append((yield Receive()))

    sched = start(program())
    turn(sched)
    sched.kill(sched.tasks[1])
    sent = ask(sched, SendMessage(1, "for nobody"))
    turn(sched)
    assert outcome(sched, 1).killed
    assert sent.result(0) is None, "it was in the mailbox, and ended with it"
    assert seen == []


def test_a_message_that_was_handed_over_is_seen_by_a_receiver_killed_just_then():
    seen = []

    def program():
        seen.append((yield Receive()))
        seen.append((yield Receive()))

    sched = start(program())
    turn(sched)
    ask(sched, SendMessage(1, "handed over"))
    ask(sched, KillTask(1))
    turn(sched, 2)
    assert outcome(sched, 1).killed
    assert seen == ["handed over"]


def test_a_task_that_is_being_killed_may_still_receive():
    def program():
        try:
            yield Receive(int)
        finally:
            return (yield Receive(str))  # noqa: B012

    sched = start(program())
    turn(sched)
    sched.kill(sched.tasks[1])
    turn(sched)
    ask(sched, SendMessage(1, "last words"))
    turn(sched)
    assert outcome(sched, 1).value == "last words"


def test_the_messages_of_an_ended_task_are_let_go():
    def program():
        yield SendMessage((yield GetTid()), "unread")

    sched = start(program())
    settle(sched)
    assert sched.ended[1].mailbox is None


def test_a_task_that_has_no_mail_has_no_mailbox():
    sched = start(idle())
    turn(sched)
    assert sched.tasks[1].mailbox is None


def test_a_receiver_says_what_it_waits_for():
    def named(message):
        return message

    wishes = {
        None: "receive",
        int: "receive int",
        (int, str): "receive int or str",
        named: f"receive {named.__name__}",
        int | str: "receive int | str",
    }
    sched = start(*[receiver(1, wish) for wish in wishes])
    turn(sched)
    assert [task.reason() for task in sched.tasks.values()] == list(wishes.values())


def test_who_waits_for_a_message_that_nobody_can_send_is_in_a_deadlock():
    sched = Scheduler()
    sched.new(receiver())
    with pytest.raises(Deadlock, match=r"task 1 \(receiver\) waits to receive"):
        sched.mainloop()


# -- names


@either_style
def test_a_message_finds_its_receiver_by_name(style):
    def server():
        yield Register("server")
        return (yield Receive())

    def client():
        yield Sleep(1)
        yield SendMessage("server", "by name")
        return (yield WhereIs("server"))

    sched = start(style(server()), style(client()))
    settle(sched)
    assert outcome(sched, 1).value == "by name"


def test_a_message_to_an_unknown_name_is_refused_by_name():
    def program():
        with pytest.raises(NoSuchName, match="no task goes by the name 'nobody'") as refusal:
            yield SendMessage("nobody", "lost")
        with pytest.raises(NoSuchName):
            yield Ask("nobody", "lost")
        with pytest.raises(NoSuchName):
            yield Unregister("nobody")
        return refusal.value.name, (yield WhereIs("nobody"))

    assert run(program()).value == ("nobody", None)


def test_a_name_has_one_owner_and_a_task_several_names():
    def program():
        other = yield NewTask(idle())
        yield Register("first")
        yield Register("second")
        with pytest.raises(NameTaken, match="task 1 goes by the name 'first' already") as refusal:
            yield Register("first", other)
        with pytest.raises(NameTaken):
            yield Register("first")
        yield Unregister("first")
        yield Register("first", other)
        names = [(yield WhereIs("first")), (yield WhereIs("second"))]
        yield KillTask(other)
        return refusal.value.tid, names

    assert run(program()).value == (1, [2, 1])


@pytest.mark.parametrize("end", ["return", "crash", "kill", "force"])
def test_a_name_falls_free_when_its_task_ends(end):
    def program():
        yield Register("name")
        yield Register("other")
        yield Unregister("other")
        yield Receive()
        if end == "crash":
            raise ValueError

    sched = start(program(), idle())
    watch(sched, Exited)
    turn(sched)
    if end == "kill":
        sched.kill(sched.tasks[1])
    elif end == "force":
        sched.force(sched.tasks[1])
    else:
        ask(sched, SendMessage("name", "end"))
    turn(sched, 2)
    where = ask(sched, WhereIs("name"))
    again = ask(sched, Register("name", 2))
    turn(sched)
    assert where.result(0) is None
    assert again.result(0) is None
    assert list(sched.names.owners) == ["name"]


def test_a_name_that_was_given_back_stays_with_its_new_owner_when_the_old_one_ends():
    def program():
        yield Register("name")
        yield Unregister("name")
        yield Register("name", 2)

    sched = start(program(), receiver())
    turn(sched, 2)
    where = ask(sched, WhereIs("name"))
    turn(sched)
    assert outcome(sched, 1).ok
    assert where.result(0) == 2


@pytest.mark.parametrize("name", ["", 5, None, b"name", ["name"]], ids=repr)
@pytest.mark.parametrize("call", [Register, Unregister, WhereIs])
def test_what_is_no_name_is_refused(call, name):
    def program():
        with pytest.raises((TypeError, ValueError), match="a name ") as refusal:
            yield call(name)
        return str(refusal.value)

    said = run(program()).value
    assert said in (f"a name is a string, not {name!r}", "a name has one character at least")


def test_only_a_living_task_can_have_a_name():
    def program():
        ended = yield NewTask(idle(0))
        yield WaitTask(ended)
        with pytest.raises(TaskEnded):
            yield Register("name", ended)
        with pytest.raises(NoSuchTask):
            yield Register("name", 99)
        return (yield WhereIs("name"))

    assert run(program()).value is None


def test_a_request_may_name_a_task_and_has_no_name_itself():
    sched = start(receiver())
    named = ask(sched, Register("name", 1))
    refused = ask(sched, Register("other"))
    sent = ask(sched, SendMessage("name", "by name"))
    settle(sched)
    assert named.result(0) is None
    assert sent.result(0) is None
    assert isinstance(refused.exception(0), NotATask)


class OwnName(str):
    """A string whose own code is not to be run in the kernel's tables."""

    def __hash__(self):
        raise SystemExit

    def __eq__(self, other):
        raise SystemExit


def test_a_name_with_code_of_its_own_is_but_a_string():
    def program():
        yield Register(OwnName("name"))
        return (yield WhereIs("name")), (yield WhereIs(OwnName("name")))

    assert run(program()).value == (1, 1)


# -- to ask and to answer


def upper(count=1):
    """A server: answers in capitals."""
    for _ in range(count):
        asked = yield Receive(Asked)
        yield Answer(asked, asked.message.upper())


@either_style
def test_who_asks_gets_the_answer_to_the_question_and_no_other(style):
    def client(word):
        return (yield Ask("server", word))

    def server():
        yield Register("server")
        first = yield Receive(Asked)
        second = yield Receive(Asked)
        for asked in (second, first):
            yield Answer(asked, asked.message.upper())

    sched = start(style(server()), style(client("a")), style(client("b")))
    settle(sched)
    assert [outcome(sched, tid).value for tid in (2, 3)] == ["A", "B"]


def test_a_question_tells_who_asks_and_can_be_taken_apart():
    def server():
        match (yield Receive()):
            case Asked("who am I", sender) as asked:
                yield Answer(asked, sender)
                return repr(asked), asked.sender

    def client():
        return (yield Ask(1, "who am I"))

    sched = start(server(), client())
    settle(sched)
    assert outcome(sched, 2).value == 2
    assert outcome(sched, 1).value == ("Asked('who am I', 2)", 2)


def test_a_request_from_outside_may_ask():
    with Machine() as machine:
        tid = machine.call(NewTask(upper()), GUARD)
        assert machine.call(Ask(tid, "hello"), GUARD) == "HELLO"


@pytest.mark.parametrize("end", ["return", "crash", "kill", "force"])
def test_a_server_that_ends_makes_the_ask_raise_at_once(end):
    def server():
        asked = yield Receive(Asked)
        yield Sleep(3600)
        if end == "crash":
            raise ValueError("broken")
        return asked and 5

    def client():
        with pytest.raises(NoAnswer) as failure:
            yield Ask(1, "question", timeout=10_000)
        return failure.value

    sched = start(server(), client())
    watch(sched, Exited)
    turn(sched, 2)
    if end == "kill":
        sched.kill(sched.tasks[1])
    elif end == "force":
        sched.force(sched.tasks[1])
    settle(sched)
    failure = outcome(sched, 2).value
    assert failure.status == outcome(sched, 1)
    assert failure.__cause__ is outcome(sched, 1).error
    words = {
        "return": "ended: 5",
        "crash": "crashed: ValueError: broken",
        "kill": "killed",
        "force": "killed by force",
    }
    assert str(failure) == f"no answer: task 1 {words[end]}"


def test_a_late_answer_finds_nobody_and_litters_no_mailbox():
    def server():
        asked = yield Receive(Asked)
        before = asked.waited_for
        yield Sleep(5)
        return before, asked.waited_for, (yield Answer(asked, "late"))

    def client():
        with pytest.raises(TimeoutError, match="no answer of task 1 within 3 s"):
            yield Ask(1, "question", timeout=3)
        yield Sleep(10)
        with pytest.raises(TimeoutError):
            yield Receive(timeout=0)

    sched = start(server(), client())
    settle(sched)
    assert outcome(sched, 1).value == (True, False, False)
    assert outcome(sched, 2).ok


def test_an_answer_that_is_given_twice_is_seen_once():
    def server():
        asked = yield Receive(Asked)
        return [(yield Answer(asked, "first")), (yield Answer(asked, "second"))]

    def client():
        return (yield Ask(1, "question")), (yield Sleep(1))

    sched = start(server(), client())
    settle(sched)
    assert outcome(sched, 1).value == [True, False]
    assert outcome(sched, 2).value == ("first", None)


def test_an_old_question_is_not_answered_by_the_answer_to_a_newer_one():
    def server():
        old = yield Receive(Asked)
        new = yield Receive(Asked)
        return [(yield Answer(old, "old")), (yield Answer(new, "new"))]

    def client():
        with pytest.raises(TimeoutError):
            yield Ask(1, "old", timeout=1)
        return (yield Ask(1, "new"))

    sched = start(server(), client())
    settle(sched)
    assert outcome(sched, 1).value == [False, True]
    assert outcome(sched, 2).value == "new"


def test_a_question_may_be_passed_on_to_another_task():
    def front():
        asked = yield Receive(Asked)
        yield SendMessage(2, asked)
        yield Receive()

    def back():
        asked = yield Receive()
        yield Answer(asked, "from the back")
        yield SendMessage(1, "done")

    def client():
        return (yield Ask(1, "question"))

    sched = start(front(), back(), client())
    settle(sched)
    assert outcome(sched, 3).value == "from the back"


def test_a_killed_asker_leaves_no_place_no_alarm_and_no_sleeper():
    def client():
        yield Ask(1, "question", timeout=10)

    sched = start(receiver(2), client())
    watch(sched, Exited)
    turn(sched)
    places = len(sched.tasks[1].waiters)
    sched.kill(sched.tasks[2])
    turn(sched)
    assert outcome(sched, 2).killed
    assert len(sched.tasks[1].waiters) == places - 1
    assert not sched.alarms.live


def test_an_asker_that_is_killed_just_after_the_answer_sees_it():
    seen = []

    def client():
        seen.append((yield Ask(1, "hello")))
        yield Sleep(1)

    sched = start(upper(), client())
    turn(sched, 2)
    ask(sched, KillTask(2))
    turn(sched, 2)
    assert outcome(sched, 2).killed
    assert seen == ["HELLO"]


def test_a_cancelled_request_asks_no_more():
    with Machine() as machine:
        tid = machine.call(NewTask(receiver(2)), GUARD)
        reply = machine.submit(Ask(tid, "question"))
        machine.cancel(reply)
        assert reply.exception(GUARD) is not None
        machine.call(SendMessage(tid, "end"), GUARD)
        asked, _ = machine.call(WaitTask(tid), GUARD).value
        assert not asked.waited_for


def test_a_task_that_asks_itself_is_told_so():
    def program():
        with pytest.raises(ValueError, match="task 1 asks itself"):
            yield Ask((yield GetTid()), "question")
        with pytest.raises(TimeoutError):
            yield Receive(timeout=0)
        return "lives"

    assert run(program()).value == "lives"


def test_a_question_to_a_full_mailbox_is_refused_and_nobody_sleeps():
    def server():
        yield LimitMailbox(1)
        yield Sleep(10)

    def client():
        yield SendMessage(1, "full")
        with pytest.raises(MailboxFull):
            yield Ask(1, "question")
        return "lives"

    sched = start(server(), client())
    turn(sched, 2)
    assert outcome(sched, 2).value == "lives"


@pytest.mark.parametrize("asked", [None, 5, "question"], ids=repr)
def test_what_was_not_asked_cannot_be_answered(asked):
    def program():
        with pytest.raises(TypeError, match=f"a received Asked is wanted here, not {asked!r}"):
            yield Answer(asked, "value")
        return "lives"

    assert run(program()).value == "lives"


def test_who_asks_is_said_to_wait_for_the_answer_and_a_circle_is_found():
    def asks(tid):
        yield Ask(tid, "you first", timeout=None)

    sched = start(asks(2), asks(1))
    turn(sched)
    assert sched.tasks[1].reason() == "answer of 2"
    assert repr(sched.tasks[1].call) == "Ask(2, 'you first', None)"
    with pytest.raises(Deadlock, match="in a circle: 1 → 2 → 1"):
        sched.mainloop()


def test_how_long_an_asker_still_waits_is_said():
    def client():
        yield Ask(1, "question", timeout=5)

    sched = start(receiver(2), client())
    turn(sched)
    sched.clock.advance(2)
    assert sched.tasks[2].reason() == "answer of 1, 3.0 s left"


# -- later


@either_style
def test_a_message_that_is_sent_later_is_there_at_its_time(style):
    def program():
        tid = yield GetTid()
        yield SendAfter(3, tid, "third")
        yield SendAfter(1, tid, "first")
        yield SendAfter(2, tid, "second")
        yield SendMessage(tid, "at once")
        messages = []
        for _ in range(4):
            messages.append((yield Receive()))
        return messages

    sched = start(style(program()))
    settle(sched)
    assert outcome(sched, 1).value == ["at once", "first", "second", "third"]
    assert sched.clock.now() == 3


def test_a_message_can_be_taken_back_until_it_is_there():
    def program():
        tid = yield GetTid()
        late = yield SendAfter(5, tid, "taken back")
        soon = yield SendAfter(1, tid, "there")
        assert repr(late) == "<Delivery to task 1>"
        message = yield Receive()
        answers = [(yield CancelSend(soon)), (yield CancelSend(late)), (yield CancelSend(late))]
        with pytest.raises(TimeoutError):
            yield Receive(timeout=10)
        return message, answers

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == ("there", [False, True, False])
    assert not sched.alarms.live


def test_the_alarm_of_an_ended_receiver_is_dropped_quietly():
    def program():
        handle = yield SendAfter(3600, 2, "for nobody")
        yield KillTask(2)
        yield WaitTask(2)
        return (yield CancelSend(handle))

    sched = start(program(), receiver())
    turn(sched, 3)
    assert outcome(sched, 1).value is False
    assert not sched.alarms.live


def test_a_message_that_is_there_or_was_taken_back_leaves_nothing_behind():
    def program():
        tid = yield GetTid()
        yield SendAfter(0, tid, "made")
        yield Receive()
        places = len(sched.tasks[tid].waiters)
        for _ in range(10):
            yield SendAfter(1, tid, "there")
            yield CancelSend((yield SendAfter(1, tid, "taken back")))
            yield Receive()
        return len(sched.tasks[tid].waiters) - places

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == 0


def test_a_message_on_its_way_outlives_its_sender():
    def program():
        yield SendAfter(5, 2, "a legacy")

    sched = start(program(), receiver())
    settle(sched)
    assert outcome(sched, 2).value == ["a legacy"]


def test_a_message_on_its_way_has_its_place_in_the_mailbox():
    def program():
        yield LimitMailbox(2)
        tid = yield GetTid()
        handle = yield SendAfter(1, tid, "on its way")
        yield SendMessage(tid, "here")
        for call in (SendMessage(tid, "more"), SendAfter(1, tid, "more")):
            with pytest.raises(MailboxFull):
                yield call
        yield CancelSend(handle)
        yield SendMessage(tid, "more")
        return [(yield Receive()), (yield Receive())]

    assert run(program()).value == ["here", "more"]


def test_a_later_message_is_refused_at_once_where_there_is_no_receiver():
    def program():
        with pytest.raises(NoSuchTask):
            yield SendAfter(1, 99, "lost")
        with pytest.raises(NoSuchName):
            yield SendAfter(1, "nobody", "lost")
        with pytest.raises(ValueError, match="cannot wait for -1 seconds"):
            yield SendAfter(-1, 1, "before")
        with pytest.raises(TypeError, match="seconds are a number, not 'x'"):
            yield SendAfter("x", 1, "never")
        with pytest.raises(TypeError, match="an answer of SendAfter is wanted here, not 5"):
            yield CancelSend(5)
        return "lives"

    assert run(program()).value == "lives"


def test_a_later_message_whose_predicate_raises_does_not_end_the_kernel():
    def program():
        yield SendAfter(1, (yield GetTid()), 0)
        with pytest.raises(ZeroDivisionError):
            yield Receive(lambda message: 1 / message)
        return (yield Receive())

    assert run(program()).value == 0


def test_a_request_may_send_later():
    sched = start(receiver())
    handle = ask(sched, SendAfter(2, 1, "later"))
    settle(sched)
    assert outcome(sched, 1).value == ["later"]
    assert handle.done()


# -- many


def test_a_hundred_thousand_messages_are_received_in_linear_time_and_none_is_lost():
    def producer():
        for number in range(100_000):
            while True:
                try:
                    yield SendMessage(1, number)
                    break
                except MailboxFull:
                    yield

    sched = start(receiver(100_000), producer())
    settle(sched)
    assert outcome(sched, 1).value == list(range(100_000))


def test_a_kill_at_any_moment_loses_no_message_but_those_of_the_killed():
    """Two receivers take what a sender gives each in turn, until one of them is killed."""
    for moment in range(12):
        seen: dict[int, list[int]] = {1: [], 2: []}

        def program(tid, seen=seen):
            while True:
                seen[tid].append((yield Receive()))

        def feeder():
            for number in range(4):
                for tid in (1, 2):
                    try:
                        yield SendMessage(tid, number)
                    except TaskEnded:
                        pass
                yield

        sched = start(program(1), program(2), feeder())
        turn(sched, moment)
        sched.kill(sched.tasks[1])
        turn(sched, 20)
        assert seen[2] == [0, 1, 2, 3], "the other receives all of its own"
        assert seen[1] == list(range(len(seen[1]))), "and the killed one those up to its kill"


def test_the_calls_are_values_that_two_tasks_may_share():
    call = Receive(int, timeout=5)

    def program():
        return (yield call)

    sched = start(program(), program())
    turn(sched)
    ask(sched, SendMessage(2, 2))
    ask(sched, SendMessage(1, 1))
    turn(sched)
    assert [outcome(sched, tid).value for tid in (1, 2)] == [1, 2]


def test_a_kill_ends_a_receive_like_any_sleep():
    def program():
        try:
            yield Receive()
        except TaskKilled:
            return "killed"

    sched = start(program())
    turn(sched)
    sched.kill(sched.tasks[1])
    turn(sched)
    assert outcome(sched, 1).value == "killed"


# -- together with others


def test_in_a_select_each_receive_takes_what_it_means_and_the_rest_stays():
    def program():
        first = yield Select(Receive(int), Receive(str))
        second = yield Select(Receive(int), Receive(str))
        return first, second, (yield Receive())

    sched = start(program(), sender(1, b"for later", "text", 5))
    settle(sched)
    assert outcome(sched, 1).value == ((1, "text"), (0, 5), b"for later")


def test_a_receive_that_another_branch_has_overtaken_takes_nothing():
    def program():
        late = yield Select(Receive(timeout=50), Sleep(1))
        yield Sleep(5)
        return late, (yield Receive(timeout=0))

    sched = start(program())
    turn(sched)
    sched.clock.advance(1)
    turn(sched, 2)
    ask(sched, SendMessage(1, "message"))
    turn(sched)
    assert sched.alarms.live == 1, "that of the sleep"
    settle(sched)
    assert outcome(sched, 1).value == ((1, None), "message")


def test_a_receive_in_a_select_times_out_for_all():
    def program():
        with pytest.raises(TimeoutError, match="no such message within 2 s"):
            yield Select(Sleep(5), Receive(timeout=2))
        return (yield Select(Sleep(5), Receive(timeout=None)))

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == (0, None)
    assert sched.clock.now() == 7


def test_a_predicate_that_raises_in_a_select_fails_it_and_the_message_stays():
    def program():
        with pytest.raises(ZeroDivisionError):
            yield Select(Receive(lambda message: 1 / message), Receive(str))
        return (yield Receive(timeout=0))

    sched = start(program(), sender(1, 0))
    settle(sched)
    assert outcome(sched, 1).value == 0
    assert outcome(sched, 2).ok


def test_a_question_cannot_be_in_a_select_as_it_has_been_asked_when_it_waits():
    def program():
        with pytest.raises(TypeError, match="Ask cannot be in a Select"):
            yield Select(Ask(1, "question"), Sleep(1))
        return "lives"

    assert run(program()).value == "lives"


def test_a_stopped_receiver_keeps_its_place_and_gets_its_message_when_it_is_continued():
    sched = start(receiver())
    turn(sched)
    ask(sched, SendSignal(1, Signal.STOP))
    ask(sched, SendMessage(1, "meanwhile"))
    turn(sched, 3)
    assert sched.tasks[1].state == "stopped"
    ask(sched, SendSignal(1, Signal.CONT))
    turn(sched, 2)
    assert outcome(sched, 1).value == ["meanwhile"]


def test_a_timeout_around_a_question_leaves_nothing_behind():
    def client():
        with pytest.raises(TimeoutError):
            yield within(3, Ask(1, "question"))
        return len(sched.tasks[1].waiters)

    sched = start(receiver(2), client())
    turn(sched)
    places = len(sched.tasks[1].waiters) - 1
    sched.clock.advance(3)
    turn(sched, 5)
    assert outcome(sched, 2).value == places
    assert not sched.alarms.live


# -- against a model

KINDS = {"any": None, "int": int, "str": str, "even": lambda message: message in (0, 2)}
MEANT = {
    "any": lambda message: True,
    "int": lambda message: isinstance(message, int),
    "str": lambda message: isinstance(message, str),
    "even": lambda message: message in (0, 2),
}

who = st.integers(0, 1)
values = st.integers(0, 3) | st.sampled_from("ab")
#: Never so that a message and a timeout are due at the same time, where the order would matter.
timeouts = st.sampled_from([None, 0, 1 / 64, 1 + 1 / 64, 2 + 1 / 64])
steps = st.one_of(
    st.tuples(st.just("send"), who, values),
    st.tuples(st.just("later"), who, values, st.integers(1, 3)),
    st.tuples(st.just("cancel"), st.integers(0, 3)),
    st.tuples(st.just("receive"), who, st.sampled_from(sorted(KINDS)), timeouts),
    st.tuples(st.just("wait"), st.integers(1, 2)),
    st.tuples(st.just("kill"), who),
)


class Model:
    """What two mailboxes should do, told by lists."""

    def __init__(self):
        self.now = 0
        self.alive = [True, True]
        self.box = [[], []]
        self.seen = [[], []]
        self.orders = [[], []]
        self.waits = [None, None]
        self.coming = []

    def send(self, task, message):
        if self.alive[task]:
            self.box[task].append(message)

    def later(self, task, message, seconds):
        self.coming.append([self.now + seconds, task, message])

    def cancel(self, number):
        on_its_way = self.coming[number][0] is not None and self.alive[self.coming[number][1]]
        self.coming[number][0] = None
        return on_its_way

    def receive(self, task, kind, timeout):
        self.orders[task].append((kind, timeout))

    def kill(self, task):
        self.alive[task] = False

    def wait(self, seconds):
        end = self.now + seconds
        while (due := min([end, *self.times()])) < end or due in self.times():
            self.now = due
            for message in self.coming:
                if message[0] == due:
                    message[0] = None
                    self.send(*message[1:])
            self.settle()
        self.now = end

    def times(self):
        """When something happens next: a message arrives, or a wait is over."""
        ends = [wait[1] for task, wait in enumerate(self.waits) if wait and self.alive[task]]
        return [time for time in (*ends, *(when for when, *_ in self.coming)) if time is not None]

    def settle(self):
        """Let each task go on as far as it can."""
        for task in (0, 1):
            while self.alive[task] and (self.waits[task] or self.orders[task]):
                if not self.waits[task]:
                    kind, timeout = self.orders[task].pop(0)
                    self.waits[task] = kind, None if timeout is None else self.now + timeout
                if not self.try_to_receive(task, *self.waits[task]):
                    break
                self.waits[task] = None

    def try_to_receive(self, task, kind, end):
        for place, message in enumerate(self.box[task]):
            if MEANT[kind](message):
                self.seen[task].append(message)
                del self.box[task][place]
                return True
        if end is not None and end <= self.now:
            self.seen[task].append("late")
            return True
        return False


class System:
    """The same by the kernel."""

    def __init__(self):
        self.orders = [[], []]
        self.seen = [[], []]
        self.parked = [WaitQueue(), WaitQueue()]
        self.handles = []
        self.sched = start(self.program(0), self.program(1))
        self.settle()

    def program(self, task):
        while True:
            while not self.orders[task]:
                yield Park(self.parked[task])
            kind, timeout = self.orders[task].pop(0)
            try:
                self.seen[task].append((yield Receive(KINDS[kind], timeout)))
            except TimeoutError:
                self.seen[task].append("late")

    def send(self, task, message):
        ask(self.sched, SendMessage(task + 1, message))

    def later(self, task, message, seconds):
        self.handles.append(ask(self.sched, SendAfter(seconds, task + 1, message)))

    def cancel(self, number):
        reply = ask(self.sched, CancelSend(self.handles[number].result(0)))
        self.settle()
        return reply.result(0)

    def receive(self, task, kind, timeout):
        self.orders[task].append((kind, timeout))
        if self.parked[task].first is not None:
            self.parked[task].first.answer(None)

    def kill(self, task):
        if task + 1 in self.sched.tasks:
            self.sched.kill(self.sched.tasks[task + 1])

    def wait(self, seconds):
        end = self.sched.clock.now() + seconds
        while (due := self.sched.alarms.due()) is not None and due <= end:
            self.sched.clock.time = max(due, self.sched.clock.time)
            turn(self.sched)
            self.settle()
        self.sched.clock.time = end

    def settle(self):
        while self.sched.ready or self.sched.inbox.arrivals:
            turn(self.sched)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(st.lists(steps, max_size=25))
def test_two_mailboxes_do_what_lists_say(steps):
    system, model = System(), Model()
    for what, *arguments in steps:
        if what == "cancel" and arguments[0] >= len(model.coming):
            continue
        if what == "later" and not model.alive[arguments[0]]:
            continue
        answers = [getattr(each, what)(*arguments) for each in (model, system)]
        assert answers[0] == answers[1]
        model.settle()
        system.settle()
        assert system.seen == model.seen
        for task in (0, 1):
            if model.alive[task]:
                mailbox = system.sched.tasks[task + 1].mailbox
                assert list((mailbox and mailbox.messages) or ()) == model.box[task]
    on_their_way = sum(when is not None and model.alive[task] for when, task, _ in model.coming)
    waits = sum(
        bool(wait and wait[1]) and model.alive[task] for task, wait in enumerate(model.waits)
    )
    assert system.sched.alarms.live == on_their_way + waits, "and no alarm is left over"
