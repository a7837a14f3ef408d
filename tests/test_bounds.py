"""A file that crashes, hangs or swells its reader is a flaw of that file; the next one is read, in whatever order."""

import multiprocessing
import os
import signal
from pathlib import Path
from threading import Thread
from time import sleep

import msgspec
import pytest

from bench.typesetter import draw_page, set_line, write_pdf
from bench.word_writer import W, paragraph, write_docx
from kb.read.bounds import BoundedReader, ReaderEndedError
from kb.read.jobs import Job, Rendition

PDF = Job("pdf", write_pdf([draw_page([set_line("Goats only.", 700)])]))
DOCX = Job("docx", write_docx(paragraph("Goats only.")))
# A library looks for links in rich text in time that grows with the square of their number.
SLOW = Job("rtf", b"{\\rtf1 " + b"{\\field{\\*\\fldinst{" * 30_000 + b"}")
# Empty elements cost a hundred times their bytes when they are parsed.
LARGE = Job("docx", write_docx(parts={"word/document.xml": f"<w:document {W}>{'<w:p/>' * 2_500_000}</w:document>"}))
MEGABYTE = 1024 * 1024


@pytest.fixture
def reader():
    """Yield a reader with bounds so narrow that a test can pass them."""
    made = BoundedReader(cpu_seconds=1, memory=400 * MEGABYTE)
    yield made
    made.close()


def codes(answer):
    return [flaw.code for flaw in answer.extract.flaws]


def texts(answer):
    return [line.text for line in answer.extract.lines]


def test_one_process_reads_files_of_every_kind(reader):
    jobs = [PDF, DOCX, Job("rtf", rb"{\rtf1 Goats only.\par}"), Job("text", b"Goats only.")]

    answers = [reader.read(job) for job in jobs]

    assert [["Goats only."]] * 4 == [texts(answer) for answer in answers]
    assert 1 == reader.started


def test_a_file_that_takes_too_much_processor_time_is_given_up_and_the_next_one_read(reader):
    answers = [reader.read(job) for job in (PDF, SLOW, PDF)]

    assert [[], ["too_slow"], []] == [codes(answer) for answer in answers]
    assert ["Goats only."] == texts(answers[2])
    assert "1 s of processor time" in answers[1].extract.flaws[0].message


def test_time_is_counted_for_each_file_anew(reader):
    reader.cpu_seconds = 2
    text = Job("text", b"A goat is a goat and is a goat.\n" * 20_000)

    answers = [reader.read(text) for _ in range(8)]

    assert {()} == {answer.extract.flaws for answer in answers}


def test_a_file_that_swells_in_memory_is_given_up_the_same_in_a_used_process_and_in_a_fresh_one():
    used, fresh = BoundedReader(60, 256 * MEGABYTE), BoundedReader(60, 256 * MEGABYTE)

    answers = [used.read(PDF), used.read(LARGE), fresh.read(LARGE), fresh.read(PDF)]

    used.close()
    fresh.close()
    assert [[], ["crashed"], ["crashed"], []] == [codes(answer) for answer in answers]
    assert answers[1] == answers[2]


@pytest.mark.parametrize("sent", [signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_is_a_flaw_of_the_file(sent):
    reader = BoundedReader(cpu_seconds=60)
    reader.read(PDF)
    answers = []
    asking = Thread(target=lambda: answers.append(reader.read(SLOW)))

    # Crashed in the process that read another file before, and again in a fresh one.
    asking.start()
    for _ in range(2):
        crash_when_busy(reader, sent)
    asking.join()

    reader.close()
    assert ["crashed"] == codes(answers[0])
    assert 2 == reader.started


def crash_when_busy(reader, sent):
    """Send a signal to the reader's process once it works on the slow job."""
    process = reader._process
    while process is None or used_ticks(process.pid) < 40:
        sleep(0.01)
        process = reader._process
    os.kill(process.pid, sent)
    while reader._process is process:
        sleep(0.01)


def used_ticks(pid):
    """Return the processor time of a process in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11])


def test_a_process_ended_from_outside_says_nothing_about_the_file():
    reader = BoundedReader(cpu_seconds=60)
    told = []

    def ask():
        with pytest.raises(ReaderEndedError, match="ended from outside"):
            reader.read(SLOW)
        told.append("raised")

    asking = Thread(target=ask)
    asking.start()
    crash_when_busy(reader, signal.SIGKILL)
    asking.join()

    assert (["raised"], ["Goats only."]) == (told, texts(reader.read(PDF)))
    reader.close()


def test_a_picture_of_a_page_is_drawn_and_a_rendition_is_read_in_its_place(reader):
    picture = b"q 100 0 0 100 72 600 cm 0 0 1 1 re f Q"
    body = write_pdf([draw_page([set_line("Goats only.", 700)]), picture])
    rendition = msgspec.convert(
        {"tool": "a tool 1", "pages": [{"page": 2, "lines": [["And sheep.", 72, 200, 700]]}]}, Rendition
    )

    drawn = reader.read(Job("draw", body)).picture
    none = reader.read(Job("draw", body, start=3)).picture
    read = reader.read(Job("pdf", body, rendition))

    assert (2, None) == (drawn.page, none)
    assert drawn.scale == pytest.approx(300 / 72)
    assert len(drawn.dots) == drawn.width * drawn.height > 2550 * 3300 - 1
    assert (["Goats only.", "And sheep."], []) == (texts(read), codes(read))


def test_a_reader_is_closed_though_a_forked_process_holds_its_input_open(reader):
    reader.read(PDF)
    forked = multiprocessing.get_context("fork").Process(target=sleep, args=(60,))
    forked.start()

    reader.close()

    assert ["Goats only."] == texts(reader.read(PDF))
    forked.terminate()
    forked.join()


def test_a_process_is_made_anew_after_many_files(reader, monkeypatch):
    monkeypatch.setattr("kb.read.bounds.MOST_JOBS", 2)

    answers = [texts(reader.read(DOCX)) for _ in range(5)]

    assert ([["Goats only."]] * 5, 3) == (answers, reader.started)
