from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Takes and frees 200 MB in ten blocks; prints how many MB more than before it then holds.
_KEPT = """
import sys
import torch
from tts_pipeline.training.allocator import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def held() -> float:
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * 4096 / 1e6
before = held()
for _ in range(2):
    blocks = [torch.ones(5_000_000) for _ in range(10)]
    del blocks
print(held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's allocator")
def test_freed_memory_is_kept():
    def left(how: str) -> float:
        command = [sys.executable, "-c", _KEPT, how]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert left("as it is") < 100
    assert left("kept") > 180
