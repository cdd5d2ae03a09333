from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Allocates and frees 200 MB ten times after a first round; prints the pages mapped meanwhile.
_ROUNDS = """
import resource, sys
import torch
from tts_pipeline.training.allocator import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def round():
    blocks = [torch.ones(5_000_000) for _ in range(10)]
round()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    round()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's allocator")
def test_freed_memory_is_used_again_without_page_faults():
    def faults(how: str) -> int:
        command = [sys.executable, "-c", _ROUNDS, how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert faults("kept") * 2 < faults("as it is")
