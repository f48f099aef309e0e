"""The runner of GGUFs, on the real model. Run: pytest tests/test_runtime.py"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import llama_cpp
import numpy as np
import psutil
import pytest

from sleeping_plugin.errors import ModelError, NoChatTemplate, RuntimeFailed
from sleeping_plugin.records import Message
from sleeping_plugin.runtime import Runtime

QUESTIONS = (
    "What is the capital of Finland?",
    "What is the opposite of hot?",
    "Name a fruit.",
    "How many days are in a week?",
    "Who wrote Hamlet?",
)


def chat(question: str) -> list[Message]:
    return [Message("user", question)]


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_it_answers_in_the_chat_template_and_stops_at_the_end_of_the_turn(runtime: Runtime) -> None:
    answer = runtime.ask(chat("What is the capital of Finland?"))
    assert answer == "The capital of Finland is Helsinki."
    assert runtime.info.end_of_turn == "<|im_end|>"
    assert runtime.tokenize([runtime.info.end_of_turn])[0][0] in runtime.info.end_tokens


def test_every_answer_starts_from_an_empty_context(runtime: Runtime) -> None:
    first = runtime.ask(chat("Name a fruit."), max_tokens=12)
    runtime.ask(chat("My name is Zebulon. Say my name."), max_tokens=12)
    assert runtime.ask(chat("Name a fruit."), max_tokens=12) == first


def test_an_answer_does_not_depend_on_its_neighbours(runtime: Runtime) -> None:
    chats = [chat(question) for question in QUESTIONS * 2]
    together = runtime.ask_many(chats, max_tokens=10)
    assert together[: len(QUESTIONS)] == together[len(QUESTIONS) :]
    assert runtime.ask_many(chats[2:4], max_tokens=10) == together[2:4]
    assert [runtime.ask(one, max_tokens=10) for one in chats[:2]] == together[:2]


def test_chats_without_a_common_prefix_are_asked_together(runtime: Runtime) -> None:
    system = [Message("system", "Answer in one word."), Message("user", "Name a fruit.")]
    both = runtime.ask_many([system, chat("Name a fruit.")], max_tokens=8)
    assert both == [runtime.ask(one, max_tokens=8) for one in (system, chat("Name a fruit."))]


def test_asking_nobody_and_asking_one(runtime: Runtime) -> None:
    assert runtime.ask_many([]) == []
    assert runtime.ask_many([chat("Name a fruit.")], max_tokens=6) == [
        runtime.ask(chat("Name a fruit."), max_tokens=6)
    ]


def test_progress_counts_the_answers_and_may_cancel(runtime: Runtime) -> None:
    seen: list[float] = []
    chats = [chat(question) for question in QUESTIONS[:3]]
    runtime.ask_many(chats, max_tokens=3, progress=lambda what, share: seen.append(share))
    assert seen == [1 / 3, 2 / 3, 1]

    def cancel(what: str, share: float) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runtime.ask_many([chat("Name a fruit.")] * 20, max_tokens=3, progress=cancel)
    assert runtime.ask(chat("Name a fruit."), max_tokens=2)  # the pipe is in order


def test_a_stream_that_is_left_stops_the_model(runtime: Runtime) -> None:
    stream = runtime.stream(chat("Tell me a very long story."), max_tokens=1500)
    assert next(stream)
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert runtime.ask(chat("Name a fruit."), max_tokens=2)
    pieces = list(runtime.stream(chat("Name a fruit."), max_tokens=6))
    assert "".join(pieces).strip() == runtime.ask(chat("Name a fruit."), max_tokens=6)
    assert len(pieces) > 1


def test_asking_in_the_middle_of_a_stream_is_refused_and_does_not_hang(runtime: Runtime) -> None:
    stream = runtime.stream(chat("Tell me a long story."), max_tokens=500)
    next(stream)
    with pytest.raises(RuntimeFailed, match="still being streamed"):
        runtime.ask(chat("Name a fruit."))
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert runtime.ask(chat("Name a fruit."), max_tokens=2)


def test_threads_wait_for_each_other(runtime: Runtime) -> None:
    questions = QUESTIONS[:3]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda q: runtime.ask(chat(q), max_tokens=5), questions))
    assert found == [runtime.ask(chat(q), max_tokens=5) for q in questions]


def test_ctrl_c_ends_the_child(smollm: Path) -> None:
    def interrupt(what: str, share: float) -> None:
        raise KeyboardInterrupt

    with Runtime(smollm, context=256) as running:
        with pytest.raises(KeyboardInterrupt):
            running.ask_many([chat("Name a fruit.")] * 9, max_tokens=3, progress=interrupt)
        running._process.wait(5)
        assert not running.alive


def test_draws_repeat_with_the_seed_and_differ_without_it(runtime: Runtime) -> None:
    draw = [
        runtime.ask(chat("Invent a name for a ship."), max_tokens=12, temperature=1.2, seed=seed)
        for seed in (1, 1, 2, 3)
    ]
    assert draw[0] == draw[1]
    assert len(set(draw)) > 1
    many = runtime.ask_many(
        [chat("Invent a name for a ship.")] * 2, max_tokens=12, temperature=1.2, seed=1
    )
    assert many[0] == draw[0]
    assert many[1] == draw[2]


def test_letters_that_span_tokens_come_whole(runtime: Runtime) -> None:
    stream = runtime.stream(chat("Repeat exactly: 日本語 ñ é 😀"), max_tokens=24)
    assert "�" not in "".join(list(stream)[:-1])


def test_json_keeps_to_the_schema(runtime: Runtime) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}, "wheels": {"type": "integer"}},
        "required": ["colour", "wheels"],
    }
    text = runtime.complete_json(chat("Describe a bicycle."), schema, max_tokens=60)
    described = json.loads(text)
    assert described["colour"] in ("red", "blue")
    assert isinstance(described["wheels"], int)


def test_tokens_are_those_of_the_chat_handler_of_llama_cpp_python(
    runtime: Runtime, smollm: Path
) -> None:
    text = runtime.render(chat("Hi <|im_start|> there"))
    assert text.endswith("<|im_start|>assistant\n")
    vocabulary = llama_cpp.Llama(str(smollm), vocab_only=True, verbose=False)
    expected = vocabulary.tokenize(text.encode(), add_bos=False, special=True)
    vocabulary.close()
    assert runtime.chat_tokens([chat("Hi <|im_start|> there")]) == [expected]
    assert runtime.tokenize([text], special=False) != [expected]


def test_logits_are_those_the_next_token_is_chosen_by(runtime: Runtime) -> None:
    prompt = runtime.chat_tokens([chat("What is the capital of Finland?")])[0]
    logits = runtime.logits(prompt)
    assert logits.shape == (len(prompt), runtime.info.n_vocab)
    assert logits.dtype == np.float32
    first = runtime.tokenize(["The"])[0][0]
    assert int(logits[-1].argmax()) == first
    np.testing.assert_array_equal(runtime.logits(prompt[:5]), logits[:5])


def test_a_chat_that_does_not_fit_is_refused_with_both_numbers(runtime: Runtime) -> None:
    with pytest.raises(RuntimeFailed, match=r"takes \d+ tokens and the context has 2048"):
        runtime.ask(chat("word " * 3000))
    with pytest.raises(RuntimeFailed, match="context"):
        runtime.ask_many([chat("word " * 3000)])
    with pytest.raises(RuntimeFailed, match="context"):
        runtime.logits([1] * 3000)
    assert runtime.ask(chat("Name a fruit."), max_tokens=2)


def test_a_reply_ends_where_the_context_does(smollm: Path) -> None:
    with Runtime(smollm, context=256) as small:
        assert small.info.context == 256
        long = chat("story " * 200)
        used = len(small.chat_tokens([long])[0])
        reply = "".join(small.stream(long, max_tokens=500))
        assert used + len(small.tokenize([reply])[0]) <= 256
        assert small.ask_many([long], max_tokens=500) == [reply.strip()]


@pytest.mark.parametrize("messages", [[], [Message("user", "")], [Message("tool", "x")]])
def test_odd_chats_get_an_answer_or_a_sentence(runtime: Runtime, messages: list[Message]) -> None:
    try:
        runtime.ask(messages, max_tokens=2)
    except RuntimeFailed as error:
        assert str(error)
    assert runtime.ask(chat("Name a fruit."), max_tokens=2)


def test_a_template_that_refuses_gives_its_own_words(
    smollm: Path, tmp_path: Path, swap_template: Callable[[str], Path]
) -> None:
    refusing = swap_template("{{ raise_exception('roles must alternate') }}")
    with pytest.raises(RuntimeFailed, match="roles must alternate"):
        Runtime(refusing)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model at .*gone\.gguf"):
        Runtime(tmp_path / "gone.gguf")


def test_a_model_without_a_template_is_named(write_model: Callable[..., Path]) -> None:
    with pytest.raises(NoChatTemplate, match="no chat template"):
        Runtime(write_model(template=None))


def test_a_model_that_llama_cpp_refuses_gives_its_complaint(
    write_model: Callable[..., Path],
) -> None:
    before = children()
    with pytest.raises(RuntimeFailed, match="unknown model architecture: 'mystery'"):
        Runtime(write_model(architecture="mystery"))
    assert children() == before


def test_a_child_that_dies_is_reported_and_nothing_hangs(smollm: Path) -> None:
    with Runtime(smollm, context=256) as doomed:
        doomed._process.kill()
        with pytest.raises(RuntimeFailed, match="killed by signal 9"):
            doomed.ask(chat("Name a fruit."))
        with pytest.raises(RuntimeFailed):
            doomed.ask(chat("Name a fruit."))


def test_nothing_is_left_running(smollm: Path) -> None:
    before = children()
    with Runtime(smollm, context=256) as first:
        assert len(children()) == len(before) + 1
    first.close()
    with pytest.raises(RuntimeFailed, match="closed"):
        first.ask(chat("Name a fruit."))
    forgotten = Runtime(smollm, context=256)
    del forgotten
    gc.collect()
    assert children() == before


def test_the_child_ends_when_its_parent_is_killed(smollm: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from sleeping_plugin.records import Message\n"
        "from sleeping_plugin.runtime import Runtime\n"
        "runtime = Runtime(Path(sys.argv[1]), context=256)\n"
        "print(runtime._process.pid, flush=True)\n"
        "runtime.ask([Message('user', 'Tell me a very long story.')], max_tokens=10000)\n"
    )
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", script, str(smollm)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    for _ in range(300):
        if not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie":
            return
        time.sleep(0.1)
    pytest.fail("the child outlived its parent")


def test_the_current_folder_cannot_replace_modules_of_the_child(
    smollm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not the real one')")
    monkeypatch.chdir(tmp_path)
    with Runtime(smollm, context=256) as running:
        assert running.ask(chat("Name a fruit."), max_tokens=2)
