"""Somebody else's code ends in time: in any thread, with or without threads, loop or call."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pgcompanion.exercises.engine import runner
from pgcompanion.exercises.engine.capture import routed
from pgcompanion.exercises.engine.runner import TimeUpError, collect


def calls(*functions: Callable[[], Any]) -> Iterator[Any]:
    for function in functions:
        yield function()


def spin() -> None:
    while True:
        pass


def ours() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "pgcompanion-exercise"]


@pytest.fixture(autouse=True)
def no_thread_is_left_over() -> Iterator[None]:
    yield
    for thread in ours():
        thread.join(2)
    assert not ours()


def test_results_come_in_order() -> None:
    assert collect(calls(lambda: 1, lambda: 2), 1, 1) == [1, 2]


def test_an_endless_python_loop_is_stopped() -> None:
    with pytest.raises(TimeUpError) as caught:
        collect(calls(lambda: 1, spin), 0.2, 1)
    assert not caught.value.still_running
    assert caught.value.steps[0][0] is spin.__code__
    assert not ours()


def test_a_loop_that_swallows_every_exception_gets_an_answer_that_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.2)
    let_go = threading.Event()

    def swallow() -> None:
        while not let_go.is_set():
            try:
                time.sleep(0.01)
            except BaseException:
                continue

    with pytest.raises(TimeUpError) as caught:
        collect(calls(swallow), 0.1, 1)
    assert caught.value.still_running
    let_go.set()


def test_a_call_that_blocks_gets_an_answer_and_ends_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.1)
    after = threading.Event()
    with pytest.raises(TimeUpError) as caught:
        collect(calls(lambda: time.sleep(0.8), after.set), 0.1, 1)
    assert caught.value.still_running
    (thread,) = ours()
    thread.join(2)
    assert not after.is_set()


def test_it_works_outside_the_main_thread() -> None:
    seen = []

    def work() -> None:
        try:
            collect(calls(spin), 0.1, 1)
        except TimeUpError:
            seen.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert seen == ["stopped"]


def test_the_reader_can_interrupt() -> None:
    # A kernel interrupts by Python's own handler; another test may have left one of its own.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    reader, done = threading.get_ident(), threading.Event()

    def press() -> None:
        # Python drops an interrupt that falls into a finalizer: a reader would press again.
        for pause in (0.2, 5, 5):
            if done.wait(pause):
                return
            signal.pthread_kill(reader, signal.SIGINT)

    threading.Thread(target=press).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            collect(calls(spin), 20, 20)
    finally:
        done.set()
        signal.signal(signal.SIGINT, before)
    assert not ours()


def test_without_threads_a_trace_function_watches_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert collect(calls(lambda: 1, lambda: 2), 1, 1) == [1, 2]
    with pytest.raises(TimeUpError) as caught:
        collect(calls(spin), 0.2, 1)
    assert caught.value.steps[0][0] is spin.__code__


def test_each_thread_records_its_own_prints(capsys: pytest.CaptureFixture[str]) -> None:
    tapes: dict[int, str] = {}
    with routed() as router:

        def work(number: int) -> None:
            with router.recording() as tape:
                for _ in range(50):
                    print(number)
                    time.sleep(0)
            tapes[number] = tape.text

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(50):
            print("outside")
        for thread in threads:
            thread.join()
    assert tapes == {n: f"{n}\n" * 50 for n in range(4)}
    assert capsys.readouterr().out == "outside\n" * 50


def test_checks_in_several_threads_do_not_mix() -> None:
    from pgcompanion.exercises import check
    from pgcompanion.exercises.reward_to_go import reward_to_go

    found: dict[int, str] = {}

    def work(number: int) -> None:
        def answer(r: Any) -> Any:
            print(f"this is {number}")
            time.sleep(0.01)
            return reward_to_go(r)

        found[number] = check("reward_to_go", answer).message

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, message in found.items():
        assert [f"this is {n}" in message for n in range(4)] == [n == number for n in range(4)]
    assert len(found) == 4
