"""The questions by topic, as lists and forms show them."""

from collections.abc import Mapping
from itertools import groupby

import msgspec

from kb.questions import Question
from kb.store.answers import Asked
from kb.topics import read_vocabulary


class Topic(msgspec.Struct, frozen=True):
    """A topic with its questions, each with in how many places it is answered."""

    id: str
    title: str
    questions: tuple[tuple[Question, int], ...]


def group_topics(known: Mapping[str, Asked], counts: Mapping[str, int]) -> list[Topic]:
    """Return the questions by topic, in the order of the codebook."""
    grouped = groupby((one.question for one in known.values()), key=lambda question: question.topic)
    return [
        Topic(topic, name_topic(topic), tuple((one, counts.get(one.id, 0)) for one in questions))
        for topic, questions in grouped
    ]


def name_topic(topic: str) -> str:
    """Return a topic's title, its id in words where none is declared."""
    titles = {one.id: one.title for one in read_vocabulary().topics}
    return titles.get(topic) or topic.replace("_", " ").capitalize()
