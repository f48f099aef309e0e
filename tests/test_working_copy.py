"""The folder of a working copy is a model of its own, for any program that reads such folders.

Run: pytest tests/test_working_copy.py
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import torch
import transformers
from conftest import Sleeping

from sleeping_converters import working_copy
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.home import Home
from sleeping_plugin.records import Message, silent
from sleeping_plugin.runtime import Runtime

torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()

ASKED = "What is the capital of France?"


def test_the_copy_of_the_real_model_chats_with_transformers_alone(
    smollm: Path, runtime: Runtime, tmp_path: Path
) -> None:
    folder = tmp_path / "copies" / "copy"
    working_copy._write_copy(read_info(smollm), folder, silent)
    with warnings.catch_warnings(action="error"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": ASKED}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    tokens = prompt["input_ids"][0].tolist()
    assert tokens == runtime.chat_tokens([[Message("user", ASKED)]])[0]
    with torch.no_grad():
        replied = model.generate(**prompt, max_new_tokens=12, do_sample=False)[0]
    reply = tokenizer.decode(replied[len(tokens) :], skip_special_tokens=True)
    assert reply == "The capital of France is Paris."


def test_a_tokenizer_that_cannot_be_written_is_left_out_and_doctor_says_it(
    sleeping: Sleeping, tiny_model: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "odd.gguf"
    # A merge into a token that there is none of: llama.cpp never reaches it.
    odd.write_bytes(tiny_model.read_bytes().replace(b"h e", b"q Z", 1))
    home = Home.open()
    record_base(home, hash_model(odd))
    found = sleeping("--set", f"model.path={odd}", "doctor", "--json")
    assert found.code == 0
    said = found.json["findings"][-1]["said"]
    assert "has no tokenizer" in said and "merges 'q' and 'Z'" in said
    (config,) = home.cache.rglob("config.json")
    assert json.loads(config.read_text(encoding="utf-8"))["transformers_version"] >= "5"
    names = {file.name for file in config.parent.iterdir()}
    assert names == {"config.json", "model.safetensors", working_copy.NO_TOKENIZER}
