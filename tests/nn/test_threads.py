from __future__ import annotations

import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from tts_pipeline.nn.threads import blas_threads


def in_use() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        assert in_use() == {2}
        yield


def test_holds_in_the_block_and_is_given_back():
    with blas_threads(1):
        assert in_use() == {1}
    assert in_use() == {2}
    with pytest.raises(ZeroDivisionError), blas_threads(1):
        raise ZeroDivisionError
    assert in_use() == {2}


def test_what_the_caller_set_between_two_calls_is_given_back():
    with blas_threads(1):
        pass
    with threadpool_limits(1, user_api="blas"):
        with blas_threads(2):
            assert in_use() == {2}
        assert in_use() == {1}


def test_overlapping_calls_give_back_what_was_set_before_the_first():
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with blas_threads(1):
            inside.set()
            assert leave.wait(10)

    thread = threading.Thread(target=other)
    with blas_threads(1):
        thread.start()
        assert inside.wait(10)
        assert in_use() == {1}
    assert in_use() == {1}  # the other one is still at work
    leave.set()
    thread.join()
    assert in_use() == {2}
