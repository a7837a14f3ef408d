"""Read files of strangers in a process of its own, which may crash, hang or swell without harm.

The process is kept between pages, for starting one costs more than reading a page. Its bounds are processor time and
memory, never the time that passes: what is read does not depend on how busy the machine is. A page that ends the
process is tried once more in a fresh one if others were read before it, so that the answer is the same in whatever
order pages are read and by however many workers (docs/decisions/0023).
"""

import atexit
import os
import signal
import subprocess
import sys
from contextlib import suppress
from threading import Lock

import msgspec

from kb.errors import StatusQuoError
from kb.models import Extract, Flaw
from kb.read.jobs import OUT_OF_MEMORY, Answer, Job, read_message, write_message

# A code of 2,000 printed pages takes 10 seconds; pdfium and lxml with their libraries take 200 MB before they read.
CPU_SECONDS, MEMORY = 60, 1536 * 1024 * 1024
# So many files are read before the process is made anew: what they left behind in memory goes with it.
MOST_JOBS = 500
# Signals by which others end a process: nothing is known of the file then.
FROM_OUTSIDE = (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP)


class ReaderEndedError(StatusQuoError):
    """Raised when the process that reads files was ended from outside; the page it read must be read again."""


class BoundedReader:
    """One kept process and its bounds; every call is answered, by what was read or by a flaw that says why not."""

    def __init__(self, cpu_seconds: int = CPU_SECONDS, memory: int = MEMORY) -> None:
        """Bound each file to so many seconds of processor time, and the process to so many bytes."""
        self.cpu_seconds = cpu_seconds
        self.memory = memory
        self.jobs = 0
        self.started = 0
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, job: Job) -> Answer:
        """Return what a job gives; a file that ends the process comes back with a flaw: ``too_slow`` or ``crashed``.

        Raises ReaderEndedError where something outside ended the process.
        """
        message = msgspec.msgpack.encode(job)
        with self._lock:
            fresh = self._process is None
            answer, code = self._ask(message)
            if answer is None and code != -signal.SIGXCPU and not fresh:
                answer, code = self._ask(message)
        if answer is not None:
            return answer
        if code in [-one for one in FROM_OUTSIDE]:
            raise ReaderEndedError(f"the process that reads files was ended from outside (signal {-code}); try again")
        return Answer(Extract(flaws=(self._name_end(job, code),)))

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process, self.jobs = self._process, None, 0
        if process is not None and process.stdin is not None and process.stdout is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
            # Processes forked off meanwhile may hold its input open: it would never see the end of it.
            process.kill()
            process.wait()

    def _ask(self, message: bytes) -> tuple[Answer | None, int]:
        """Return the answer to a message; where the process ended instead, None and what it ended with."""
        process = self._start()
        if process.stdin is None or process.stdout is None:
            return None, 0
        try:
            write_message(process.stdin, message)
            told = read_message(process.stdout)
        except BrokenPipeError:
            told = None
        if told is None:
            code = process.wait()
            self.close()
            return None, code
        self.jobs += 1
        if self.jobs >= MOST_JOBS:
            self.close()
        return msgspec.msgpack.decode(told, type=Answer), 0

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command = [sys.executable, "-P", "-m", "kb.read.bounded", str(self.cpu_seconds), str(self.memory)]
            # A session of its own: Ctrl-C is for the parent, whose end it sees.
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self.started += 1
        return self._process

    def _name_end(self, job: Job, code: int) -> Flaw:
        if code == -signal.SIGXCPU:
            return Flaw("too_slow", f"reading it ({job.task}) took more than {self.cpu_seconds} s of processor time")
        if code == OUT_OF_MEMORY:
            return Flaw("crashed", f"reading it ({job.task}) took more than {self.memory // 1024**2} MB of memory")
        how = "failed" if code > 0 else "crashed"
        return Flaw("crashed", f"the program that reads it ({job.task}) {how} on it")


# The reader of this process; one that was forked off makes its own.
_KEPT: dict[int, BoundedReader] = {}


def read_bounded(job: Job) -> Answer:
    """Do a job in this process's kept reader, which is started when first needed; see BoundedReader.read."""
    reader = _KEPT.get(os.getpid())
    if reader is None:
        reader = _KEPT[os.getpid()] = BoundedReader()
        atexit.register(reader.close)
    return reader.read(job)
