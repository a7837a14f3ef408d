"""The process that reads one file after another for its parent, within bounds of processor time and memory.

Started by kb.read.bounds as `python -m kb.read.bounded CPU_SECONDS MEMORY_BYTES`. It takes jobs from its standard input
and writes what it read to its standard output (kb.read.jobs); it ends when its input does. A job that passes a bound
ends the process: the system sees to it, whatever the code does.
"""

import resource
import sys
from collections.abc import Sequence
from math import ceil

import msgspec

from kb.read.docx import read_docx
from kb.read.jobs import OUT_OF_MEMORY, Answer, Job, read_message, write_message
from kb.read.pdf import draw_picture, read_pdf
from kb.read.plain import read_plain
from kb.read.rtf import read_rtf


def do_job(job: Job) -> Answer:
    """Read or draw what a job asks for."""
    if job.task == "draw":
        return Answer(picture=draw_picture(job.body, job.start))
    if job.task == "pdf":
        return Answer(read_pdf(job.body, job.rendition))
    if job.task == "text":
        return Answer(read_plain(job.body.decode("utf-8")))
    return Answer(read_docx(job.body) if job.task == "docx" else read_rtf(job.body))


def main(arguments: Sequence[str]) -> int:
    """Do jobs until there are no more; returns 0, or OUT_OF_MEMORY."""
    cpu_seconds, memory = map(int, arguments)
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_CORE, 0)
    try:
        while (message := read_message(sys.stdin.buffer)) is not None:
            _lower(resource.RLIMIT_CPU, ceil(_used_seconds()) + cpu_seconds)
            write_message(sys.stdout.buffer, msgspec.msgpack.encode(do_job(msgspec.msgpack.decode(message, type=Job))))
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def _used_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _lower(what: int, bound: int) -> None:
    """Set a bound of this process, as far as the system's own allows, which stays for setting it anew."""
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
